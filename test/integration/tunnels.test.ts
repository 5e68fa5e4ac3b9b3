import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { atRest } from '../support/at-rest.ts';
import { eventually } from '../support/eventually.ts';
import { configText, type Gateway, startGateway } from '../support/gateway.ts';
import {
  type OriginConnection,
  type RawClient,
  rawClient,
  type ScriptedOrigin,
  scriptedOrigin,
} from '../support/raw-peer.ts';
import { WebSocketOrigin } from '../support/websocket-origin.ts';

/** Octets both ways after a 101: their order and their ends, who holds what meanwhile, and how long. */

const HANDSHAKE = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
];
const SWITCHED =
  'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n';
const MIB = 1024 * 1024;

/** Switches every connection, and leaves the rest to the test. */
const switchingOrigin = (): Promise<ScriptedOrigin> =>
  scriptedOrigin(async (connection) => {
    await connection.head();
    connection.send(SWITCHED);
  });

interface Ends {
  readonly client: RawClient;
  readonly upstream: OriginConnection;
  /** Where the client's and the upstream's first octets of the tunnel lie. */
  readonly clientAt: number;
  readonly upstreamAt: number;
}

async function openTunnel(gateway: Gateway, origin: ScriptedOrigin): Promise<Ends> {
  const place = origin.connections.length;
  const client = await rawClient(gateway.port());
  client.request('GET /', HANDSHAKE);
  await client.waitFor(/\r\n\r\n/);
  const upstream = origin.connections[place]!;
  for (const { socket } of [client, upstream]) socket.allowHalfOpen = true;
  return { client, upstream, clientAt: client.size, upstreamAt: upstream.size };
}

function inFlight(gateway: Gateway): number {
  return gateway.requestCells.takeDelta().cells.reduce((sum, cell) => sum + cell.inFlight, 0);
}

describe('a WebSocket client', () => {
  it('talks, and is closed with the code that was said', async () => {
    await using origin = await new WebSocketOrigin().listen();
    await using gateway = await startGateway(configText({ versions: { v1: origin.url } }));
    const rest = await atRest(gateway.plane);
    const socket = new WebSocket(`ws://127.0.0.1:${gateway.port()}/chat`);
    await once(socket, 'open');
    for (const text of ['hello', 'x'.repeat(200_000)]) {
      socket.send(text);
      const [message] = (await once(socket, 'message')) as [MessageEvent];
      expect(message.data).toBe(text);
    }
    origin.say('unasked');
    expect(((await once(socket, 'message')) as [MessageEvent])[0].data).toBe('unasked');
    socket.close(4321, 'done');
    const [close] = (await once(socket, 'close')) as [CloseEvent];
    expect([close.code, close.reason, close.wasClean]).toEqual([4321, 'done', true]);
    expect(origin.codes).toEqual([4321]);
    await rest();
  });

  it('is counted as in flight for its version while the tunnel lasts, and once as an answer', async () => {
    await using origin = await new WebSocketOrigin().listen();
    await using gateway = await startGateway(configText({ versions: { v1: origin.url } }));
    const socket = new WebSocket(`ws://127.0.0.1:${gateway.port()}/`);
    await once(socket, 'open');
    socket.send('x');
    await once(socket, 'message');
    const cells = gateway.requestCells.takeDelta().cells.filter((cell) => cell.inFlight > 0);
    expect(cells).toMatchObject([{ route: 'all', rule: '', version: 'v1', inFlight: 1 }]);
    socket.close();
    await once(socket, 'close');
    await eventually(() => expect(gateway.counts().get('all//v1/1xx')).toBe(1));
    expect(inFlight(gateway)).toBe(0);
  });

  it('is not touched by a reload, not even one that takes its version away', async () => {
    await using origin = await new WebSocketOrigin().listen();
    await using other = await new WebSocketOrigin().listen();
    await using gateway = await startGateway(configText({ versions: { v1: origin.url } }));
    const socket = new WebSocket(`ws://127.0.0.1:${gateway.port()}/`);
    await once(socket, 'open');
    await gateway.install(configText({ versions: { v1: origin.url }, route: { timeout: '50ms' } }));
    await gateway.install(configText({ versions: { v2: other.url } }));
    socket.send('still here');
    expect(((await once(socket, 'message')) as [MessageEvent])[0].data).toBe('still here');
    expect([origin.sockets.size, other.sockets.size]).toEqual([1, 0]);
    socket.close();
    await once(socket, 'close');
  });

  it('is cut at the deadline of a drain, not before', async () => {
    await using origin = await new WebSocketOrigin().listen();
    await using gateway = await startGateway(configText({ versions: { v1: origin.url } }));
    const socket = new WebSocket(`ws://127.0.0.1:${gateway.port()}/`);
    await once(socket, 'open');
    const startedAt = performance.now();
    const drained = gateway.plane.drain(400);
    socket.send('during');
    expect(((await once(socket, 'message')) as [MessageEvent])[0].data).toBe('during');
    const [close] = (await once(socket, 'close')) as [CloseEvent];
    await drained;
    expect(close.code).toBe(1006);
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(390);
    await eventually(() => expect(origin.sockets.size).toBe(0));
  });
});

describe('the ends of a tunnel', () => {
  it.each(['client', 'upstream'] as const)('the %s may close its half and still receive', async (side) => {
    await using origin = await switchingOrigin();
    await using gateway = await startGateway(configText({ versions: { v1: origin.url } }));
    const rest = await atRest(gateway.plane);
    const { client, upstream } = await openTunnel(gateway, origin);
    const [first, second] = side === 'client' ? [client, upstream] : [upstream, client];
    first.send('last words');
    first.finish();
    await second.waitFor(/last words$/);
    await second.waitForEnd();
    second.send('an answer');
    await first.waitFor(/an answer$/);
    second.send(' and the end');
    second.finish();
    await first.waitFor(/and the end$/);
    await first.until(() => first.closed, 'the end').catch(() => {});
    await rest();
  });

  it.each([
    ['client', 'resets'],
    ['client', 'closes'],
    ['upstream', 'resets'],
    ['upstream', 'closes'],
  ] as const)('a %s that %s takes the other side with it within a second', async (side, how) => {
    await using origin = await switchingOrigin();
    await using gateway = await startGateway(configText({ versions: { v1: origin.url } }));
    const rest = await atRest(gateway.plane);
    const { client, upstream } = await openTunnel(gateway, origin);
    const [lost, other] = side === 'client' ? [client, upstream] : [upstream, client];
    if (how === 'resets') lost.reset();
    else lost.destroy();
    await other.waitForEnd(1_000);
    other.finish();
    await client[Symbol.asyncDispose]();
    await rest();
    expect(inFlight(gateway)).toBe(0);
  });

  it.each(['client', 'upstream'] as const)(
    'what a %s sent before it left is delivered to a slow reader',
    async (side) => {
      await using origin = await switchingOrigin();
      await using gateway = await startGateway(configText({ versions: { v1: origin.url } }));
      const { client, upstream, clientAt, upstreamAt } = await openTunnel(gateway, origin);
      const [writer, reader, at] = side === 'client' ? [client, upstream, upstreamAt] : [upstream, client, clientAt];
      reader.socket.pause();
      const block = Buffer.alloc(MIB, 'x');
      for (let count = 0; count < 16; count++) writer.send(block);
      writer.finish();
      await new Promise((resolve) => setImmediate(resolve));
      reader.socket.resume();
      await reader.waitForEnd();
      expect(reader.size - at).toBe(16 * MIB);
      reader.finish();
      await client[Symbol.asyncDispose]();
    },
  );

  it('octets sent before the 101 reach the upstream after it, and a FIN with them', async () => {
    await using origin = await scriptedOrigin(async (connection) => {
      await connection.head();
      expect(connection.text.endsWith('\r\n\r\n')).toBe(true);
      connection.send(SWITCHED);
    });
    await using gateway = await startGateway(configText({ versions: { v1: origin.url } }));
    await using client = await rawClient(gateway.port());
    client.request('GET /', HANDSHAKE, 'early');
    client.finish();
    await client.waitFor(/\r\n\r\n/);
    const upstream = origin.connections[0]!;
    await upstream.waitFor(/early$/);
    await upstream.waitForEnd(1_000);
    expect(upstream.text.indexOf('early')).toBe(upstream.text.indexOf('\r\n\r\n') + 4);
  });

  it('a stalled side holds the other back, in both directions', async () => {
    await using origin = await switchingOrigin();
    await using gateway = await startGateway(configText({ versions: { v1: origin.url } }));
    for (const side of ['client', 'upstream'] as const) {
      const { client, upstream, clientAt, upstreamAt } = await openTunnel(gateway, origin);
      const [writer, reader, at] = side === 'client' ? [client, upstream, upstreamAt] : [upstream, client, clientAt];
      reader.socket.pause();
      const block = Buffer.alloc(MIB, 'y');
      for (let count = 0; count < 64; count++) writer.send(block);
      // Until the kernel takes no more: what is left stays with the writer.
      await eventually(async () => {
        const before = writer.socket.writableLength;
        await new Promise((resolve) => setTimeout(resolve, 100));
        expect(writer.socket.writableLength).toBe(before);
      });
      expect(writer.socket.writableLength).toBeGreaterThan(32 * MIB);
      expect(gateway.plane.held().buffers).toBeLessThanOrEqual(2);
      reader.socket.resume();
      await reader.waitForBytes(at + 64 * MIB);
      await client[Symbol.asyncDispose]();
    }
  });
});

describe('time', () => {
  it('a tunnel on which nothing moves is closed on both sides, one that talks is not', async () => {
    await using origin = await switchingOrigin();
    await using gateway = await startGateway(configText({ versions: { v1: origin.url } }), {
      plane: { tunnelIdleMs: 300 },
    });
    const rest = await atRest(gateway.plane);
    const { client, upstream } = await openTunnel(gateway, origin);
    const startedAt = performance.now();
    while (performance.now() - startedAt < 900) {
      client.send('.');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect([client.ended, upstream.ended]).toEqual([false, false]);
    await Promise.all([client.waitForEnd(2_000), upstream.waitForEnd(2_000)]);
    await client[Symbol.asyncDispose]();
    await rest();
  });

  it('neither the timeout of the route nor that of a first byte holds for it', async () => {
    await using origin = await switchingOrigin();
    const service = { pool: { firstByte: '100ms' } };
    await using gateway = await startGateway(
      configText({
        versions: { v1: origin.url },
        service,
        route: { timeout: '150ms' },
        listener: { timeouts: { idle: '100ms', header: '100ms', body: '100ms', send: '100ms' } },
      }),
    );
    const { client, upstream } = await openTunnel(gateway, origin);
    await new Promise((resolve) => setTimeout(resolve, 500));
    upstream.send('late');
    await client.waitFor(/late$/);
    await client[Symbol.asyncDispose]();
  });

  it('the time that it lasted is not taken for the time of an answer', async () => {
    await using origin = await switchingOrigin();
    await using gateway = await startGateway(configText({ versions: { v1: origin.url } }));
    const { client, upstream } = await openTunnel(gateway, origin);
    await new Promise((resolve) => setTimeout(resolve, 300));
    client.destroy();
    await upstream.waitForEnd();
    upstream.finish();
    await eventually(() => {
      const { counts, durationMicros } = gateway.requestCells.takeDelta().cells.find(({ route }) => route === 'all')!;
      expect(counts[0]).toBe(1);
      expect(durationMicros).toBeLessThan(250_000);
    });
  });
});

describe('limits', () => {
  it('tunnels count as connections', async () => {
    await using origin = await switchingOrigin();
    const listener = { limits: { connectionsPerClient: 2 } };
    await using gateway = await startGateway(configText({ versions: { v1: origin.url }, listener }));
    const tunnels = [await openTunnel(gateway, origin), await openTunnel(gateway, origin)];
    await using refused = await rawClient(gateway.port());
    await refused.waitForEnd();
    for (const { client } of tunnels) await client[Symbol.asyncDispose]();
  });

  it('a shadow never sees one', async () => {
    await using origin = await switchingOrigin();
    await using shadow = await scriptedOrigin(() => {});
    await using gateway = await startGateway(
      configText({
        versions: { v1: origin.url, v2: shadow.url },
        route: { split: { v1: 100 }, mirror: [{ to: 'v2' }] },
      }),
    );
    const { client, upstream } = await openTunnel(gateway, origin);
    client.send('x');
    await upstream.waitFor(/x$/);
    await client[Symbol.asyncDispose]();
    await eventually(() =>
      expect(gateway.mirrorAccount('all', 'v2')).toMatchObject({ eligible: 1, dropped: 1, sent: 0 }),
    );
    expect(shadow.connections).toHaveLength(0);
  });
});
