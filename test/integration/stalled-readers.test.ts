import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { expect, it } from 'vitest';
import { atRest } from '../support/at-rest.ts';
import { eventually } from '../support/eventually.ts';
import { configText } from '../support/gateway.ts';
import { GatewayChild } from '../support/gateway-child.ts';

const READERS = 1_000;
const GIB = 1024 ** 3;
const KIB = 1024;
/** What a connection costs besides what it holds for a stalled side: two sockets, their objects, and garbage. */
const OBJECTS_BYTES = 100_000;
const HELD_BYTES = 64 * KIB;

/** Answers every request with a GiB, as fast as it is taken. */
async function endlessOrigin(): Promise<{ readonly url: string; written(): number } & AsyncDisposable> {
  const sockets = new Set<Socket>();
  const block = Buffer.alloc(64 * KIB, 'x');
  let written = 0;
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    socket.once('data', () => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${GIB}\r\n\r\n`);
      const pump = (): void => {
        do written += block.length;
        while (socket.write(block));
      };
      socket.on('drain', pump);
      pump();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    written: () => written,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Asks, and never reads the answer. */
async function stalledReader(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1' });
  socket.on('error', () => {});
  await once(socket, 'connect');
  socket.pause();
  socket.write('GET / HTTP/1.1\r\nHost: gateway.test\r\n\r\n');
  return socket;
}

/** Resolves once nothing more is written: every reader is stalled. */
async function stalled(written: () => number): Promise<void> {
  for (let before = -1; before !== written(); ) {
    before = written();
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}

it('1,000 readers that stall within an answer of 1 GiB cost 64 KiB each, and no more with time', async () => {
  await using origin = await endlessOrigin();
  await using gateway = await GatewayChild.start(
    configText({
      versions: { v1: origin.url },
      listener: { timeouts: { send: '10m' }, limits: { connectionsPerClient: 2 * READERS } },
      service: { pool: { maxConnections: 2 * READERS, connectTimeout: '20s' } },
    }),
  );
  const rest = await atRest(gateway);
  const { rssBytes: before } = await gateway.figures();
  const readers: Socket[] = [];
  while (readers.length < READERS) {
    const more = Array.from({ length: 100 }, () => stalledReader(gateway.port));
    readers.push(...(await Promise.all(more)));
  }
  await eventually(async () => expect((await gateway.held()).upstreamConnections).toBe(READERS));
  await stalled(origin.written);
  const { rssBytes: first, held } = await gateway.figures();
  expect(held.buffers).toBeLessThanOrEqual(READERS);
  expect(first - before).toBeLessThan(READERS * (HELD_BYTES + OBJECTS_BYTES));
  for (let look = 0; look < 10; look++) {
    await new Promise((resolve) => setTimeout(resolve, 200));
    const { rssBytes } = await gateway.figures();
    expect(rssBytes / first).toBeGreaterThan(0.9);
    expect(rssBytes / first).toBeLessThan(1.1);
  }
  for (const reader of readers) reader.destroy();
  await rest();
});
