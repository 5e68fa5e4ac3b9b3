import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../running-process.ts';
import type { CanaryRule } from '../scenarios/traffic.ts';
import type { Peer, Setup, Site } from './peer.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const BUILT = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const MANIFEST = new URL('../../package.json', import.meta.url);
const { version } = JSON.parse(await readFile(MANIFEST, 'utf8')) as { version: string };

/** The gateway of this tree, with everything on that is on by default. */
export const graygate = gatewayPeer('graygate', MAIN);

/** The same as it is installed: compiled to JavaScript. */
export const graygateBuilt = gatewayPeer('graygate, built', BUILT);

function gatewayPeer(name: string, main: string): Peer {
  return {
    name,
    work: 'rule, hash split (weighted rendezvous, murmur3), X-Forwarded-*, Via, request id, strict parsing, limits, counters and latency histogram per route, rule and version',
    routes: { split: true, rule: true, stamps: true },
    missing: () => (existsSync(main) ? null : 'npm run build'),
    version: () => `${version}, Node ${process.version}`,
    async prepare(site) {
      await mkdir(site.directory, { recursive: true });
      const adminPort = await freePort();
      const configuration = graygateConfiguration(site, adminPort);
      const file = join(site.directory, 'graygate.yaml');
      await writeFile(file, configuration);
      const { workers, profileDirectory } = site.setup;
      const profiled = profileDirectory === null ? [] : ['--cpu-prof', '--cpu-prof-dir', profileDirectory];
      const args = [...profiled, main, 'run', '-c', file, '--workers', String(workers)];
      return { command: process.execPath, args, configuration, file };
    },
  };
}

function graygateConfiguration({ port, origin, traffic, setup }: Site, adminPort: number): string {
  const count = setup.routes?.count ?? 0;
  const routes = setup.routes === null ? [routeOf('orders', null, 1)] : [];
  for (let index = 0; index < count; index++)
    routes.push(routeOf(`svc-${index}`, `/svc-${index}`, setup.routes?.rules ?? 1));
  return `version: 1
listeners:
  - name: edge
    address: 127.0.0.1:${port}
    trustedProxies: [127.0.0.1]
    limits: { connectionsPerClient: 20000 }
admin: { address: "127.0.0.1:${adminPort}" }
services:
  orders:
    versions:
      stable: { endpoints: ["http://127.0.0.1:${origin.stablePort}"] }
      canary: { endpoints: ["http://127.0.0.1:${origin.canaryPort}"] }${setup.mirrorPort === null ? '' : shadow(setup.mirrorPort)}
routes:
${routes.join('')}`;

  function routeOf(name: string, prefix: string | null, rules: number): string {
    const others = Array.from({ length: rules - 1 }, (_, number) => ruleOf(`other-${number}`, `other-${number}`));
    return `  - name: ${name}
${prefix === null ? '' : `    match: { path: { prefix: ${prefix} } }\n`}    service: orders
    rules:
${others.join('')}${ruleOf('beta', null)}    split: { stable: ${100 - traffic.canaryPercent}, canary: ${traffic.canaryPercent} }
    sticky: [{ header: ${traffic.userHeader} }]
${setup.mirrorPort === null ? '' : mirrorOf(setup)}`;
  }

  function ruleOf(name: string, value: string | null): string {
    return `      - name: ${name}
        when: { ${conditionOf(traffic.rule, value)} }
        to: canary
`;
  }
}

function conditionOf(rule: CanaryRule, value: string | null): string {
  if (rule.kind === 'header') return `header: { ${rule.name}: "${value ?? rule.value}" }`;
  return `body: { pointer: /${rule.field}, in: [${value ?? rule.values.join(', ')}] }`;
}

function mirrorOf({ comparesAnswers }: Setup): string {
  return `    mirror: [{ to: shadow, methods: [GET, POST]${comparesAnswers === true ? ', compare: true' : ''} }]\n`;
}

function shadow(port: number): string {
  return `\n      shadow: { endpoints: ["http://127.0.0.1:${port}"] }`;
}
