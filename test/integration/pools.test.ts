import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { configText, startGateway } from '../support/gateway.ts';
import { get, load, tally } from '../support/load.ts';
import { rawClient, scriptedOrigin } from '../support/raw-peer.ts';
import { fieldOf } from '../support/strict-message.ts';

/** Connections to a version: bounded, queued within bounds, and kept no longer than they are good. */

describe('a full pool', () => {
  it('queues up to its bound and its time, and refuses the rest at once', async () => {
    await using origin = await scriptedOrigin(() => {});
    const service = { pool: { maxConnections: 2, maxPending: 1, pendingTimeout: '300ms' } };
    await using gateway = await startGateway(configText({ versions: { v1: origin.url }, service }));
    await using first = await rawClient(gateway.port());
    await using second = await rawClient(gateway.port());
    await using queued = await rawClient(gateway.port());
    await using refused = await rawClient(gateway.port());
    for (const client of [first, second]) client.request('GET /');
    while (origin.connections.length < 2) await new Promise((resolve) => setImmediate(resolve));
    queued.request('GET /');
    while (gateway.plane.pools()[0]?.pending !== 1) await new Promise((resolve) => setImmediate(resolve));
    refused.request('GET /');
    const answer = await refused.answer();
    expect([answer.status, fieldOf(answer, 'retry-after')]).toEqual([503, '1']);
    expect(queued.answers().final).toEqual([]);
    expect((await queued.answer()).status).toBe(503);
    expect(origin.connections).toHaveLength(2);
  });
});

describe('an upstream that closes kept connections after 1 to 20 ms', () => {
  it('costs 5,000 GETs on kept client connections nothing', async () => {
    const timers = new Set<NodeJS.Timeout>();
    const server = createServer({ keepAliveTimeout: 0 }, ({ socket }, response) => {
      response.end('ok', () => timers.add(setTimeout(() => socket.destroy(), 1 + Math.random() * 19)));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await using gateway = await startGateway(configText({ versions: { v1: url } }));
    const lane = async (): Promise<string[]> => {
      const statuses: string[] = [];
      for (let round = 0; round < 50; round++) {
        const answers = await load({ port: gateway.port(), requests: 10, connections: 1, request: () => get('/') });
        statuses.push(...answers.map(({ status }) => String(status)));
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 20));
      }
      return statuses;
    };
    const statuses = (await Promise.all(Array.from({ length: 10 }, lane))).flat();
    for (const timer of timers) clearTimeout(timer);
    server.closeAllConnections();
    server.close();
    expect(tally(statuses)).toEqual({ 200: 5_000 });
  });
});
