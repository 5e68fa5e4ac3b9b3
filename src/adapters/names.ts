import { promises as dns, type RecordWithTtl } from 'node:dns';
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import type { NameAnswer, NameResolver } from '../core/ports.ts';

/** How long an answer holds that does not say so itself: from the hosts file, or from the system. */
const UNTOLD_TTL_MS = 5_000;
const LEAST_TTL_MS = 1_000;
const MOST_TTL_MS = 300_000;
const HOSTS_FILE = '/etc/hosts';

export interface NameOptions {
  /** `ADDRESS:PORT` of the name servers to ask, in place of the system's. */
  readonly servers?: readonly string[];
  readonly hostsFile?: string;
}

/**
 * Names as the system knows them: the hosts file first, then the name servers, asked directly because only their own answer
 * says how long it holds, and last the system's resolver, which knows search domains and whatever else is set up there.
 */
export function systemNames({ servers, hostsFile = HOSTS_FILE }: NameOptions = {}): NameResolver {
  return {
    resolve: async (host) => {
      const fromFile = await addressesInFile(hostsFile, host);
      if (fromFile.length > 0) return { addresses: fromFile, ttlMs: UNTOLD_TTL_MS, unanswered: null };
      return (await fromServers(host, servers)) ?? fromSystem(host);
    },
  };
}

async function addressesInFile(path: string, host: string): Promise<readonly string[]> {
  const text = await readFile(path, 'utf8').catch(() => '');
  const wanted = plainName(host);
  const found = text.split('\n').flatMap((line) => {
    const [address, ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
    const isMeant = address !== undefined && isIP(address) !== 0 && names.some((name) => plainName(name) === wanted);
    return isMeant ? [address] : [];
  });
  return [...new Set(found)];
}

/** Names are the same in any letter case, with or without the dot of the root at their end. */
function plainName(name: string): string {
  return name.toLowerCase().replace(/\.$/, '');
}

/** null: no server has an address for it. */
async function fromServers(host: string, servers: readonly string[] | undefined): Promise<NameAnswer | null> {
  // A new one each time, because the system's servers may have become others.
  const resolver = new dns.Resolver({ timeout: 1_000, tries: 2 });
  if (servers !== undefined) resolver.setServers(servers);
  const [four, six] = await Promise.all([
    resolver.resolve4(host, { ttl: true }).catch(noneIfNobody),
    resolver.resolve6(host, { ttl: true }).catch(noneIfNobody),
  ]);
  const records = [...(four ?? []), ...(six ?? [])];
  if (records.length === 0) return null;
  const ttlMs = Math.min(...records.map(({ ttl }) => ttl)) * 1000;
  return {
    addresses: [...new Set(records.map(({ address }) => address))],
    ttlMs: Math.min(MOST_TTL_MS, Math.max(LEAST_TTL_MS, ttlMs)),
    unanswered: four === null ? 4 : six === null ? 6 : null,
  };
}

/** A server that says there is none has answered; null: none has. */
function noneIfNobody(error: NodeJS.ErrnoException): RecordWithTtl[] | null {
  return error.code === 'ENODATA' || error.code === 'ENOTFOUND' ? [] : null;
}

async function fromSystem(host: string): Promise<NameAnswer> {
  const found = await dns.lookup(host, { all: true });
  return { addresses: [...new Set(found.map(({ address }) => address))], ttlMs: UNTOLD_TTL_MS, unanswered: null };
}
