import type { IncomingHttpHeaders } from 'node:http';
import murmurhash from 'murmurhash';

/** What a Node peer is told on its command line. */
export interface Work {
  readonly port: number;
  readonly stablePort: number;
  readonly canaryPort: number;
  readonly userHeader: string;
  readonly rule: { readonly name: string; readonly value: string };
  readonly canaryPercent: number;
}

export function readWork(): Work {
  return JSON.parse(process.argv[2] ?? '{}') as Work;
}

/** The base address of the version that this request belongs to: rule first, then the hash of the user's id. */
export function baseAddressOf(work: Work): (headers: IncomingHttpHeaders) => string {
  const stable = `http://127.0.0.1:${work.stablePort}`;
  const canary = `http://127.0.0.1:${work.canaryPort}`;
  const limit = work.canaryPercent * 100;
  return (headers) => {
    if (headers[work.rule.name] === work.rule.value) return canary;
    const user = headers[work.userHeader];
    const draw = typeof user === 'string' ? murmurhash.v3(user) % 10_000 : Math.random() * 10_000;
    return draw < limit ? canary : stable;
  };
}
