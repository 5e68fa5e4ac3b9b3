import { describe, expect, it } from 'vitest';
import { AccessLines } from '../support/access-lines.ts';
import { eventually } from '../support/eventually.ts';
import { configText, startGateway } from '../support/gateway.ts';
import { httpOrigin, namedOrigin } from '../support/http-origin.ts';
import { get, load } from '../support/load.ts';
import { answeringOrigin, closedPort, okAnswer, rawClient, scriptedOrigin } from '../support/raw-peer.ts';
import { fieldOf, fieldsOf } from '../support/strict-message.ts';

/** What the access log says of real requests: each field, each way to end, each choice of what is logged. */

const TRACE_PARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-00$/;
const GIVEN = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

describe('a line', () => {
  it('tells all of a request that was answered', async () => {
    await using origin = await namedOrigin('an answer');
    await using gateway = await startGateway(
      configText({
        versions: { v1: origin.url, v2: 'http://127.0.0.1:1' },
        route: { rules: [{ name: 'beta', when: { header: { 'x-beta': '1' } }, to: 'v1' }], split: { v2: 1 } },
      }),
    );
    await using log = new AccessLines(gateway);
    await using client = await rawClient(gateway.port());
    const before = Date.now();
    const lines = [
      'Host: Shop.Example:80',
      'X-Beta: 1',
      'X-Request-Id: r-1',
      `Traceparent: ${GIVEN}`,
      'Content-Length: 5',
    ];
    client.request('POST /cart/%C3%BC?a=1&b=%22', lines, 'hello');
    await client.answer();
    const line = await log.one();
    expect(line).toEqual({
      time: expect.any(String),
      listener: 'edge',
      client: '127.0.0.1',
      method: 'POST',
      host: 'shop.example',
      path: '/cart/%C3%BC',
      query: 'a=1&b=%22',
      status: 200,
      route: 'all',
      rule: 'beta',
      version: 'v1',
      intended: 'v1',
      reason: 'rule',
      endpoint: origin.url,
      attempts: 1,
      bytesIn: 5,
      bytesOut: 9,
      durationMs: expect.any(Number),
      firstByteMs: expect.any(Number),
      requestId: 'r-1',
      traceId: '0af7651916cd43dd8448eb211c80319c',
      error: null,
    });
    expect(Date.parse(line['time'] as string)).toBeGreaterThanOrEqual(before - 1);
    expect(Date.parse(line['time'] as string)).toBeLessThanOrEqual(Date.now());
    expect(line['durationMs']).toBeGreaterThanOrEqual(line['firstByteMs'] as number);
    expect(line['firstByteMs']).toBeGreaterThan(0);
  });

  it('counts payloads without their framing', async () => {
    await using origin = await httpOrigin((request, response) => {
      request.resume().once('end', () => {
        response.write('first ');
        response.end('second');
      });
    });
    await using gateway = await startGateway(configText({ versions: { v1: origin.url } }));
    await using log = new AccessLines(gateway);
    await using client = await rawClient(gateway.port());
    client.request('POST /', ['Transfer-Encoding: chunked'], '3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n');
    await client.answer();
    expect(await log.one()).toMatchObject({ bytesIn: 7, bytesOut: 12 });
  });

  it('names the version that helped out and the one that was meant, and every try', async () => {
    await using origin = await namedOrigin('v1');
    const dead = `http://127.0.0.1:${await closedPort()}`;
    await using gateway = await startGateway(
      configText({ versions: { v1: origin.url, v2: dead }, route: { split: { v2: 1 }, stable: 'v1', fallback: 'v1' } }),
    );
    await using log = new AccessLines(gateway, 'errors');
    await load({ port: gateway.port(), requests: 1, request: () => get('/') });
    expect(await log.one()).toMatchObject({
      status: 200,
      version: 'v1',
      intended: 'v2',
      reason: 'single',
      endpoint: origin.url,
      attempts: 2,
      error: null,
    });
  });

  it('says why there was no answer', async () => {
    const dead = `http://127.0.0.1:${await closedPort()}`;
    await using gateway = await startGateway(configText({ versions: { v1: dead } }));
    await using log = new AccessLines(gateway);
    await using client = await rawClient(gateway.port());
    client.request('GET /');
    const { body } = await client.answer();
    expect(await log.one()).toMatchObject({
      status: 502,
      version: null,
      intended: 'v1',
      endpoint: dead,
      attempts: 1,
      bytesOut: body.length,
      firstByteMs: null,
      error: 'connect-refused',
    });
  });

  it('tells of an answer that was cut by the status that was sent', async () => {
    await using origin = await scriptedOrigin(async (connection) => {
      await connection.head();
      connection.send('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf');
    });
    await using gateway = await startGateway(configText({ versions: { v1: origin.url } }));
    await using log = new AccessLines(gateway);
    await using client = await rawClient(gateway.port());
    client.request('GET /');
    await client.waitFor(/half$/);
    origin.connections[0]!.reset();
    await client.waitForEnd();
    expect(await log.one()).toMatchObject({ status: 200, version: 'v1', bytesOut: 4, error: 'upstream-reset' });
  });

  it('has status 499 when the client left before it was told anything', async () => {
    await using origin = await scriptedOrigin(async (connection) => {
      await connection.head();
    });
    await using gateway = await startGateway(configText({ versions: { v1: origin.url } }));
    await using log = new AccessLines(gateway);
    const client = await rawClient(gateway.port());
    client.request('GET /');
    await eventually(() => expect(origin.connections).toHaveLength(1));
    await origin.connections[0]!.head();
    client.reset();
    expect(await log.one()).toMatchObject({ status: 499, version: null, intended: 'v1', error: 'client-gone' });
    await client[Symbol.asyncDispose]();
  });

  it('of a WebSocket comes at its end, with all that went through it', async () => {
    await using origin = await scriptedOrigin(async (connection) => {
      await connection.head();
      connection.send(
        'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n',
      );
      connection.send('welcome');
    });
    await using gateway = await startGateway(configText({ versions: { v1: origin.url } }));
    await using log = new AccessLines(gateway);
    await using client = await rawClient(gateway.port());
    client.request('GET /chat', [
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ]);
    await client.waitFor(/welcome$/);
    client.send('hello');
    await origin.connections[0]!.waitFor(/hello$/);
    expect(log.all()).toEqual([]);
    client.destroy();
    expect(await log.one()).toMatchObject({ status: 101, version: 'v1', path: '/chat', bytesIn: 5, bytesOut: 7 });
  });
});

describe('a request that was refused', () => {
  it('is logged with what was read of it, and with nothing of the one before', async () => {
    await using origin = await namedOrigin('v1');
    await using gateway = await startGateway(
      configText({ versions: { v1: origin.url }, route: { match: { hosts: ['known.example'] } } }),
    );
    await using log = new AccessLines(gateway);
    const refused = async (text: string): Promise<void> => {
      await using client = await rawClient(gateway.port());
      client.request('HEAD /secret?token=1', ['Host: known.example', 'X-Request-Id: first']);
      await client.answer();
      client.send(text);
      await client.waitForEnd();
    };
    await refused('GET /a/../b?x HTTP/1.1\r\nHost: known.example\r\n\r\n');
    await refused('G(T /\x1b HTTP/1.1\r\nHost: a\r\n\r\n');
    await refused('GET /no-host HTTP/1.1\r\n\r\n');
    await refused(`GET /${'x'.repeat(40_000)}`);
    const lines = (await log.some(8)).filter(({ requestId }) => requestId !== 'first');
    const none = {
      status: 400,
      route: null,
      rule: null,
      version: null,
      intended: null,
      reason: null,
      endpoint: null,
      attempts: 0,
    };
    const nothing = { method: null, host: null, path: null, query: '', traceId: null };
    expect(lines).toMatchObject([
      { ...none, method: 'GET', host: 'known.example', path: '/a/../b', query: 'x', error: 'dot-segments' },
      { ...none, ...nothing, error: 'bad-request-line' },
      { ...none, method: 'GET', path: '/no-host', host: null, error: 'bad-host' },
      { ...none, ...nothing, status: 414, error: 'target-too-long' },
    ]);
    expect(new Set(lines.map(({ requestId }) => requestId)).size).toBe(4);
  });

  it('tells its id to the client as to the log', async () => {
    await using gateway = await startGateway(
      configText({ versions: { v1: 'http://127.0.0.1:1' }, route: { match: { path: '/only' } } }),
    );
    await using log = new AccessLines(gateway);
    await using client = await rawClient(gateway.port());
    client.request('GET /other');
    const { body } = await client.answer();
    const { requestId, reason, error } = await log.one();
    expect(JSON.parse(body.toString()).error.requestId).toBe(requestId);
    expect([reason, error]).toEqual(['no-route', 'no-route']);
  });
});

describe('what is logged', () => {
  const answers = async (only: 'all' | 'errors' | { samplePercent: number }, draw?: () => number) => {
    await using origin = await answeringOrigin(({ target }) =>
      target === '/bad' ? 'HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n' : okAnswer('fine'),
    );
    await using gateway = await startGateway(configText({ versions: { v1: origin.url } }));
    await using log = new AccessLines(gateway, only, draw);
    await load({ port: gateway.port(), requests: 40, request: (place) => get(place % 10 === 0 ? '/bad' : '/good') });
    gateway.plane.accessLog = null;
    await log[Symbol.asyncDispose]();
    return log.all().map(({ status }) => status);
  };

  it('is everything', async () => {
    expect(await answers('all')).toHaveLength(40);
  });

  it('is errors alone', async () => {
    expect(await answers('errors')).toEqual([500, 500, 500, 500]);
  });

  it('is a sample', async () => {
    let drawn = 0;
    expect(await answers({ samplePercent: 25 }, () => (drawn++ % 4) / 4)).toHaveLength(10);
  });
});

describe('a trace', () => {
  const seenBy = async (lines: readonly string[], route: object = {}) => {
    await using origin = await answeringOrigin(() => okAnswer('fine'));
    await using gateway = await startGateway(configText({ versions: { v1: origin.url }, route: { ...route } }));
    await using log = new AccessLines(gateway);
    await using client = await rawClient(gateway.port());
    client.request('GET /', lines);
    await client.answer();
    const [request] = origin.requests();
    const line = await log.one();
    return {
      parents: fieldsOf(request!, 'traceparent'),
      state: fieldOf(request!, 'tracestate'),
      traceId: line['traceId'],
    };
  };

  it('goes on as it came', async () => {
    expect(await seenBy([`traceparent: ${GIVEN}`, 'tracestate: a=1', 'tracestate: b=2'])).toEqual({
      parents: [GIVEN],
      state: 'a=1, b=2',
      traceId: '0af7651916cd43dd8448eb211c80319c',
    });
  });

  it.each([
    ['none came', []],
    ['it is malformed', ['traceparent: 00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01', 'tracestate: a=1']],
    ['it came twice', [`traceparent: ${GIVEN}`, `traceparent: ${GIVEN}`, 'tracestate: a=1']],
    ['only its state came', ['tracestate: a=1']],
  ])('is begun when %s', async (_when, lines) => {
    const { parents, state, traceId } = await seenBy(lines);
    expect(parents).toHaveLength(1);
    expect(TRACE_PARENT.exec(parents[0]!)?.[1]).toBe(traceId);
    expect(state).toBeUndefined();
  });

  it('is not begun on a route that removes the field', async () => {
    const headers = { request: { remove: ['traceparent'] } };
    expect(await seenBy([], { headers })).toEqual({ parents: [], state: undefined, traceId: null });
    expect((await seenBy([`traceparent: ${GIVEN}`], { headers })).parents).toEqual([]);
  });
});
