import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../running-process.ts';
import type { Peer, Site } from './peer.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const MANIFEST = new URL('../../package.json', import.meta.url);
const { version } = JSON.parse(await readFile(MANIFEST, 'utf8')) as { version: string };

/** The gateway of this tree, in one process, with everything on that is on by default. */
export const graygate: Peer = {
  name: 'graygate',
  work: 'header rule, hash split (weighted rendezvous, murmur3), X-Forwarded-*, Via, request id, strict parsing, limits, counters and latency histogram per route, rule and version',
  routes: { split: true, rule: true, stamps: true },
  quick: true,
  missing: () => null,
  version: () => `${version}, Node ${process.version}`,
  async prepare(site) {
    await mkdir(site.directory, { recursive: true });
    const configuration = graygateConfiguration(site, await freePort());
    const file = join(site.directory, 'graygate.yaml');
    await writeFile(file, configuration);
    return { command: process.execPath, args: [MAIN, 'run', '-c', file, '--workers', '0'], configuration };
  },
};

function graygateConfiguration({ port, stablePort, canaryPort, scenario }: Site, adminPort: number): string {
  return `version: 1
listeners:
  - name: edge
    address: 127.0.0.1:${port}
    trustedProxies: [127.0.0.1]
admin: { address: "127.0.0.1:${adminPort}" }
services:
  orders:
    versions:
      stable: { endpoints: ["http://127.0.0.1:${stablePort}"] }
      canary: { endpoints: ["http://127.0.0.1:${canaryPort}"] }
routes:
  - name: orders
    service: orders
    rules:
      - name: beta
        when: { header: { ${scenario.rule.header}: "${scenario.rule.value}" } }
        to: canary
    split: { stable: ${100 - scenario.canaryPercent}, canary: ${scenario.canaryPercent} }
    sticky: [{ header: ${scenario.userHeader} }]
`;
}
