import { once } from 'node:events';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { configText, startGateway } from '../support/gateway.ts';
import { type HttpOrigin, httpOrigin, namedOrigin } from '../support/http-origin.ts';
import { get, load, tally } from '../support/load.ts';
import { rawClient } from '../support/raw-peer.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

/** Several endpoints of one version: each gets its share, by the rule that the service chose. */

async function three(): Promise<AsyncDisposableStack & { readonly urls: string[] }> {
  const stack = new AsyncDisposableStack();
  const origins: HttpOrigin[] = [];
  for (const name of ['a', 'b', 'c']) origins.push(stack.use(await namedOrigin(name)));
  return Object.assign(stack, { urls: origins.map(({ url }) => url) });
}

async function spread(port: number, requests: number, lines: (place: number) => string[] = () => []) {
  const answers = await load({ port, requests, connections: 8, request: (place) => get('/', lines(place)) });
  expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
  return answers.map(({ body }) => body);
}

describe('balance', () => {
  it('round-robin goes round, by weight', async () => {
    await using origins = await three();
    const [a, b, c] = origins.urls as [string, string, string];
    const versions = { v1: [a, b, { url: c, weight: 2 }] };
    await using gateway = await startGateway(configText({ versions, service: { balance: 'round-robin' } }));
    expect(tally(await spread(gateway.port(), 400))).toEqual({ a: 100, b: 100, c: 200 });
  });

  it.each(['random', 'least-request'])('%s follows the weights', async (balance) => {
    await using origins = await three();
    const [a, b, c] = origins.urls as [string, string, string];
    await using gateway = await startGateway(
      configText({ versions: { v1: [a, b, { url: c, weight: 2 }] }, service: { balance } }),
    );
    const counts = tally(await spread(gateway.port(), 2_000));
    // 4 standard deviations of 2,000 draws with p = 1/4, and more for the load that least-request looks at.
    for (const name of ['a', 'b']) expect(Math.abs(counts[name]! - 500)).toBeLessThan(balance === 'random' ? 80 : 200);
  });

  it('least-request leaves an endpoint alone that is slow', async () => {
    const held: (() => void)[] = [];
    await using slow = await httpOrigin((_, response) => void held.push(() => response.end('slow')));
    await using fast = await namedOrigin('fast');
    await using gateway = await startGateway(
      configText({ versions: { v1: [slow.url, fast.url] }, service: { balance: 'least-request' } }),
    );
    const waiting = await Promise.all(Array.from({ length: 8 }, () => rawClient(gateway.port())));
    for (const client of waiting) client.request('GET /');
    while (slow.requests + fast.requests < 8) await new Promise((resolve) => setImmediate(resolve));
    const before = slow.requests;
    for (let request = 0; request < 20; request++) expect(await one(gateway.port())).toBe('fast');
    expect(slow.requests).toBe(before);
    for (const release of held) release();
    for (const client of waiting) await client[Symbol.asyncDispose]();
  });

  it.each([
    ['header', { header: 'x-session' }, (user: number) => [`x-session: s-${user}`]],
    ['cookie', { cookie: 'session' }, (user: number) => [`Cookie: session=s-${user}`]],
  ])('hash of a %s keeps a key with its endpoint, and spreads the keys', async (_, hash, lines) => {
    await using origins = await three();
    await using gateway = await startGateway(
      configText({ versions: { v1: origins.urls }, service: { balance: { hash } } }),
    );
    const bodies = await spread(gateway.port(), 1_500, (place) => lines(place % 300));
    for (let user = 0; user < 300; user++) {
      expect(new Set(bodies.filter((_, place) => place % 300 === user)).size).toBe(1);
    }
    const counts = tally(bodies);
    for (const name of ['a', 'b', 'c']) expect(counts[name]).toBeGreaterThan(300);
  });

  it('hash is of the key that balance names, not of the one that the route is sticky by', async () => {
    await using origins = await three();
    const service = { balance: { hash: { header: 'x-session' } } };
    const route = { sticky: [{ header: 'x-user' }] };
    await using gateway = await startGateway(configText({ versions: { v1: origins.urls }, service, route }));
    const bodies = await spread(gateway.port(), 300, (place) => ['x-session: one', `x-user: u-${place}`]);
    expect(new Set(bodies).size).toBe(1);
  });

  it('a key whose endpoint is gone moves, the others stay', async () => {
    await using origins = await three();
    const text = (urls: readonly string[]): string =>
      configText({ versions: { v1: urls }, service: { balance: { hash: { header: 'x-session' } } } });
    await using gateway = await startGateway(text(origins.urls));
    const lines = (place: number): string[] => [`x-session: s-${place}`];
    const before = await spread(gateway.port(), 300, lines);
    await gateway.install(text(origins.urls.slice(0, 2)));
    const after = await spread(gateway.port(), 300, lines);
    expect(before.every((name, place) => name === 'c' || name === after[place])).toBe(true);
    expect(after).not.toContain('c');
  });

  it('gives nothing to an endpoint of weight 0', async () => {
    await using origins = await three();
    const [a, b, c] = origins.urls as [string, string, string];
    for (const balance of ['round-robin', 'random', 'least-request', { hash: { header: 'x-session' } }]) {
      const versions = { v1: [a, b, { url: c, weight: 0 }] };
      await using gateway = await startGateway(configText({ versions, service: { balance } }));
      const bodies = await spread(gateway.port(), 200, (place) => [`x-session: ${place}`]);
      expect(Object.keys(tally(bodies)).sort()).toEqual(['a', 'b']);
    }
  });

  it('goes on with its round through a reload', async () => {
    await using origins = await three();
    const text = configText({ versions: { v1: origins.urls }, service: { balance: 'round-robin' } });
    await using gateway = await startGateway(text);
    const bodies: string[] = [];
    for (let round = 0; round < 9; round++) {
      bodies.push(await one(gateway.port()));
      await gateway.install(text);
    }
    expect(tally(bodies)).toEqual({ a: 3, b: 3, c: 3 });
  });
});

it('a unix socket is an endpoint like any other', async () => {
  const path = join(temporaryDirectory(), 'app.sock');
  const server = createServer((request, response) => void response.end(`unix ${request.url}`)).listen(path);
  await once(server, 'listening');
  try {
    await using gateway = await startGateway(configText({ versions: { v1: `unix:${path}` } }));
    const answers = await load({ port: gateway.port(), requests: 50, request: (place) => get(`/${place}`) });
    expect(answers.map(({ body }) => body)).toEqual(Array.from({ length: 50 }, (_, place) => `unix /${place}`));
    expect(gateway.plane.endpoints()).toEqual([
      { service: 'app', version: 'v1', url: `unix:${path}`, usable: true, reason: '' },
    ]);
  } finally {
    server.close();
    server.closeAllConnections();
  }
});

async function one(port: number): Promise<string> {
  await using client = await rawClient(port);
  client.request('GET /');
  return (await client.answer()).body.toString();
}
