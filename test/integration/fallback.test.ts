import { describe, expect, it } from 'vitest';
import { configText, startGateway } from '../support/gateway.ts';
import { httpOrigin, namedOrigin } from '../support/http-origin.ts';
import { load, post } from '../support/load.ts';
import { answeringOrigin, closedPort, okAnswer, rawClient, scriptedOrigin } from '../support/raw-peer.ts';
import { fieldOf } from '../support/strict-message.ts';

/** Fallback: the same request goes to the version that helps, whatever its method, while nothing of it was sent. */

describe('a dead canary', () => {
  it('costs no POST anything where fallback is set, and is counted as its own failure', async () => {
    await using v1 = await httpOrigin((request, response) => {
      let body = '';
      request.on('data', (piece: Buffer) => (body += piece.toString()));
      request.on('end', () => response.end(`v1 ${body}`));
    });
    const dead = `http://127.0.0.1:${await closedPort()}`;
    const route = { split: { v1: 50, v2: 50 }, fallback: 'v1' };
    await using gateway = await startGateway(configText({ versions: { v1: v1.url, v2: dead }, route }));
    const answers = await load({
      port: gateway.port(),
      requests: 2_000,
      request: (place) => post('/', `body ${place}`),
    });
    expect(answers.filter(({ status, body }, place) => status !== 200 || body !== `v1 body ${place}`)).toEqual([]);
    const counts = gateway.counts();
    expect((counts.get('all//v1/2xx') ?? 0) + (counts.get('all//v2/fallback') ?? 0)).toBe(2_000);
    expect(counts.get('all//v2/fallback')).toBeGreaterThan(800);
    expect(v1.requests).toBe(2_000);
  });

  it('killed under load costs only requests of which something was sent', async () => {
    await using v1 = await namedOrigin('v1');
    await using v2 = await httpOrigin((request, response) => {
      request.resume();
      request.once('end', () => response.end('v2'));
      if (v2.requests === 500) void v2[Symbol.asyncDispose]();
    });
    const route = { split: { v1: 50, v2: 50 }, fallback: 'v1' };
    await using gateway = await startGateway(configText({ versions: { v1: v1.url, v2: v2.url }, route }));
    const answers = await load({
      port: gateway.port(),
      requests: 3_000,
      connections: 8,
      request: () => post('/', 'hello'),
    });
    const failed = answers.filter(({ status }) => status !== 200);
    // At most one request a connection was under way on the canary when it died.
    expect(failed.length).toBeLessThanOrEqual(8);
    expect(failed.every(({ status }) => status === 502)).toBe(true);
    expect(answers.slice(-500).every(({ body }) => body === 'v1')).toBe(true);
  });

  it('is 502 where no fallback is set', async () => {
    const dead = `http://127.0.0.1:${await closedPort()}`;
    await using gateway = await startGateway(configText({ versions: { v1: dead } }));
    const answers = await load({ port: gateway.port(), requests: 20, request: () => post('/', 'x') });
    expect(answers.every(({ status }) => status === 502)).toBe(true);
  });

  it('leaves x-gray-version naming the one that answered', async () => {
    await using v1 = await answeringOrigin(() => okAnswer('v1'));
    const dead = `http://127.0.0.1:${await closedPort()}`;
    const route = { split: { v1: 0, v2: 100 }, fallback: 'v1', decisionHeaders: true };
    await using gateway = await startGateway(configText({ versions: { v1: v1.url, v2: dead }, route }));
    await using client = await rawClient(gateway.port());
    client.request('POST /', ['Content-Length: 2'], 'hi');
    expect(fieldOf(await client.answer(), 'x-gray-version')).toBe('v1');
    expect(v1.requests()[0]?.body.toString()).toBe('hi');
  });
});

it('a POST of which octets were sent is not sent again, fallback or not', async () => {
  await using v1 = await answeringOrigin(() => okAnswer('v1'));
  await using v2 = await scriptedOrigin(async (connection) => {
    await connection.request();
    connection.reset();
  });
  const route = { split: { v1: 0, v2: 100 }, fallback: 'v1' };
  await using gateway = await startGateway(configText({ versions: { v1: v1.url, v2: v2.url }, route }));
  await using client = await rawClient(gateway.port());
  client.request('POST /', ['Content-Length: 2'], 'hi');
  expect((await client.answer()).status).toBe(502);
  expect(v1.connections).toEqual([]);
});

it('all endpoints of a version are tried before its fallback', async () => {
  await using alive = await namedOrigin('v2');
  await using v1 = await namedOrigin('v1');
  const dead = `http://127.0.0.1:${await closedPort()}`;
  const route = { split: { v1: 0, v2: 100 }, fallback: 'v1' };
  await using gateway = await startGateway(configText({ versions: { v1: v1.url, v2: [dead, alive.url] }, route }));
  const answers = await load({ port: gateway.port(), requests: 100, request: () => post('/', 'x') });
  expect(answers.every(({ body }) => body === 'v2')).toBe(true);
});
