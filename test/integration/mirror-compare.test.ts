import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { isReal } from '../../src/core/comparing/standing.ts';
import { comparisonSummary } from '../../src/telemetry/comparison-summary.ts';
import type { ComparisonGroupTotal, ComparisonTotal } from '../../src/telemetry/comparison-totals.ts';
import { quantile } from '../../src/telemetry/duration-histogram.ts';
import { eventually } from '../support/eventually.ts';
import { configText, type Gateway, startGateway } from '../support/gateway.ts';
import { type HttpOrigin, httpOrigin, namedOrigin } from '../support/http-origin.ts';
import { get, load, post, tally } from '../support/load.ts';
import { settled } from '../support/mirrors.ts';
import { closedPort, rawClient, scriptedOrigin } from '../support/raw-peer.ts';

/** Answers of a shadow held against the primary's: what is found, what is skipped, and that nobody waits for it. */

/** Answers every request with this value as JSON, made anew for each. */
function jsonOrigin(
  make: (path: string) => unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<HttpOrigin> {
  return httpOrigin((request, response) => {
    request.resume();
    response.setHeader('content-type', 'application/json');
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    const body = Buffer.from(JSON.stringify(make(request.url!)));
    response.end(headers['content-encoding'] === 'gzip' ? gzipSync(body) : body);
  });
}

/** Resolves once every copy that was sent was compared, or skipped with a reason. */
function compared(gateway: Gateway): Promise<ComparisonTotal> {
  return eventually(async () => {
    const { sent } = await settled(gateway);
    const total = gateway.comparison('all', 'v3')!;
    const { compared: pairs, skipped } = comparisonSummary(total);
    expect(pairs + Object.values(skipped).reduce((sum, count) => sum + count, 0)).toBe(sent);
    return total;
  });
}

function groupOf(total: ComparisonTotal, name: string): ComparisonGroupTotal {
  const group = total.groups.get(name);
  if (group === undefined) throw new Error(`no ${name} among ${[...total.groups.keys()].join(', ')}`);
  return group;
}

/** Fields that really differ, with their counts. */
function realFields({ fields, compared: pairs }: ComparisonGroupTotal): Record<string, number> {
  const real = [...fields.values()].filter(({ raw, noise }) => isReal({ raw, noise, compared: pairs }));
  return Object.fromEntries(real.map(({ field, raw }) => [field, raw]));
}

const COMPARE = { to: 'v3', methods: ['GET', 'POST'], compare: true };

describe('comparing finds', () => {
  it('nothing between answers that mean the same', async () => {
    await using v1 = await jsonOrigin((path) => ({ path, list: [1, 2], at: 'x' }), {
      'x-request-id': 'a',
      etag: '"1"',
    });
    await using v3 = await jsonOrigin((path) => ({ at: 'x', list: [1, 2], path }), {
      'x-request-id': 'b',
      etag: '"2"',
    });
    const text = configText({ versions: { v1: v1.url, v3: v3.url }, route: { mirror: COMPARE } });
    await using gateway = await startGateway(text);
    await load({
      port: gateway.port(),
      requests: 90,
      request: (at) => (at % 3 === 0 ? post(`/orders/${at}`, 'x') : get(`/orders/${at}`)),
    });
    const total = await compared(gateway);
    expect(comparisonSummary(total)).toMatchObject({
      compared: 90,
      same: 90,
      different: 0,
      skipped: {},
      differingFields: 0,
    });
    expect([...total.groups.keys()].sort()).toEqual(['GET /orders/*', 'POST /orders/*']);
    expect(groupOf(total, 'GET /orders/*').compared).toBe(60);
  });

  it('status, headers and fields, by method and path, with a few samples', async () => {
    await using v1 = await jsonOrigin((path) => ({ path, price: 10, items: [{ id: 1, color: 'black' }] }), {
      'x-mode': 'a',
    });
    await using v3 = await httpOrigin((request, response) => {
      request.resume();
      if (request.url === '/missing') response.statusCode = 404;
      response.setHeader('content-type', 'application/json');
      response.setHeader('x-mode', 'b');
      response.end(JSON.stringify({ path: request.url, price: 10, items: [{ id: 1, color: 'red' }], extra: true }));
    });
    const text = configText({ versions: { v1: v1.url, v3: v3.url }, route: { mirror: COMPARE } });
    await using gateway = await startGateway(text);
    await load({
      port: gateway.port(),
      requests: 40,
      request: (at) => get(at % 2 === 0 ? '/missing' : `/orders/${at}`),
    });
    const total = await compared(gateway);
    expect(realFields(groupOf(total, 'GET /orders/*'))).toEqual({
      'header:x-mode': 20,
      '/items/*/color': 20,
      '/extra': 20,
    });
    expect(Object.keys(realFields(groupOf(total, 'GET /missing')))).toContain('status');
    const { samples } = groupOf(total, 'GET /orders/*').fields.get('/items/*/color')!;
    expect(samples).toHaveLength(5);
    expect(samples[0]).toMatchObject({ answeredBy: 'v1', primary: '"black"', shadow: '"red"' });
    expect(samples[0]!.requestId).not.toBe('');
    expect(groupOf(total, 'GET /orders/*').fields.get('/extra')!.samples[0]).toMatchObject({
      primary: null,
      shadow: 'true',
    });
  });

  it('what lies in compressed answers', async () => {
    await using v1 = await jsonOrigin(() => ({ a: 1, b: 2 }), { 'content-encoding': 'gzip' });
    await using v3 = await jsonOrigin(() => ({ a: 1, b: 3 }), { 'content-encoding': 'gzip' });
    const text = configText({ versions: { v1: v1.url, v3: v3.url }, route: { mirror: COMPARE } });
    await using gateway = await startGateway(text);
    await load({ port: gateway.port(), requests: 10, request: () => get('/') });
    expect(realFields(groupOf(await compared(gateway), 'GET /'))).toEqual({ '/b': 10 });
  });

  it('nothing in what is ignored, and only chosen headers', async () => {
    await using v1 = await jsonOrigin(() => ({ at: Math.random(), items: [{ id: Math.random(), n: 1 }] }), {
      'x-a': '1',
      'x-b': '1',
    });
    await using v3 = await jsonOrigin(() => ({ at: Math.random(), items: [{ id: Math.random(), n: 1 }] }), {
      'x-a': '2',
      'x-b': '2',
    });
    const compare = { ignore: ['/at', '/items/*/id'], headers: ['x-b'] };
    const text = configText({ versions: { v1: v1.url, v3: v3.url }, route: { mirror: { to: 'v3', compare } } });
    await using gateway = await startGateway(text);
    await load({ port: gateway.port(), requests: 20, request: () => get('/') });
    expect(realFields(groupOf(await compared(gateway), 'GET /'))).toEqual({ 'header:x-b': 20 });
  });

  it('how long both take', async () => {
    await using v1 = await namedOrigin('same');
    await using v3 = await httpOrigin((_, response) => void setTimeout(() => response.end('same'), 40));
    const text = configText({ versions: { v1: v1.url, v3: v3.url }, route: { mirror: COMPARE } });
    await using gateway = await startGateway(text);
    await load({ port: gateway.port(), requests: 40, connections: 4, request: () => get('/') });
    const { durations } = comparisonSummary(await compared(gateway));
    expect(quantile(durations.shadow.buckets, 0.5)!).toBeGreaterThan(35_000);
    expect(quantile(durations.primary.buckets, 0.5)!).toBeLessThan(quantile(durations.shadow.buckets, 0.5)!);
  });
});

describe('a baseline', () => {
  it('takes the noise out, and leaves what is real', async () => {
    let count = 0;
    const noisy = (color: string) => () => ({ color, at: count++, sometimes: Math.random() < 0.5 });
    await using v2 = await jsonOrigin(noisy('black'));
    await using second = await jsonOrigin(noisy('black'));
    await using v3 = await jsonOrigin(noisy('red'));
    const route = { mirror: { to: 'v3', compare: { baseline: 'v2' } } };
    const text = configText({ versions: { v2: [v2.url, second.url], v3: v3.url }, route });
    await using gateway = await startGateway(text);
    await load({ port: gateway.port(), requests: 600, connections: 4, request: () => get('/') });
    const total = await compared(gateway);
    const group = groupOf(total, 'GET /');
    expect([...group.fields.keys()].sort()).toEqual(['/at', '/color', '/sometimes']);
    expect(Object.keys(realFields(group))).toEqual(['/color']);
    // Where this machine is too slow, some are skipped as `busy`.
    expect(group.compared).toBeGreaterThan(100);
    expect(group.fields.get('/at')).toMatchObject({ raw: group.compared, noise: group.compared });
    // A second copy is made only where a comparison is.
    const { eligible, sent, answered } = await settled(gateway, 'v3/baseline');
    expect([sent, answered]).toEqual([eligible, eligible]);
    expect(eligible).toBe(600 - (total.skipped.busy ?? 0));
    expect(v2.requests + second.requests).toBe(600 + eligible);
    expect([...gateway.counts().keys()]).toEqual(['all//v2/2xx']);
  });

  it('answers from another instance than the one that answered, where there is one', async () => {
    const first = await jsonOrigin(() => ({ instance: 1 }));
    const second = await jsonOrigin(() => ({ instance: 2 }));
    await using _first = first;
    await using _second = second;
    await using v3 = await jsonOrigin(() => ({ instance: 3 }));
    const route = { mirror: { to: 'v3', compare: { baseline: 'v2' } } };
    const text = configText({ versions: { v2: [first.url, second.url], v3: v3.url }, route });
    await using gateway = await startGateway(text);
    // Warm, so that it is known where each request goes when its copies leave.
    await load({ port: gateway.port(), requests: 20, connections: 2, request: () => get('/warm') });
    await compared(gateway);
    await load({ port: gateway.port(), requests: 50, connections: 1, request: () => get('/') });
    const { fields } = groupOf(await compared(gateway), 'GET /');
    expect(fields.get('/instance')).toMatchObject({ raw: 50, noise: 50 });
  });

  it('that cannot be asked, or is not the version that answered, is said; the shadow has its copies all the same', async () => {
    await using v1 = await namedOrigin('same');
    await using v3 = await namedOrigin('same');
    const dead = `http://127.0.0.1:${await closedPort()}`;
    const route = {
      rules: [{ name: 'two', when: { path: '/two' }, to: 'v2' }],
      mirror: { to: 'v3', compare: { baseline: 'v2' } },
    };
    const versions = { v1: v1.url, v2: [v1.url, dead], v3: v3.url };
    await using gateway = await startGateway(configText({ versions, route, service: { balance: 'round-robin' } }));
    await load({ port: gateway.port(), requests: 10, request: () => get('/one') });
    const total = await compared(gateway);
    expect(total.skipped).toEqual({ 'other-version': 10 });
    expect(await settled(gateway)).toMatchObject({ sent: 10, answered: 10 });
  });
});

describe('not compared, and counted, are', () => {
  it('answers of a shadow that fails, or of a primary that does', async () => {
    await using v1 = await scriptedOrigin(async (connection) => {
      const { target } = await connection.request();
      if (target === '/cut') connection.send('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhal');
      connection.finish();
    });
    await using v3 = await namedOrigin('v3');
    await using gateway = await startGateway(
      configText({ versions: { v1: v1.url, v3: v3.url }, route: { mirror: COMPARE } }),
    );
    for (const path of ['/cut', '/none']) {
      await using client = await rawClient(gateway.port());
      client.request(`GET ${path}`);
      await client.until(() => client.ended || client.answers().final.length > 0);
    }
    expect((await compared(gateway)).skipped).toEqual({ 'primary-failed': 2 });
    await using other = await namedOrigin('v1');
    await gateway.install(
      configText({
        versions: { v1: other.url, v3: `http://127.0.0.1:${await closedPort()}` },
        route: { mirror: COMPARE },
      }),
    );
    await load({ port: gateway.port(), requests: 3, connections: 1, request: () => get('/') });
    expect((await compared(gateway)).skipped).toEqual({ 'primary-failed': 2, 'shadow-failed': 3 });
  });

  it('answers that are too large, of which nothing is kept', async () => {
    await using v1 = await namedOrigin('x'.repeat(20_000));
    await using v3 = await namedOrigin('y');
    const route = { mirror: { to: 'v3', compare: { maxBody: '16KiB' } } };
    await using gateway = await startGateway(configText({ versions: { v1: v1.url, v3: v3.url }, route }));
    const answers = await load({ port: gateway.port(), requests: 10, request: () => get('/') });
    expect(tally(answers.map(({ body }) => `${body.length}`))).toEqual({ 20000: 10 });
    expect((await compared(gateway)).skipped).toEqual({ 'answer-too-large': 10 });
  });

  it('streams that do not end, which hold nothing', async () => {
    await using v1 = await scriptedOrigin(async (connection) => {
      await connection.head();
      connection.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n');
    });
    await using v3 = await namedOrigin('v3');
    const route = { mirror: { to: 'v3', compare: true, timeout: '200ms' } };
    await using gateway = await startGateway(configText({ versions: { v1: v1.url, v3: v3.url }, route }));
    await using client = await rawClient(gateway.port());
    client.request('GET /stream');
    await client.waitFor(/hello/);
    expect((await compared(gateway)).skipped).toEqual({ 'primary-slow': 1 });
    expect(client.ended).toBe(false);
  });

  it('what finds no room among all copies', async () => {
    await using v1 = await namedOrigin('x'.repeat(10_000));
    await using v3 = await namedOrigin('x'.repeat(10_000));
    await using gateway = await startGateway(
      configText({
        versions: { v1: v1.url, v3: v3.url },
        route: { mirror: COMPARE },
        top: { mirroring: { bytes: '8KiB' } },
      }),
    );
    const answers = await load({ port: gateway.port(), requests: 30, request: () => get('/') });
    expect(tally(answers.map(({ body }) => `${body.length}`))).toEqual({ 10000: 30 });
    expect((await compared(gateway)).skipped).toEqual({ bytes: 30 });
  });
});

it('the primary answers as it would without: bodies of every framing, whole and in order', async () => {
  const bodyOf = (path: string) => path.repeat(Number(path.split('/')[2]));
  await using v1 = await httpOrigin((request, response) => {
    request.resume();
    const body = bodyOf(request.url!);
    if (request.url!.startsWith('/length')) response.setHeader('content-length', body.length);
    for (let at = 0; at < body.length; at += 7_000) response.write(body.slice(at, at + 7_000));
    response.end();
  });
  await using v3 = await namedOrigin('other');
  await using gateway = await startGateway(
    configText({ versions: { v1: v1.url, v3: v3.url }, route: { mirror: COMPARE } }),
  );
  await using client = await rawClient(gateway.port());
  const paths = ['/length', '/chunked'].flatMap((kind) =>
    [0, 1, 100, 1_500, 9_000, 40_000].map((times) => `${kind}/${times}`),
  );
  for (const path of paths) client.request(`GET ${path}`);
  for (const [at, path] of paths.entries())
    expect((await client.answer(at)).body.toString() === bodyOf(path)).toBe(true);
  const total = await compared(gateway);
  expect(total.skipped).toEqual({ 'answer-too-large': 4 });
});
