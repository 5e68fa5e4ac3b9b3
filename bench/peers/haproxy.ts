import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { programVersion } from './installed.ts';
import type { Peer, Site } from './peer.ts';

/** HAProxy with the same rule and a hash split in its own language. */
export const haproxy: Peer = {
  name: 'HAProxy',
  work: 'header rule, hash split (xxh32), X-Forwarded-For, Via, its own counters',
  routes: { split: true, rule: true, stamps: true },
  missing: () => (programVersion('haproxy', '-v') === null ? 'apt-get install haproxy' : null),
  version: () => programVersion('haproxy', '-v') ?? '',
  async prepare(site) {
    await mkdir(site.directory, { recursive: true });
    const configuration = haproxyConfiguration(site);
    const file = join(site.directory, 'haproxy.cfg');
    await writeFile(file, configuration);
    return { command: 'haproxy', args: ['-db', '-f', file], configuration, workers: 'threads' };
  },
};

function haproxyConfiguration({ port, origin, traffic, setup }: Site): string {
  const { rule, userHeader, canaryPercent, connections } = traffic;
  const caught = rule.kind === 'header' ? `use_backend canary if { req.hdr(${rule.name}) -m str ${rule.value} }` : '';
  return `global
  nbthread ${Math.max(1, setup.workers)}
  maxconn ${Math.max(8192, connections + 512)}
  no strict-limits
defaults
  mode http
  timeout client 1h
  timeout server 1h
  timeout connect 5s
  option forwardfor
  http-reuse always
frontend edge
  bind 127.0.0.1:${port} backlog 4096
  http-request set-header via "1.1 haproxy"
  ${caught}
  use_backend canary if { req.hdr(${userHeader}),xxh32,mod(100) lt ${canaryPercent} }
  default_backend stable
backend stable
  server one 127.0.0.1:${origin.stablePort} pool-max-conn 256
backend canary
  server one 127.0.0.1:${origin.canaryPort} pool-max-conn 256
`;
}
