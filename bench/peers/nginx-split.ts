import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { programVersion } from './installed.ts';
import { nginxPreamble, nginxTempPaths } from './nginx-preamble.ts';
import type { Peer, Site } from './peer.ts';

/** nginx at its cheapest: a split by the user's id in C, no rule, nothing counted. */
export const nginxSplit: Peer = {
  name: 'nginx',
  work: 'hash split (split_clients), X-Forwarded-For, Via',
  routes: { split: true, rule: false, stamps: true },
  quick: true,
  missing: () => (programVersion('nginx', '-v') === null ? 'apt-get install nginx' : null),
  version: () => programVersion('nginx', '-v') ?? '',
  async prepare(site) {
    await mkdir(site.directory, { recursive: true });
    const configuration = nginxConfiguration(site);
    const file = join(site.directory, 'nginx.conf');
    await writeFile(file, configuration);
    return { command: 'nginx', args: ['-c', file], configuration };
  },
};

function nginxConfiguration({ directory, port, stablePort, canaryPort, scenario }: Site): string {
  const user = scenario.userHeader.replaceAll('-', '_');
  return `${nginxPreamble(directory, 'proxy')}
http {
${nginxTempPaths(directory)}
  access_log off;
  keepalive_requests 1000000000;
  keepalive_timeout 1h;
  upstream stable { server 127.0.0.1:${stablePort}; keepalive 256; keepalive_requests 1000000000; }
  upstream canary { server 127.0.0.1:${canaryPort}; keepalive 256; keepalive_requests 1000000000; }
  split_clients "$http_${user}" $version { ${scenario.canaryPercent}% canary; * stable; }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / {
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header Via "1.1 nginx";
      proxy_pass http://$version;
    }
  }
}
`;
}
