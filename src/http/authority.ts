import { parseIpv6 } from './ip-address.ts';

/** The host and port that a Host field or an absolute-form target names. */
export interface Authority {
  /** Lower case, no trailing dot; IPv6 keeps its brackets. */
  readonly host: string;
  /** null: none was given. */
  readonly port: number | null;
}

const MAX_LENGTH = 255 + 6;
/** Letters, digits, hyphens, and the underscore of service names; labels are never empty. */
const NAME_AND_PORT = /^([a-z0-9_-]+(?:\.[a-z0-9_-]+)*)\.?(?::([0-9]{1,5}))?$/i;
const LITERAL_AND_PORT = /^\[([0-9a-f:.]+)\](?::([0-9]{1,5}))?$/i;

/**
 * Reads `host[:port]` (RFC 9110 7.2); null when it is malformed. Stricter than RFC 3986: no user information, no percent
 * escapes, no sub-delimiters, no zone, no empty port: whatever two parsers could read in two ways is refused.
 */
export function parseAuthority(text: string): Authority | null {
  if (text.length > MAX_LENGTH) return null;
  const name = NAME_AND_PORT.exec(text);
  if (name !== null) return withPort(name[1]!.toLowerCase(), name[2]);
  const literal = LITERAL_AND_PORT.exec(text);
  if (literal === null || parseIpv6(literal[1]!) === null) return null;
  return withPort(`[${literal[1]!.toLowerCase()}]`, literal[2]);
}

function withPort(host: string, digits: string | undefined): Authority | null {
  if (digits === undefined) return { host, port: null };
  const port = Number(digits);
  return port >= 1 && port <= 65_535 ? { host, port } : null;
}
