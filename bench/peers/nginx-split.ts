import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { programVersion } from './installed.ts';
import { NGINX_LARGE_BUFFERS, NGINX_STREAMING, nginxPreamble, nginxTempPaths } from './nginx-preamble.ts';
import type { Peer, Site } from './peer.ts';

/** nginx at its cheapest: a split by the user's id in C, no rule, nothing counted. */
export const nginxSplit = nginxPeer('nginx', NGINX_STREAMING);

/** The same, tuned for large bodies. */
export const nginxLargeBuffers = nginxPeer('nginx, 64k buffers', NGINX_LARGE_BUFFERS);

function nginxPeer(name: string, streaming: string): Peer {
  return {
    name,
    work: 'hash split (split_clients), X-Forwarded-For, Via',
    routes: { split: true, rule: false, stamps: true },
    missing: () => (programVersion('nginx', '-v') === null ? 'apt-get install nginx' : null),
    version: () => programVersion('nginx', '-v') ?? '',
    async prepare(site) {
      await mkdir(site.directory, { recursive: true });
      const configuration = nginxConfiguration(site, streaming);
      const file = join(site.directory, 'nginx.conf');
      await writeFile(file, configuration);
      return { command: 'nginx', args: ['-c', file], configuration };
    },
  };
}

/** Its own copies: subrequests, which the client's connection waits for before its next request. */
const MIRROR_LOCATION = `
    location = /_mirror {
      internal;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_pass http://shadow$request_uri;
    }`;

function nginxConfiguration({ directory, port, origin, traffic, setup }: Site, streaming: string): string {
  const user = traffic.userHeader.replaceAll('-', '_');
  return `${nginxPreamble(directory, 'proxy', Math.max(8192, traffic.connections * 2), Math.max(1, setup.workers))}
http {
${nginxTempPaths(directory)}
  access_log off;
  keepalive_requests 1000000000;
  keepalive_timeout 1h;
  upstream stable { server 127.0.0.1:${origin.stablePort}; keepalive 256; keepalive_requests 1000000000; }
  upstream canary { server 127.0.0.1:${origin.canaryPort}; keepalive 256; keepalive_requests 1000000000; }
${setup.mirrorPort === null ? '' : `  upstream shadow { server 127.0.0.1:${setup.mirrorPort}; keepalive 256; keepalive_requests 1000000000; }\n`}  split_clients "$http_${user}" $version { ${traffic.canaryPercent}% canary; * stable; }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / {
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header Via "1.1 nginx";
      ${streaming}${setup.mirrorPort === null ? '' : '\n      mirror /_mirror;'}
      proxy_pass http://$version;
    }${setup.mirrorPort === null ? '' : MIRROR_LOCATION}
  }
}
`;
}
