import { mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Peer, Site } from './peer.ts';

const require = createRequire(import.meta.url);

interface NodePeer extends Pick<Peer, 'name' | 'work' | 'routes'> {
  /** The file in processes/ that runs it. */
  readonly file: string;
  /** The npm package that it is made of; null: Node alone. */
  readonly npm: string | null;
}

const DECIDES = { split: true, rule: true, stamps: false } as const;

/** @fastify/http-proxy with undici underneath: what a Node team would reach for first. */
export const fastifyHttpProxy = nodePeer({
  name: '@fastify/http-proxy',
  work: 'header rule, hash split (murmurhash)',
  routes: DECIDES,
  file: 'fastify-http-proxy.ts',
  npm: '@fastify/http-proxy',
});

export const httpProxy3 = nodePeer({
  name: 'http-proxy-3',
  work: 'header rule, hash split (murmurhash), X-Forwarded-For',
  routes: DECIDES,
  file: 'http-proxy-3.ts',
  npm: 'http-proxy-3',
});

export const fastProxy = nodePeer({
  name: 'fast-proxy',
  work: 'header rule, hash split (murmurhash)',
  routes: DECIDES,
  file: 'fast-proxy.ts',
  npm: 'fast-proxy',
});

/** The floor: what two sockets in Node cost when nobody looks at what passes. */
export const byteRelay = nodePeer({
  name: 'byte relay (Node)',
  work: 'none: bytes from one socket to the other, no HTTP',
  routes: { split: false, rule: false, stamps: false },
  file: 'byte-relay.ts',
  npm: null,
});

function nodePeer({ file, npm, ...peer }: NodePeer): Peer {
  const script = fileURLToPath(new URL(`processes/${file}`, import.meta.url));
  return {
    ...peer,
    missing: () => (npm === null || manifestOf(npm) !== null ? null : 'npm ci'),
    version: () => `${npm === null ? '' : `${npm} ${manifestOf(npm)?.version}, `}Node ${process.version}`,
    async prepare({ directory, port, origin: { stablePort, canaryPort }, traffic }: Site) {
      await mkdir(directory, { recursive: true });
      const { userHeader, rule, canaryPercent } = traffic;
      const work = { port, stablePort, canaryPort, userHeader, rule, canaryPercent };
      const args = [script, JSON.stringify(work)];
      return { command: process.execPath, args, configuration: await readFile(script, 'utf8') };
    },
  };
}

/** Found by walking up from the package's entry, because not every package exports its manifest. */
function manifestOf(npm: string): { readonly version: string } | null {
  try {
    let directory = dirname(require.resolve(npm));
    while (!directory.endsWith(join('node_modules', npm))) directory = dirname(directory);
    return require(join(directory, 'package.json')) as { version: string };
  } catch {
    return null;
  }
}
