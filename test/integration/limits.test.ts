import { describe, expect, it } from 'vitest';
import { configText, startGateway } from '../support/gateway.ts';
import { answeringOrigin, okAnswer, rawClient, scriptedOrigin } from '../support/raw-peer.ts';

/** Bounds on what one client may send, in octets and in time. What goes beyond never reaches the upstream whole. */

const LIMITS = { headerBytes: '4KiB', headerCount: 20, targetBytes: '1KiB', bodyBytes: '10KiB' };

describe('limits', () => {
  it.each([
    ['a target too long', 414, `GET /${'a'.repeat(1024)} HTTP/1.1\r\nHost: a\r\n\r\n`],
    ['a target that does not end', 414, `GET /${'a'.repeat(8192)}`],
    ['too many fields', 431, `GET / HTTP/1.1\r\nHost: a\r\n${'X: y\r\n'.repeat(20)}\r\n`],
    ['a head too large', 431, `GET / HTTP/1.1\r\nHost: a\r\nX: ${'y'.repeat(5000)}\r\n\r\n`],
    ['a head that does not end', 431, `GET / HTTP/1.1\r\nHost: a\r\nX: ${'y'.repeat(5000)}`],
    ['a declared body too large', 413, 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10241\r\n\r\n'],
    ['a declared body far too large', 413, 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9007199254740991\r\n\r\n'],
  ])('%s is %d and the end, and nothing reaches the upstream', async (_, status, text) => {
    await using origin = await answeringOrigin(() => okAnswer('x'));
    await using gateway = await startGateway(
      configText({ versions: { v1: origin.url }, listener: { limits: LIMITS } }),
    );
    await using client = await rawClient(gateway.port());
    client.send(text);
    expect((await client.answer(0)).status).toBe(status);
    await client.waitForEnd();
    expect(origin.requests()).toEqual([]);
  });

  it('a target larger than the head may be is told from a large head', async () => {
    await using origin = await answeringOrigin(() => okAnswer('x'));
    await using gateway = await startGateway(
      configText({ versions: { v1: origin.url }, listener: { limits: LIMITS } }),
    );
    await using client = await rawClient(gateway.port());
    client.request(`GET /${'a'.repeat(8192)}`);
    expect((await client.answer()).status).toBe(414);
  });

  it('what just fits passes', async () => {
    await using origin = await answeringOrigin((request) => okAnswer(`${request.body.length}`));
    await using gateway = await startGateway(
      configText({ versions: { v1: origin.url }, listener: { limits: LIMITS } }),
    );
    await using client = await rawClient(gateway.port());
    client.request(`GET /${'a'.repeat(1023)}`);
    expect((await client.answer()).status).toBe(200);
    client.request('GET /', new Array(19).fill('X: y'));
    expect((await client.answer()).status).toBe(200);
    client.request('POST /', ['Content-Length: 10240'], 'x'.repeat(10_240));
    expect((await client.answer()).body.toString()).toBe('10240');
    client.request('POST /', ['Transfer-Encoding: chunked'], `2800\r\n${'x'.repeat(10_240)}\r\n0\r\n\r\n`);
    expect((await client.answer()).body.toString()).toBe('10240');
  });

  it('a chunked body that grows too large is 413, and the upstream request is cut', async () => {
    const { promise: arrived, resolve: arrives } = Promise.withResolvers<void>();
    await using origin = await scriptedOrigin(async (connection) => {
      await connection.head();
      arrives();
    });
    await using gateway = await startGateway(
      configText({ versions: { v1: origin.url }, listener: { limits: LIMITS } }),
    );
    await using client = await rawClient(gateway.port());
    client.request('POST /', ['Transfer-Encoding: chunked'], `1000\r\n${'x'.repeat(4096)}\r\n`);
    await arrived;
    for (let round = 0; round < 3; round++) client.send(`1000\r\n${'x'.repeat(4096)}\r\n`);
    expect((await client.answer()).status).toBe(413);
    await client.waitForEnd();
    await Promise.all(origin.connections.map((connection) => connection.waitForEnd(1_000)));
    expect(origin.requests()).toEqual([]);
  });

  it('extensions and trailers of chunks are bounded', async () => {
    await using origin = await scriptedOrigin(async (connection) => {
      await connection.head();
    });
    await using gateway = await startGateway(configText({ versions: { v1: origin.url } }));
    for (const body of [
      `1;${'e'.repeat(20_000)}\r\nx\r\n`,
      `0\r\n${'X: y\r\n'.repeat(200)}\r\n`,
      `0\r\nX: ${'y'.repeat(20_000)}\r\n\r\n`,
    ]) {
      await using client = await rawClient(gateway.port());
      client.request('POST /', ['Transfer-Encoding: chunked'], body);
      expect([400, 413, 431]).toContain((await client.answer()).status);
      await client.waitForEnd();
    }
    expect(origin.requests()).toEqual([]);
  });

  it('connections beyond the listener’s and the client’s share are refused, and are free again when one ends', async () => {
    for (const limits of [{ connections: 3 }, { connectionsPerClient: 3 }]) {
      await using origin = await answeringOrigin(() => okAnswer('x'));
      await using gateway = await startGateway(configText({ versions: { v1: origin.url }, listener: { limits } }));
      const clients = await Promise.all([1, 2, 3].map(() => rawClient(gateway.port())));
      for (const client of clients) {
        client.request('GET /');
        expect((await client.answer()).status).toBe(200);
      }
      await using refused = await rawClient(gateway.port());
      refused.request('GET /');
      await refused.waitForEnd();
      expect(refused.answers().final.every(({ status }) => status === 503 || status === 429)).toBe(true);
      await clients[0]![Symbol.asyncDispose]();
      for (;;) {
        await using again = await rawClient(gateway.port());
        again.request('GET /');
        await again.until(() => again.ended || again.answers().final.length > 0);
        if (again.answers().final[0]?.status === 200) break;
      }
      for (const client of clients) await client[Symbol.asyncDispose]();
    }
  });
});

describe('timeouts', () => {
  const timeouts = { header: '150ms', body: '150ms', idle: '10s', send: '150ms' };

  it.each([
    ['nothing after a first octet', 'G', 408],
    ['a head that stops', 'GET / HTTP/1.1\r\nHost: a\r\nX-', 408],
    ['a body that stops', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello', 408],
    ['a chunked body that stops', 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel', 408],
  ])('%s is 408 and the end', async (_, text, status) => {
    await using origin = await scriptedOrigin(async (connection) => {
      await connection.head();
    });
    await using gateway = await startGateway(configText({ versions: { v1: origin.url }, listener: { timeouts } }));
    await using client = await rawClient(gateway.port());
    client.send(text);
    expect((await client.answer(0)).status).toBe(status);
    await client.waitForEnd();
    await Promise.all(origin.connections.map((connection) => connection.waitForEnd(1_000)));
  });

  it('a head that trickles does not get more time with every octet', async () => {
    await using origin = await answeringOrigin(() => okAnswer('x'));
    await using gateway = await startGateway(configText({ versions: { v1: origin.url }, listener: { timeouts } }));
    await using client = await rawClient(gateway.port());
    client.send('GET / HTTP/1.1\r\nHost: a\r\n');
    const drip = setInterval(() => client.send('X: y\r\n'), 20);
    try {
      await client.waitForEnd(2_000);
    } finally {
      clearInterval(drip);
    }
    expect(client.answers().final.map(({ status }) => status)).toEqual([408]);
  });

  it('a body that goes on slowly but steadily is not too slow', async () => {
    await using origin = await answeringOrigin((request) => okAnswer(request.body.toString()));
    await using gateway = await startGateway(configText({ versions: { v1: origin.url }, listener: { timeouts } }));
    await using client = await rawClient(gateway.port());
    client.request('POST /', ['Content-Length: 10']);
    for (let sent = 0; sent < 10; sent++) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      client.send('x');
    }
    expect((await client.answer()).body.toString()).toBe('x'.repeat(10));
  });

  it('an idle connection is closed without a word', async () => {
    await using origin = await answeringOrigin(() => okAnswer('x'));
    await using gateway = await startGateway(
      configText({ versions: { v1: origin.url }, listener: { timeouts: { ...timeouts, idle: '150ms' } } }),
    );
    await using client = await rawClient(gateway.port());
    client.request('GET /');
    await client.answer();
    await client.waitForEnd(2_000);
    expect(client.answers().rest.length).toBe(0);
  });

  it('a client that does not read its answer is cut, and the upstream with it', async () => {
    await using origin = await scriptedOrigin(async (connection) => {
      await connection.request();
      connection.send('HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n');
      const block = Buffer.alloc(65_536);
      while (!connection.ended && connection.socket.writable) {
        if (!connection.socket.write(block))
          await new Promise((resolve) => connection.socket.once('drain', resolve).once('close', resolve));
      }
    });
    await using gateway = await startGateway(configText({ versions: { v1: origin.url }, listener: { timeouts } }));
    await using client = await rawClient(gateway.port());
    client.request('GET /');
    client.socket.pause();
    await new Promise((resolve) => setImmediate(resolve));
    while (origin.connections.length === 0) await new Promise((resolve) => setImmediate(resolve));
    await origin.connections[0]!.until(() => origin.connections[0]!.closed, 'the cut', 5_000).catch(
      (error: unknown) => {
        if (!origin.connections[0]!.closed) throw error;
      },
    );
  });
});
