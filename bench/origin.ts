import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nginxPreamble } from './peers/nginx-preamble.ts';
import { freePort, startServer } from './running-process.ts';

/** What stands behind every proxy: one answer per version, far cheaper than the proxies themselves. */
export interface Origin {
  readonly kind: 'nginx' | 'node';
  readonly stablePort: number;
  readonly canaryPort: number;
  /** Connections accepted so far on both ports, those of this question included. */
  acceptedConnections(): Promise<number>;
  stop(): Promise<void>;
}

/** About 300 bytes with its head; `/seen` also tells what the proxy stamped on the request. */
const PADDING = 'x'.repeat(250);

/** nginx where it is installed, else a Node origin (then the origin may be what limits the fastest proxies). */
export async function startOrigin(directory: string): Promise<Origin> {
  const [stablePort, canaryPort, statusPort] = [await freePort(), await freePort(), await freePort()];
  const ports = { stablePort, canaryPort };
  if (spawnSync('nginx', ['-v']).error !== undefined) {
    const script = fileURLToPath(new URL('peers/processes/origin.ts', import.meta.url));
    const args = [script, ...[stablePort, canaryPort, statusPort].map(String), PADDING];
    const process_ = await startServer('rest', process.execPath, args, statusPort);
    return { kind: 'node', ...ports, acceptedConnections: () => readAccepted(statusPort), stop: process_.stop };
  }
  const file = join(directory, 'origin.conf');
  await writeFile(file, nginxOrigin(directory, stablePort, canaryPort, statusPort));
  const process_ = await startServer('rest', 'nginx', ['-c', file], statusPort);
  return { kind: 'nginx', ...ports, acceptedConnections: () => readAccepted(statusPort), stop: process_.stop };
}

async function readAccepted(port: number): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } })).text();
  return Number(/^ (\d+) \d+ \d+/m.exec(text)?.[1]);
}

function nginxOrigin(directory: string, stablePort: number, canaryPort: number, statusPort: number): string {
  const server = (port: number, version: string) => `
  server {
    listen 127.0.0.1:${port} backlog=4096;
    default_type application/json;
    location / { return 200 '{"version":"${version}","padding":"${PADDING}"}'; }
    location /seen { return 200 '{"version":"${version}","forwardedFor":"$http_x_forwarded_for","via":"$http_via"}'; }
  }`;
  return `${nginxPreamble(directory, 'origin')}
http {
  access_log off;
  keepalive_requests 1000000000;
  keepalive_timeout 1h;${server(stablePort, 'stable')}${server(canaryPort, 'canary')}
  server { listen 127.0.0.1:${statusPort}; location / { stub_status; } }
}
`;
}
