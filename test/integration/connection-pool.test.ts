import { describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { configText, startGateway } from '../support/gateway.ts';
import { httpOrigin, namedOrigin } from '../support/http-origin.ts';
import { get, load, tally } from '../support/load.ts';
import { type RawClient, rawClient } from '../support/raw-peer.ts';

/** The most connections to a version, the queue in front of them, and what happens beyond. */

/** Answers when it is told to. */
async function patient() {
  const held: (() => void)[] = [];
  const origin = await httpOrigin((request, response) => void held.push(() => response.end(request.url)));
  const release = (): void => {
    for (const answer of held.splice(0)) answer();
  };
  return Object.assign(origin, { held, release });
}

async function clients(port: number, count: number, stack: AsyncDisposableStack): Promise<RawClient[]> {
  const all: RawClient[] = [];
  for (let place = 0; place < count; place++) all.push(stack.use(await rawClient(port)));
  return all;
}

describe('a version', () => {
  it('has no more connections than it may, and those in the queue are served in order', async () => {
    await using origin = await patient();
    await using gateway = await startGateway(
      configText({ versions: { v1: origin.url }, service: { pool: { maxConnections: 2, pendingTimeout: '10s' } } }),
    );
    await using stack = new AsyncDisposableStack();
    const waiting = await clients(gateway.port(), 6, stack);
    for (const [place, client] of waiting.entries()) {
      client.request(`GET /${place}`);
      await eventually(() => {
        const [pool] = gateway.plane.pools();
        expect((pool?.active ?? 0) + (pool?.pending ?? 0)).toBe(place + 1);
      });
    }
    expect(gateway.plane.pools()).toEqual([{ service: 'app', version: 'v1', active: 2, idle: 0, pending: 4 }]);
    for (let round = 0; round < 3; round++) {
      await eventually(() => expect(origin.held).toHaveLength(2));
      origin.release();
      for (const place of [2 * round, 2 * round + 1])
        expect((await waiting[place]!.answer()).body.toString()).toBe(`/${place}`);
    }
    expect(gateway.plane.pools()).toEqual([{ service: 'app', version: 'v1', active: 0, idle: 2, pending: 0 }]);
  });

  it('whose queue is full answers 503 within 5 ms', async () => {
    await using origin = await patient();
    const pool = { maxConnections: 1, maxPending: 1, pendingTimeout: '10s' };
    await using gateway = await startGateway(configText({ versions: { v1: origin.url }, service: { pool } }));
    await using stack = new AsyncDisposableStack();
    const [first, second, probe] = (await clients(gateway.port(), 3, stack)) as [RawClient, RawClient, RawClient];
    first.request('GET /');
    await eventually(() => expect(origin.held).toHaveLength(1));
    second.request('GET /');
    await eventually(() => expect(gateway.plane.pools()[0]?.pending).toBe(1));
    const took: number[] = [];
    for (let round = 0; round < 50; round++) {
      const startedAt = performance.now();
      probe.request('GET /');
      const answer = await probe.answer();
      took.push(performance.now() - startedAt);
      expect([answer.status, JSON.parse(answer.body.toString()).error.code]).toEqual([503, 'queue-full']);
    }
    expect(took.sort((a, b) => a - b)[25]).toBeLessThan(5);
    origin.release();
    await first.answer();
    await eventually(() => expect(origin.held).toHaveLength(1));
    origin.release();
    expect((await second.answer()).status).toBe(200);
  });

  it('lets nobody wait in the queue for longer than it may', async () => {
    await using origin = await patient();
    const pool = { maxConnections: 1, pendingTimeout: '150ms' };
    await using gateway = await startGateway(configText({ versions: { v1: origin.url }, service: { pool } }));
    await using stack = new AsyncDisposableStack();
    const [first, second] = (await clients(gateway.port(), 2, stack)) as [RawClient, RawClient];
    first.request('GET /');
    await eventually(() => expect(origin.held).toHaveLength(1));
    second.request('GET /');
    const answer = await second.answer();
    expect([answer.status, JSON.parse(answer.body.toString()).error.code]).toEqual([503, 'queue-timeout']);
    expect(gateway.plane.pools()[0]?.pending).toBe(0);
    origin.release();
  });

  it('gives each of N workers its part of the limits, rounded up', async () => {
    await using origin = await patient();
    const pool = { maxConnections: 5, maxPending: 4, pendingTimeout: '10s' };
    await using gateway = await startGateway(configText({ versions: { v1: origin.url }, service: { pool } }), {
      plane: { workers: 3 },
    });
    await using stack = new AsyncDisposableStack();
    for (const client of await clients(gateway.port(), 8, stack)) client.request('GET /');
    await eventually(() =>
      expect(gateway.plane.pools()).toEqual([{ service: 'app', version: 'v1', active: 2, idle: 0, pending: 2 }]),
    );
    origin.release();
  });

  it('at its limit gives up an idle connection to one endpoint for a busy other', async () => {
    await using a = await namedOrigin('a');
    await using b = await namedOrigin('b');
    const service = { pool: { maxConnections: 1 }, balance: 'round-robin' };
    await using gateway = await startGateway(configText({ versions: { v1: [a.url, b.url] }, service }));
    const answers = await load({ port: gateway.port(), requests: 20, connections: 1, request: () => get('/') });
    expect(tally(answers.map(({ body }) => body))).toEqual({ a: 10, b: 10 });
    await eventually(() => expect(gateway.plane.held().upstreamConnections).toBe(1));
  });

  it('lets go of those who wait for an endpoint that is taken out', async () => {
    await using origin = await patient();
    const service = { pool: { maxConnections: 1, pendingTimeout: '10s' } };
    await using gateway = await startGateway(configText({ versions: { v1: origin.url }, service }));
    await using stack = new AsyncDisposableStack();
    const [first, second] = (await clients(gateway.port(), 2, stack)) as [RawClient, RawClient];
    first.request('GET /');
    await eventually(() => expect(origin.held).toHaveLength(1));
    second.request('GET /');
    await eventually(() => expect(gateway.plane.pools()[0]?.pending).toBe(1));
    await gateway.install(configText({ versions: { v1: origin.url }, service }), { drained: [origin.url] });
    expect((await second.answer()).status).toBe(503);
    origin.release();
    expect((await first.answer()).status).toBe(200);
  });
});
