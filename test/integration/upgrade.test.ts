import { describe, expect, it } from 'vitest';
import { configText, startGateway } from '../support/gateway.ts';
import { answeringOrigin, okAnswer, rawClient, scriptedOrigin } from '../support/raw-peer.ts';
import { fieldOf } from '../support/strict-message.ts';

/** WebSocket: a hop like any other until the upstream says 101; then octets both ways, and nothing else. */

const HANDSHAKE = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
];
const SWITCHED =
  'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n';

describe('an upgrade', () => {
  it('becomes a tunnel after 101, and what was pending is delivered before the end', async () => {
    await using origin = await scriptedOrigin(async (connection) => {
      await connection.head();
      connection.send(`${SWITCHED}hello`);
      await connection.waitFor(/ping$/);
      connection.send('pong');
      connection.finish();
    });
    await using gateway = await startGateway(configText({ versions: { v1: origin.url } }));
    await using client = await rawClient(gateway.port());
    client.request('GET /', HANDSHAKE);
    await client.waitFor(/hello$/);
    client.send('ping');
    await client.waitForEnd();
    expect(client.text).toMatch(/hellopong$/);
  });

  it('that is refused is an ordinary answer, and what the client sent meanwhile is a request of its own', async () => {
    await using origin = await answeringOrigin((request) =>
      okAnswer(`${request.target} ${fieldOf(request, 'upgrade') ?? 'plain'}`),
    );
    await using gateway = await startGateway(configText({ versions: { v1: origin.url } }));
    await using client = await rawClient(gateway.port());
    client.request('GET /a', HANDSHAKE);
    client.request('GET /b');
    await client.until(() => client.ended || client.answers().final.length === 2);
    expect(client.answers().final.map(({ body }) => body.toString())).toEqual(
      ['/a websocket', '/b plain'].slice(0, client.answers().final.length),
    );
    expect(origin.faults()).toEqual([]);
  });

  it.each(['h2c', 'TLS/1.0', 'foo', 'websocket, h2c'])('to %s is not passed on', async (protocol) => {
    await using origin = await answeringOrigin((request) => okAnswer(fieldOf(request, 'upgrade') ?? 'plain'));
    await using gateway = await startGateway(configText({ versions: { v1: origin.url } }));
    await using client = await rawClient(gateway.port());
    client.request('GET /', [
      'Connection: Upgrade, HTTP2-Settings',
      `Upgrade: ${protocol}`,
      'HTTP2-Settings: AAMAAABkAAQAAP__',
    ]);
    expect((await client.answer()).body.toString()).toBe('plain');
  });

  it('answered by a 101 without Sec-WebSocket-Accept is 502', async () => {
    await using origin = await answeringOrigin(
      () => 'HTTP/1.1 101 X\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n',
    );
    await using gateway = await startGateway(configText({ versions: { v1: origin.url } }));
    await using client = await rawClient(gateway.port());
    client.request('GET /', HANDSHAKE);
    expect((await client.answer()).status).toBe(502);
  });

  it.each([
    ['its key', HANDSHAKE.slice(0, 3)],
    ['its version', HANDSHAKE.filter((line) => !line.includes('Version'))],
    ['a version that exists', HANDSHAKE.map((line) => line.replace('13', '12'))],
  ])('lacking %s is 400', async (_, lines) => {
    await using origin = await answeringOrigin(() => okAnswer('x'));
    await using gateway = await startGateway(configText({ versions: { v1: origin.url } }));
    await using client = await rawClient(gateway.port());
    client.request('GET /', lines);
    expect((await client.answer()).status).toBe(400);
  });
});
