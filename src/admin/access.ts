import { createHash, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';
import { CommandError } from '../control/command-error.ts';
import { hostOfHeader, isLoopback, parseBindAddress } from './address.ts';
import type { AdminTokens } from './ports.ts';

export type Role = 'viewer' | 'operator';

/** The header fields that access is judged by. */
export interface AccessFields {
  readonly host?: string | undefined;
  readonly origin?: string | undefined;
  readonly authorization?: string | undefined;
  readonly 'sec-fetch-site'?: string | string[] | undefined;
}

/** Who may do what on the admin port. */
export interface Access {
  /** False: whoever reaches the port is operator. */
  readonly hasTokens: boolean;
  /** Throws unless the caller has at least this role. */
  require(role: Role, fields: AccessFields): void;
  /** By the token presented; null: there are no tokens, or this is none of them. */
  roleOf(fields: AccessFields): Role | null;
  /** Throws when a browser may have been led here under another name (DNS rebinding). */
  requireKnownHost(fields: AccessFields): void;
  /** Throws when a browser sends this for a page of another origin. */
  requireSameOrigin(fields: AccessFields): void;
}

/** Refuses, with a `CommandError`, an address that others can reach while no token guards it. */
export function createAccess(address: string, tokens: AdminTokens | null): Access {
  const { host } = parseBindAddress(address);
  const digests = digestsOf(tokens);
  const hasTokens = digests.length > 0;
  if (!hasTokens && !isLoopback(host)) {
    const message = `the admin address ${address} can be reached from elsewhere: set admin.tokens, or use a loopback address`;
    throw new CommandError('config-refused', message);
  }
  return {
    hasTokens,
    require: (role, fields) => {
      if (hasTokens) requireRole(role, roleOf(digests, fields.authorization));
    },
    roleOf: (fields) => roleOf(digests, fields.authorization),
    requireKnownHost: (fields) => {
      // With tokens a rebound name wins nothing: no browser adds the token to what another site sends.
      if (hasTokens || fields.host === undefined || isKnownHost(hostOfHeader(fields.host), host)) return;
      throw new CommandError(
        'forbidden',
        'the admin port answers to IP addresses, localhost and its configured name only',
      );
    },
    requireSameOrigin,
  };
}

interface TokenDigest {
  readonly role: Role;
  readonly digest: Buffer;
}

function digestsOf(tokens: AdminTokens | null): readonly TokenDigest[] {
  const digests: TokenDigest[] = [];
  for (const role of ['operator', 'viewer'] as const) {
    const token = tokens?.[role] ?? null;
    if (token === '') throw new CommandError('config-refused', `the ${role} token is empty`);
    if (token !== null) digests.push({ role, digest: digest(Buffer.from(token, 'utf8')) });
  }
  return digests;
}

/** Digests are compared, and all of them, so that the time taken tells neither length nor place of a difference. */
function roleOf(digests: readonly TokenDigest[], authorization: string | undefined): Role | null {
  const token = /^bearer +([^ ]+) *$/i.exec(authorization ?? '')?.[1];
  if (token === undefined) return null;
  // Header values arrive as latin1: these are the bytes that were sent.
  const presented = digest(Buffer.from(token, 'latin1'));
  let found: Role | null = null;
  for (const known of digests) {
    if (timingSafeEqual(known.digest, presented)) found ??= known.role;
  }
  return found;
}

function digest(token: Uint8Array): Buffer {
  return createHash('sha256').update(token).digest();
}

function requireRole(needed: Role, found: Role | null): void {
  if (found === null) throw new CommandError('unauthorized', 'a valid token is needed: Authorization: Bearer TOKEN');
  if (needed === 'operator' && found !== 'operator') {
    throw new CommandError('forbidden', 'the operator token is needed for this');
  }
}

function isKnownHost(host: string, configured: string): boolean {
  return isIP(host) !== 0 || host === 'localhost' || host === configured.toLowerCase();
}

function requireSameOrigin(fields: AccessFields): void {
  const site = fields['sec-fetch-site'];
  const isOwnSite = site === undefined || site === 'same-origin' || site === 'none';
  if (isOwnSite && (fields.origin === undefined || isOwnOrigin(fields.origin, fields.host))) return;
  throw new CommandError('forbidden', 'requests of other origins are refused');
}

function isOwnOrigin(origin: string, host: string | undefined): boolean {
  // TLS may end in front of the admin port: the scheme does not tell.
  return host !== undefined && origin.toLowerCase().replace(/^https?:\/\//, '') === host.toLowerCase();
}
