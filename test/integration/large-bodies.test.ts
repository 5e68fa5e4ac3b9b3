import { createHash } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { describe, expect, it } from 'vitest';
import { configText, startGateway } from '../support/gateway.ts';
import { httpOrigin } from '../support/http-origin.ts';
import { rawClient, scriptedOrigin } from '../support/raw-peer.ts';

const MIB = 1024 * 1024;
/** 1024 for a whole GiB. */
const BODY_MIB = Number(process.env['GRAYGATE_BODY_MIB'] ?? 256);

/** The same octets in both directions; no two blocks alike, so that a lost, doubled or moved one is seen. */
function* blocks(count: number): Generator<Buffer> {
  const block = Buffer.alloc(MIB, 'graygate ');
  for (let place = 0; place < count; place++) {
    const own = Buffer.from(block);
    own.writeUInt32BE(place, place % (MIB - 4));
    yield own;
  }
}

function hashOfBlocks(count: number): string {
  const hash = createHash('sha256');
  for (const block of blocks(count)) hash.update(block);
  return hash.digest('hex');
}

async function hashOf(stream: Readable): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(stream, hash);
  return hash.digest('hex');
}

describe(`${BODY_MIB} MiB`, () => {
  const expected = hashOfBlocks(BODY_MIB);

  it.each([['Content-Length'], ['chunks']])(
    'with %s go up and come down unchanged',
    async (framing) => {
      await using origin = await httpOrigin((request, response) => {
        hashOf(request).then(
          (hash) => {
            response.setHeader('x-upload-hash', hash);
            if (framing === 'Content-Length') response.setHeader('content-length', BODY_MIB * MIB);
            Readable.from(blocks(BODY_MIB)).pipe(response);
          },
          () => response.destroy(),
        );
      });
      await using gateway = await startGateway(configText({ versions: { v1: origin.url } }));
      const headers = framing === 'Content-Length' ? { 'content-length': BODY_MIB * MIB } : {};
      const request = httpRequest({ port: gateway.port(), host: '127.0.0.1', method: 'POST', headers });
      const answered = new Promise<[string, string]>((resolve, reject) => {
        request.on('error', reject);
        request.on('response', (response) => {
          hashOf(response).then((hash) => resolve([String(response.headers['x-upload-hash']), hash]), reject);
        });
      });
      Readable.from(blocks(BODY_MIB)).pipe(request);
      expect(await answered).toEqual([expected, expected]);
    },
    120_000,
  );
});

/** What the kernel may hold on the two loopback connections between the ends, the gateway's own share left out. */
const KERNEL_BYTES = 24 * MIB;

describe('a stalled side stops the other', () => {
  it('a client that does not read holds the upstream back, and gets everything once it reads', async () => {
    let written = 0;
    const total = 64 * MIB;
    await using origin = await scriptedOrigin(async (connection) => {
      await connection.request();
      connection.send(`HTTP/1.1 200 OK\r\nContent-Length: ${total}\r\n\r\n`);
      const block = Buffer.alloc(64 * 1024, 'x');
      while (written < total) {
        written += block.length;
        if (!connection.socket.write(block)) await new Promise((resolve) => connection.socket.once('drain', resolve));
      }
    });
    await using gateway = await startGateway(configText({ versions: { v1: origin.url } }));
    await using client = await rawClient(gateway.port());
    client.socket.pause();
    client.request('GET /');
    await quiet(() => written);
    expect(written).toBeLessThan(KERNEL_BYTES);
    const held = process.memoryUsage().rss;
    await quiet(() => written);
    expect(process.memoryUsage().rss - held).toBeLessThan(32 * MIB);
    client.socket.resume();
    await client.waitForBytes(total);
    expect((await client.answer()).body.length).toBe(total);
  });

  it('an upstream that does not read holds the client back', async () => {
    await using origin = await scriptedOrigin(async (connection) => {
      await connection.head();
      connection.socket.pause();
    });
    await using gateway = await startGateway(configText({ versions: { v1: origin.url } }));
    await using client = await rawClient(gateway.port());
    const total = 64 * MIB;
    client.request('POST /', [`Content-Length: ${total}`]);
    let accepted = 0;
    const block = Buffer.alloc(64 * 1024, 'x');
    const pump = (): void => {
      while (accepted < total) {
        accepted += block.length;
        if (!client.socket.write(block)) {
          client.socket.once('drain', pump);
          return;
        }
      }
    };
    pump();
    await quiet(() => accepted);
    expect(accepted).toBeLessThan(KERNEL_BYTES);
  });
});

/** Resolves once the figure has stood still for a while: how one sees that nothing moves. */
async function quiet(figure: () => number): Promise<void> {
  for (let before = -1, still = 0; still < 10; ) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    still = figure() === before ? still + 1 : 0;
    before = figure();
  }
}
