import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { configText, startGateway } from '../support/gateway.ts';
import { httpOrigin, namedOrigin } from '../support/http-origin.ts';
import { get, load, post, tally } from '../support/load.ts';
import { settled } from '../support/mirrors.ts';
import { answeringOrigin, closedPort, okAnswer, rawClient, scriptedOrigin } from '../support/raw-peer.ts';
import { fieldOf, fieldsOf } from '../support/strict-message.ts';

/** Copies to a shadow: what they carry, and which requests are copied. */

describe('a copy', () => {
  it('carries the request, marked, without credentials, and its answer goes nowhere', async () => {
    await using v1 = await answeringOrigin(() => okAnswer('primary'));
    await using v3 = await answeringOrigin(() => 'HTTP/1.1 500 X\r\nContent-Length: 6\r\n\r\nshadow');
    const route = { mirror: [{ to: 'v3', methods: ['POST'] }] };
    await using gateway = await startGateway(configText({ versions: { v1: v1.url, v3: v3.url }, route }));
    await using client = await rawClient(gateway.port());
    client.request(
      'POST /a?b',
      ['Authorization: secret', 'Cookie: c=d', 'X-Own: 1', 'Transfer-Encoding: chunked'],
      '2\r\nhi\r\n3\r\n 12\r\n0\r\n\r\n',
    );
    expect((await client.answer()).body.toString()).toBe('primary');
    expect(await settled(gateway)).toMatchObject({ eligible: 1, sent: 1, answered: 1, dropped: 0, failed: 0 });
    const [copy] = v3.requests();
    const [original] = v1.requests();
    expect([copy?.startLine, copy?.body.toString()]).toEqual([original?.startLine, 'hi 12']);
    expect([fieldOf(copy!, 'authorization'), fieldOf(copy!, 'cookie'), fieldOf(copy!, 'x-own')]).toEqual([
      undefined,
      undefined,
      '1',
    ]);
    expect([fieldOf(copy!, 'x-gray-mirror'), fieldOf(copy!, 'host'), fieldOf(copy!, 'x-request-id')]).toEqual([
      'all',
      'gateway.test',
      fieldOf(original!, 'x-request-id'),
    ]);
    expect(fieldOf(original!, 'authorization')).toBe('secret');
    expect(fieldOf(original!, 'x-gray-mirror')).toBeUndefined();
    expect([...gateway.counts().keys()]).toEqual(['all//v1/2xx']);
  });

  it('has what the route changes of every request, and then its own changes', async () => {
    await using v1 = await answeringOrigin(() => okAnswer('primary'));
    await using v3 = await answeringOrigin(() => okAnswer('shadow'));
    const route = {
      headers: { request: { set: { 'x-from': 'edge', 'x-tenant': 'a' }, remove: ['x-internal'] } },
      mirror: [
        {
          to: 'v3',
          credentials: 'keep',
          hostSuffix: '-shadow',
          headers: { set: { 'x-tenant': 'test' }, add: { 'x-tag': ['a', 'b'] }, remove: ['x-signature', 'x-from'] },
        },
      ],
    };
    await using gateway = await startGateway(configText({ versions: { v1: v1.url, v3: v3.url }, route }));
    await using client = await rawClient(gateway.port());
    client.request('GET /', [
      'Host: app.test:8080',
      'X-Internal: 1',
      'X-Signature: 2',
      'X-Tenant: 3',
      'Cookie: a=b',
      'Authorization: c',
    ]);
    await client.answer();
    await settled(gateway);
    const [copy] = v3.requests();
    const values = (name: string) => fieldsOf(copy!, name);
    expect({
      host: values('host'),
      'x-from': values('x-from'),
      'x-tenant': values('x-tenant'),
      'x-tag': values('x-tag'),
      'x-internal': values('x-internal'),
      'x-signature': values('x-signature'),
      cookie: values('cookie'),
      authorization: values('authorization'),
    }).toEqual({
      host: ['app.test-shadow:8080'],
      'x-from': [],
      'x-tenant': ['test'],
      'x-tag': ['a', 'b'],
      'x-internal': [],
      'x-signature': [],
      cookie: ['a=b'],
      authorization: ['c'],
    });
    const [original] = v1.requests();
    expect([fieldsOf(original!, 'x-tenant'), fieldsOf(original!, 'x-signature'), fieldsOf(original!, 'host')]).toEqual([
      ['a'],
      ['2'],
      ['app.test:8080'],
    ]);
  });

  it('is in the lane of its own version, unless a trusted peer named one', async () => {
    await using v1 = await answeringOrigin(() => okAnswer('primary'));
    await using v3 = await answeringOrigin(() => okAnswer('shadow'));
    const text = (trustedProxies: readonly string[]) =>
      configText({
        versions: { v1: v1.url, v3: v3.url },
        route: { lane: true, mirror: { to: 'v3' } },
        listener: { trustedProxies },
      });
    await using gateway = await startGateway(text([]));
    const one = async (): Promise<void> => {
      await load({ port: gateway.port(), requests: 1, request: () => get('/', ['x-gray-lane: elsewhere']) });
      await settled(gateway);
    };
    await one();
    await gateway.install(text(['127.0.0.1']));
    await one();
    const lanes = [v1, v3].map((origin) => origin.requests().map((request) => fieldsOf(request, 'x-gray-lane')));
    expect(lanes).toEqual([
      [['v1'], ['elsewhere']],
      [['v3'], ['elsewhere']],
    ]);
  });

  const FRAMINGS: readonly [string, string, readonly string[], string, readonly [string, string | undefined]][] = [
    ['a HEAD', 'HEAD /', [], '', ['', undefined]],
    ['an empty body', 'POST /', ['Content-Length: 0'], '', ['', '0']],
    ['a body of a length', 'POST /', ['Content-Length: 5'], 'hello', ['hello', '5']],
    [
      'chunks and trailers',
      'POST /',
      ['Transfer-Encoding: chunked', 'Trailer: X-Sum'],
      '5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n',
      ['hello', '5'],
    ],
    ['an empty chunked body', 'POST /', ['Transfer-Encoding: chunked'], '0\r\n\r\n', ['', '0']],
    ['no body where one could be', 'POST /', [], '', ['', undefined]],
  ];
  it.each(FRAMINGS)('of %s has a length and no trailers', async (_, line, fields, body, [copied, length]) => {
    await using v1 = await answeringOrigin(({ method }) => (method === 'HEAD' ? okHead() : okAnswer('primary')));
    await using v3 = await answeringOrigin(({ method }) => (method === 'HEAD' ? okHead() : okAnswer('shadow')));
    const route = { mirror: [{ to: 'v3', methods: ['HEAD', 'POST'] }] };
    await using gateway = await startGateway(configText({ versions: { v1: v1.url, v3: v3.url }, route }));
    await using client = await rawClient(gateway.port());
    for (let round = 0; round < 2; round++) {
      client.request(line, fields, body);
      expect((await client.answer()).status).toBe(200);
      expect(await settled(gateway)).toMatchObject({ answered: round + 1, dropped: 0 });
    }
    const copies = v3.requests();
    expect(copies.map((copy) => [copy.body.toString(), fieldOf(copy, 'content-length')])).toEqual([
      [copied, length],
      [copied, length],
    ]);
    expect(v3.connections).toHaveLength(1);
    expect(copies.map((copy) => fieldOf(copy, 'transfer-encoding'))).toEqual([undefined, undefined]);
  });

  it('of a request that expects 100 waits for its body; one that never comes is dropped', async () => {
    await using v1 = await scriptedOrigin(async (connection) => {
      const head = await connection.head();
      if (head.startsWith('POST /refused')) {
        connection.send('HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n');
        return;
      }
      connection.send('HTTP/1.1 100 Continue\r\n\r\n');
      await connection.request();
      connection.send(okAnswer('primary', ['Connection: close']));
      connection.finish();
    });
    await using v3 = await answeringOrigin(() => okAnswer('shadow'));
    const route = { mirror: [{ to: 'v3', methods: ['POST'] }] };
    await using gateway = await startGateway(configText({ versions: { v1: v1.url, v3: v3.url }, route }));
    await using client = await rawClient(gateway.port());
    client.request('POST /', ['Expect: 100-continue', 'Content-Length: 5']);
    await client.waitFor(/100 Continue/);
    expect(gateway.mirrorAccount('all', 'v3')).toMatchObject({ eligible: 1, pending: 1, sent: 0 });
    client.send('hello');
    expect((await client.answer()).status).toBe(200);
    expect(await settled(gateway)).toMatchObject({ answered: 1 });
    expect([v3.requests()[0]?.body.toString(), fieldOf(v3.requests()[0]!, 'expect')]).toEqual(['hello', undefined]);
    await using refused = await rawClient(gateway.port());
    refused.request('POST /refused', ['Expect: 100-continue', 'Content-Length: 5']);
    expect((await refused.answer()).status).toBe(417);
    expect(await settled(gateway)).toMatchObject({ eligible: 2, sent: 1, reasons: { 'client-abort': 1 } });
  });
});

function okHead(): string {
  return 'HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n';
}

describe('copied are', () => {
  it('safe methods alone by default, and never a copy', async () => {
    await using v1 = await namedOrigin('v1');
    await using v3 = await namedOrigin('v3');
    await using gateway = await startGateway(
      configText({ versions: { v1: v1.url, v3: v3.url }, route: { mirror: [{ to: 'v3' }] } }),
    );
    await load({
      port: gateway.port(),
      requests: 20,
      request: (place) => (place % 2 === 0 ? get('/') : post('/', 'x')),
    });
    await load({ port: gateway.port(), requests: 5, request: () => get('/', ['x-gray-mirror: other']) });
    expect(await settled(gateway)).toMatchObject({
      eligible: 25,
      sent: 10,
      answered: 10,
      reasons: { method: 10, loop: 5 },
    });
    expect(v3.requests).toBe(10);
  });

  it('no upgrades', async () => {
    await using v1 = await answeringOrigin(() => okAnswer('no upgrade here'));
    await using v3 = await namedOrigin('v3');
    await using gateway = await startGateway(
      configText({ versions: { v1: v1.url, v3: v3.url }, route: { mirror: { to: 'v3' } } }),
    );
    await using client = await rawClient(gateway.port());
    client.request('GET /', [
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ]);
    expect((await client.answer()).status).toBe(200);
    expect(await settled(gateway)).toMatchObject({ eligible: 1, reasons: { upgrade: 1 } });
  });

  it('as many as the percentage says', async () => {
    await using v1 = await namedOrigin('v1');
    await using v3 = await namedOrigin('v3');
    const route = { mirror: [{ to: 'v3', percent: 20, inFlight: 1000 }] };
    await using gateway = await startGateway(configText({ versions: { v1: v1.url, v3: v3.url }, route }));
    await load({ port: gateway.port(), requests: 5_000, request: () => get('/') });
    const { sent, notSampled } = await settled(gateway);
    expect(sent + notSampled).toBe(5_000);
    expect(Math.abs(sent / 5_000 - 0.2)).toBeLessThanOrEqual(4 * Math.sqrt((0.2 * 0.8) / 5_000));
  });

  it('users as a whole, where there is a key, whichever share of the split they are in', async () => {
    await using v1 = await namedOrigin('v1');
    const copied = new Map<string, number>();
    await using v3 = await httpOrigin((request, response) => {
      const user = String(request.headers['x-user']);
      copied.set(user, (copied.get(user) ?? 0) + 1);
      response.end();
    });
    const route = { sticky: [{ header: 'x-user' }], mirror: [{ to: 'v3', percent: 30, inFlight: 1000 }] };
    await using gateway = await startGateway(configText({ versions: { v1: v1.url, v3: v3.url }, route }));
    await load({ port: gateway.port(), requests: 2_000, request: (at) => get('/', [`x-user: user-${at % 200}`]) });
    const { sent } = await settled(gateway);
    expect(sent).toBe(copied.size * 10);
    expect([...new Set(copied.values())]).toEqual([10]);
    expect(Math.abs(copied.size / 200 - 0.3)).toBeLessThanOrEqual(4 * Math.sqrt((0.3 * 0.7) / 200));
  });

  it('all by default, none at 0, for each mirror by itself', async () => {
    await using v1 = await namedOrigin('v1');
    await using v3 = await namedOrigin('v3');
    await using v4 = await namedOrigin('v4');
    await using v5 = await namedOrigin('v5');
    const route = { mirror: [{ to: 'v3' }, { to: 'v4', percent: 0 }, { to: 'v5', methods: 'POST' }] };
    const versions = { v1: v1.url, v3: v3.url, v4: v4.url, v5: v5.url };
    await using gateway = await startGateway(configText({ versions, route }));
    await load({ port: gateway.port(), requests: 50, request: () => get('/') });
    expect(await settled(gateway, 'v3')).toMatchObject({ eligible: 50, answered: 50 });
    expect(await settled(gateway, 'v4')).toMatchObject({ eligible: 50, notSampled: 50 });
    expect(await settled(gateway, 'v5')).toMatchObject({ eligible: 50, reasons: { method: 50 } });
  });

  it("by a rule what it says in place of its route, with an account and settings of the rule's own", async () => {
    await using v1 = await namedOrigin('v1');
    await using v3 = await namedOrigin('v3');
    const route = {
      mirror: [{ to: 'v3' }],
      rules: [
        { name: 'posts', when: { method: 'POST' }, to: 'v1', mirror: { to: 'v3', methods: ['POST'], maxBody: '4B' } },
        { name: 'none', when: { path: '/none' }, to: 'v1', mirror: [] },
      ],
    };
    await using gateway = await startGateway(configText({ versions: { v1: v1.url, v3: v3.url }, route }));
    const requests = [get('/'), get('/none'), post('/', 'abcd'), post('/', 'abcde')];
    await load({ port: gateway.port(), requests: 40, request: (at) => requests[at % 4]! });
    expect(await settled(gateway)).toMatchObject({ eligible: 10, answered: 10 });
    expect(await settled(gateway, 'v3', 'posts')).toMatchObject({
      eligible: 20,
      answered: 10,
      reasons: { 'body-too-large': 10 },
    });
    expect(v3.requests).toBe(20);
  });
});

describe('the version that answers is never also mirrored to', () => {
  it('whoever is chosen', async () => {
    await using v1 = await namedOrigin('v1');
    await using v3 = await namedOrigin('v3');
    const route = { split: { v1: 50, v3: 50 }, mirror: [{ to: 'v3', inFlight: 1000 }] };
    await using gateway = await startGateway(configText({ versions: { v1: v1.url, v3: v3.url }, route }));
    const answers = await load({ port: gateway.port(), requests: 300, request: () => get('/') });
    const counts = tally(answers.map(({ body }) => body));
    const account = await settled(gateway);
    expect([account.eligible, account.sent, account.reasons]).toEqual([
      300,
      counts['v1'],
      { 'same-version': counts['v3'] },
    ]);
    expect(v3.requests).toBe(300);
  });

  it('whoever helps out in the end', async () => {
    await using v3 = await namedOrigin('v3');
    const dead = `http://127.0.0.1:${await closedPort()}`;
    const route = { fallback: 'v3', mirror: [{ to: 'v3', methods: ['GET', 'POST'] }] };
    await using gateway = await startGateway(configText({ versions: { v1: dead, v3: v3.url }, route }));
    const answers = await load({
      port: gateway.port(),
      requests: 100,
      request: (at) => (at % 2 === 0 ? get('/') : post('/', 'once')),
    });
    expect(tally(answers.map(({ status, body }) => `${status} ${body}`))).toEqual({ '200 v3': 100 });
    expect(await settled(gateway)).toMatchObject({ eligible: 100, sent: 0, reasons: { 'same-version': 100 } });
    expect(v3.requests).toBe(100);
  });

  it('and while nobody has to help out, it gets its copies', async () => {
    await using v1 = await namedOrigin('v1');
    await using v3 = await namedOrigin('v3');
    const route = { fallback: 'v3', mirror: [{ to: 'v3', methods: ['GET', 'POST'] }] };
    await using gateway = await startGateway(configText({ versions: { v1: v1.url, v3: v3.url }, route }));
    await load({ port: gateway.port(), requests: 50, request: (at) => (at % 2 === 0 ? get('/') : post('/', 'x')) });
    expect(await settled(gateway)).toMatchObject({ eligible: 50, answered: 50 });
  });
});

it('a connection that the shadow has closed while it was idle costs no copy', async () => {
  await using v1 = await namedOrigin('v1');
  await using v3 = await scriptedOrigin(async (connection) => {
    await connection.request();
    connection.send(okAnswer('one and no more'));
    await connection.request();
    connection.reset();
  });
  await using gateway = await startGateway(
    configText({ versions: { v1: v1.url, v3: v3.url }, route: { mirror: { to: 'v3' } } }),
  );
  for (let round = 0; round < 5; round++) {
    await load({ port: gateway.port(), requests: 1, request: () => get('/') });
    expect(await settled(gateway)).toMatchObject({ answered: round + 1, failed: 0 });
  }
});

it('a reload that changes a mirror leaves its account and its connections', async () => {
  await using v1 = await namedOrigin('v1');
  await using v3 = await answeringOrigin(() => okAnswer('shadow'));
  const text = (percent: number, name = 'all') =>
    configText({ versions: { v1: v1.url, v3: v3.url }, route: { name, mirror: [{ to: 'v3', percent }] } });
  await using gateway = await startGateway(text(100));
  const socket = connect({ port: gateway.port(), host: '127.0.0.1' });
  await once(socket, 'connect');
  socket.destroy();
  await load({ port: gateway.port(), requests: 10, connections: 1, request: () => get('/') });
  await settled(gateway);
  await gateway.install(text(0));
  await load({ port: gateway.port(), requests: 10, request: () => get('/') });
  await gateway.install(text(100));
  await load({ port: gateway.port(), requests: 10, connections: 1, request: () => get('/') });
  expect(await settled(gateway)).toMatchObject({ eligible: 30, notSampled: 10, answered: 20 });
  expect(v3.connections).toHaveLength(1);
});
