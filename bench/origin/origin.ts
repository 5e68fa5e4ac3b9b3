import { spawnSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nginxPreamble, nginxTempPaths } from '../peers/nginx-preamble.ts';
import { freePort, startServer } from '../running-process.ts';

export interface OriginPorts {
  readonly stablePort: number;
  readonly canaryPort: number;
  /** Takes copies. */
  readonly shadowPort: number;
  readonly statusPort: number;
}

/**
 * What stands behind every proxy: far cheaper than the proxies themselves. A path `/bytes/N` is answered by N bytes, one that
 * ends in `/seen` by what the proxy stamped on the request, any other by about 300 bytes of JSON, head included. The field
 * X-Version names the version.
 */
export interface Origin extends OriginPorts {
  readonly kind: string;
  /** Connections accepted so far on all ports, those of this question included. */
  acceptedConnections(): Promise<number>;
  stop(): Promise<void>;
}

/** Sizes of answer that the origin has, in bytes. */
const ANSWER_SIZES = [1024, 4096, 16_384, 65_536, 262_144, 1_048_576] as const;

const PADDING = 'x'.repeat(200);
const RAW_ORIGIN = fileURLToPath(new URL('processes/raw-origin.ts', import.meta.url));

/**
 * nginx where it is installed; our own where it is not, or where requests have bodies: nginx answers before it has read them,
 * and then most proxies cannot keep the connection. Our own may be what limits the fastest proxies; their cost stays true.
 */
export async function startOrigin(directory: string, readsBodies: boolean): Promise<Origin> {
  const [stablePort, canaryPort, shadowPort, statusPort] = await Promise.all([1, 2, 3, 4].map(freePort));
  const ports = { stablePort, canaryPort, shadowPort, statusPort } as OriginPorts;
  const isNginx = !readsBodies && spawnSync('nginx', ['-v']).error === undefined;
  const process_ = isNginx
    ? await startServer('rest', 'nginx', ['-c', await writeNginxOrigin(directory, ports)], ports.statusPort)
    : await startServer('rest', process.execPath, [RAW_ORIGIN, JSON.stringify(ports), PADDING], ports.statusPort);
  return {
    kind: isNginx ? 'nginx' : 'plain sockets in Node',
    ...ports,
    acceptedConnections: () => readAccepted(ports.statusPort),
    stop: process_.stop,
  };
}

async function readAccepted(port: number): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } })).text();
  return Number(/^ (\d+) \d+ \d+/m.exec(text)?.[1]);
}

async function writeNginxOrigin(directory: string, ports: OriginPorts): Promise<string> {
  const files = join(directory, 'origin-files', 'bytes');
  await mkdir(files, { recursive: true });
  await Promise.all(ANSWER_SIZES.map((bytes) => writeFile(join(files, String(bytes)), 'x'.repeat(bytes))));
  const file = join(directory, 'origin.conf');
  await writeFile(file, nginxOrigin(directory, ports));
  return file;
}

function nginxOrigin(directory: string, { stablePort, canaryPort, shadowPort, statusPort }: OriginPorts): string {
  const server = (port: number, version: string) => `
  server {
    listen 127.0.0.1:${port} backlog=4096;
    default_type application/json;
    add_header x-version ${version};
    location / { return 200 '{"version":"${version}","padding":"${PADDING}"}'; }
    location ^~ /api/ { return 200 '{"version":"${version}","padding":"${PADDING}"}'; }
    location ~ /seen$ { return 200 '{"forwardedFor":"$http_x_forwarded_for","via":"$http_via"}'; }
    location ^~ /bytes/ { root ${directory}/origin-files; }
  }`;
  return `${nginxPreamble(directory, 'origin', 32_768)}
http {
${nginxTempPaths(directory)}
  access_log off;
  sendfile on;
  open_file_cache max=100;
  etag off;
  keepalive_requests 1000000000;
  keepalive_timeout 1h;${server(stablePort, 'stable')}${server(canaryPort, 'canary')}${server(shadowPort, 'shadow')}
  server { listen 127.0.0.1:${statusPort}; location / { stub_status; } }
}
`;
}
