import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { programVersion } from './installed.ts';
import type { Peer, Site } from './peer.ts';

/** Caddy on one thread. It has no weighted hash: users whose id ends in a nought are its ten per cent. */
export const caddy: Peer = {
  name: 'Caddy',
  work: 'header rule, split by the last digit of the user id, X-Forwarded-*, Via',
  routes: { split: true, rule: true, stamps: true },
  missing: () => (programVersion('caddy', 'version') === null ? 'apt-get install caddy' : null),
  version: () => programVersion('caddy', 'version') ?? '',
  async prepare(site) {
    await mkdir(site.directory, { recursive: true });
    const configuration = caddyConfiguration(site);
    const file = join(site.directory, 'Caddyfile');
    await writeFile(file, configuration);
    const environment = [
      `GOMAXPROCS=${Math.max(1, site.setup.workers)}`,
      ...['XDG_CONFIG_HOME', 'XDG_DATA_HOME'].map((name) => `${name}=${site.directory}`),
    ];
    const args = [...environment, 'caddy', 'run', '--config', file, '--adapter', 'caddyfile'];
    return { command: 'env', args, configuration, workers: 'threads' };
  },
};

function caddyConfiguration({ port, origin, traffic }: Site): string {
  const { rule, userHeader } = traffic;
  const pass = (to: number) => `reverse_proxy 127.0.0.1:${to} {
      header_up Via "1.1 caddy"
      transport http {
        keepalive_idle_conns_per_host 256
      }
    }`;
  return `{
  admin off
  auto_https off
}
http://:${port} {
  bind 127.0.0.1
  ${rule.kind === 'header' ? `@beta header ${rule.name} ${rule.value}` : ''}
  @tenth header_regexp ${userHeader} 0$
  handle @beta {
    ${pass(origin.canaryPort)}
  }
  handle @tenth {
    ${pass(origin.canaryPort)}
  }
  handle {
    ${pass(origin.stablePort)}
  }
}
`;
}
