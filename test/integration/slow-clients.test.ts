import { describe, expect, it } from 'vitest';
import { atRest } from '../support/at-rest.ts';
import { eventually } from '../support/eventually.ts';
import { configText, startGateway } from '../support/gateway.ts';
import { answeringOrigin, okAnswer, type RawClient, rawClient, scriptedOrigin } from '../support/raw-peer.ts';

/** Whoever goes on is waited for; whoever does not is cut, and so is whoever goes on by an octet now and then. */

const MIB = 1024 * 1024;

/** Does this again and again until told to stop. */
function every(milliseconds: number, work: () => void): Disposable {
  const timer = setInterval(work, milliseconds);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/** Sends an answer of this size as fast as it is taken. */
const answering = (total: number, lines = '') =>
  scriptedOrigin(async (connection) => {
    await connection.request();
    connection.send(`HTTP/1.1 200 OK\r\n${lines}Content-Length: ${total}\r\n\r\n`);
    connection.send(Buffer.alloc(total, 'x'));
  });

/** Takes so many octets now and then, as a slow link does. */
async function readSlowly(client: RawClient, total: number, pauseMs: number, stepBytes: number): Promise<void> {
  let allowed = stepBytes;
  client.socket.on('data', () => client.size >= allowed && client.socket.pause());
  using _ = every(pauseMs, () => {
    allowed = client.size + stepBytes;
    client.socket.resume();
  });
  await client.until(() => client.size >= total || client.ended, 'the answer', 20_000);
}

describe('a reader', () => {
  it.each([
    ['on a connection that goes on', []],
    ['on a connection that closes after it', ['Connection: close']],
  ])('that takes a little now and then gets everything, %s', async (_, lines) => {
    const total = 20 * MIB;
    await using origin = await answering(total);
    const listener = { timeouts: { send: '500ms' } };
    await using gateway = await startGateway(configText({ versions: { v1: origin.url }, listener }));
    const rest = await atRest(gateway.plane);
    await using client = await rawClient(gateway.port());
    client.request('GET /', lines);
    const startedAt = performance.now();
    await readSlowly(client, total, 25, 256 * 1024);
    expect((await client.answer()).body.length).toBe(total);
    expect(performance.now() - startedAt).toBeGreaterThan(1_000);
    await client[Symbol.asyncDispose]();
    await rest();
  });

  it.each([
    ['of a length', 'Content-Length: 100000000\r\n', []],
    ['that lasts until the close', '', []],
    ['with the connection to close after it', 'Content-Length: 100000000\r\n', ['Connection: close']],
  ])('that takes nothing of an answer %s is cut, and can tell', async (_, line, lines) => {
    await using origin = await scriptedOrigin(async (connection) => {
      await connection.request();
      connection.send(`HTTP/1.1 200 OK\r\n${line}\r\n`);
      connection.send(Buffer.alloc(100_000_000));
    });
    const listener = { timeouts: { send: '300ms' } };
    await using gateway = await startGateway(configText({ versions: { v1: origin.url }, listener }));
    const rest = await atRest(gateway.plane);
    await using client = await rawClient(gateway.port());
    client.socket.pause();
    client.request('GET /', lines);
    await eventually(() => expect(gateway.plane.held().clientConnections).toBe(1));
    await eventually(() => expect(gateway.plane.held().clientConnections).toBe(0), 3_000);
    client.socket.resume();
    await client.waitForEnd();
    expect(client.errorCode).toBe('ECONNRESET');
    await rest();
  });

  it('that takes none of its small answers is asked no more, and cut', async () => {
    await using origin = await answeringOrigin(() => okAnswer('x'.repeat(10_000)));
    const listener = { timeouts: { send: '300ms' } };
    await using gateway = await startGateway(configText({ versions: { v1: origin.url }, listener }));
    const rest = await atRest(gateway.plane);
    await using client = await rawClient(gateway.port());
    client.socket.pause();
    const request = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(1_000);
    for (let round = 0; round < 20; round++) client.send(request);
    await eventually(() => expect(gateway.plane.held().clientConnections).toBe(1));
    await eventually(() => expect(gateway.plane.held().clientConnections).toBe(0), 5_000);
    expect(origin.connections.length).toBeLessThan(3);
    await rest();
  });
});

describe('a sender', () => {
  it.each([
    ['length', 'Content-Length: 1000', 'x'],
    ['chunks', 'Transfer-Encoding: chunked', '1\r\nx\r\n'],
  ])('that keeps every gap and no rate at all is cut in the end (%s)', async (_, line, piece) => {
    await using origin = await scriptedOrigin(async (connection) => {
      await connection.head();
    });
    const listener = { timeouts: { body: '150ms' } };
    await using gateway = await startGateway(configText({ versions: { v1: origin.url }, listener }));
    const rest = await atRest(gateway.plane);
    await using client = await rawClient(gateway.port());
    client.request('POST /', [line]);
    const startedAt = performance.now();
    {
      using _ = every(40, () => client.send(piece));
      expect((await client.answer()).status).toBe(408);
    }
    expect(performance.now() - startedAt).toBeGreaterThan(1_400);
    await client[Symbol.asyncDispose]();
    await rest();
  });

  it('that keeps the least rate may take far longer than that', async () => {
    await using origin = await answeringOrigin((request) => okAnswer(String(request.body.length)));
    const listener = { timeouts: { body: '150ms' } };
    await using gateway = await startGateway(configText({ versions: { v1: origin.url }, listener }));
    await using client = await rawClient(gateway.port());
    client.request('POST /', ['Content-Length: 1000']);
    {
      using _ = every(40, () => client.send('x'.repeat(10)));
      await client.waitFor(/\r\n\r\n1000$/);
    }
  });

  it('that is held back by the upstream does not pay for that time', async () => {
    const total = 32 * MIB;
    await using origin = await scriptedOrigin(async (connection) => {
      await connection.head();
      connection.socket.pause();
      await new Promise((resolve) => setTimeout(resolve, 2_000));
      connection.socket.resume();
      await connection.waitForBytes(total);
      connection.send(okAnswer('all'));
    });
    const listener = { timeouts: { body: '150ms' } };
    await using gateway = await startGateway(configText({ versions: { v1: origin.url }, listener }));
    await using client = await rawClient(gateway.port());
    client.request('POST /', [`Content-Length: ${total}`], Buffer.alloc(total));
    expect((await client.answer()).body.toString()).toBe('all');
  });
});

describe('an upstream', () => {
  it('that takes nothing of a body for as long as it may before a first byte is given up', async () => {
    await using origin = await scriptedOrigin(async (connection) => {
      await connection.head();
      connection.socket.pause();
    });
    const service = { pool: { firstByte: '300ms' } };
    await using gateway = await startGateway(configText({ versions: { v1: origin.url }, service }));
    const rest = await atRest(gateway.plane);
    await using client = await rawClient(gateway.port());
    client.request('POST /', [`Content-Length: ${64 * MIB}`], Buffer.alloc(64 * MIB));
    expect((await client.answer()).status).toBe(504);
    await client[Symbol.asyncDispose]();
    await rest();
  });

  it('that takes a little of a body now and then is not', async () => {
    const total = 40 * MIB;
    await using origin = await scriptedOrigin(async (connection) => {
      await connection.head();
      let allowed = connection.size;
      connection.socket.on('data', () => connection.size >= allowed && connection.socket.pause());
      using _ = every(25, () => {
        allowed = connection.size + 512 * 1024;
        connection.socket.resume();
      });
      await connection.waitForBytes(total);
      connection.send(okAnswer('all'));
    });
    const service = { pool: { firstByte: '500ms' } };
    await using gateway = await startGateway(configText({ versions: { v1: origin.url }, service }));
    await using client = await rawClient(gateway.port());
    client.request('POST /', [`Content-Length: ${total}`], Buffer.alloc(total));
    expect((await client.answer()).body.toString()).toBe('all');
  });
});

describe('many slow clients at once', () => {
  it.each([
    ['heads', 'GET / HTTP/1.1\r\nHost: a\r\n', 'X: y\r\n'],
    ['bodies', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n', 'x'],
  ])('of %s leave room for good ones, and leave nothing behind', async (_, start, drip) => {
    await using origin = await answeringOrigin(() => okAnswer('good'));
    const listener = { timeouts: { header: '600ms', body: '60ms' } };
    await using gateway = await startGateway(configText({ versions: { v1: origin.url }, listener }));
    const rest = await atRest(gateway.plane);
    const slow = await Promise.all(Array.from({ length: 200 }, () => rawClient(gateway.port())));
    for (const client of slow) client.send(start);
    {
      using _ = every(20, () => {
        for (const client of slow) client.send(drip);
      });
      while (slow.some((client) => !client.ended)) {
        await using good = await rawClient(gateway.port());
        good.request('GET /');
        expect((await good.answer()).body.toString()).toBe('good');
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
    for (const client of slow) expect(client.text).toMatch(/^HTTP\/1.1 408 /);
    await rest();
  });
});
