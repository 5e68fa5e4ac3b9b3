import { describe, expect, it } from 'vitest';
import { configText, type Sketch, startGateway } from '../support/gateway.ts';
import { answeringOrigin, okAnswer, rawClient, scriptedOrigin } from '../support/raw-peer.ts';
import { fieldOf, fieldsOf, type StrictRequest, type StrictResponse } from '../support/strict-message.ts';

/** Which fields pass, which end here, which are made here: strip first, add after. */

type Options = Omit<Sketch, 'versions'> & {
  readonly answerLines?: readonly string[];
  readonly startLine?: string;
  readonly body?: string;
};

/** Sends one request through a fresh gateway; gives what the origin saw and what the client got. */
async function pass(
  lines: readonly string[],
  { answerLines = [], startLine = 'GET /a', body = '', ...sketch }: Options = {},
): Promise<{ seen: StrictRequest; answer: StrictResponse }> {
  await using origin = await answeringOrigin(() => okAnswer('x', answerLines));
  await using gateway = await startGateway(configText({ versions: { v1: origin.url }, ...sketch }));
  await using client = await rawClient(gateway.port());
  client.request(startLine, lines, body);
  const answer = await client.answer();
  const seen = origin.requests()[0];
  if (seen === undefined) throw new Error(`nothing arrived; the client got ${answer.status} ${answer.body}`);
  return { seen, answer };
}

/** The status alone, of a request that must not arrive. */
async function refusal(
  lines: readonly string[],
  startLine = 'GET /a',
  sketch: Omit<Sketch, 'versions'> = {},
): Promise<number> {
  await using origin = await answeringOrigin(() => okAnswer('x'));
  await using gateway = await startGateway(configText({ versions: { v1: origin.url }, ...sketch }));
  await using client = await rawClient(gateway.port());
  client.request(startLine, lines);
  const { status } = await client.answer();
  expect(origin.connections.flatMap((connection) => connection.text)).toEqual([]);
  return status;
}

const TRUSTING = { listener: { trustedProxies: ['127.0.0.0/8'] } };

describe('targets', () => {
  it.each(['/a%2Fb?x=%20+&y', '//a//b', '/a|b', '/a?%zz', '/a/..;/b'])('%s arrives byte for byte', async (target) => {
    expect((await pass([], { startLine: `GET ${target}` })).seen.target).toBe(target);
  });

  it('a backslash in a query is data, as browsers send it', async () => {
    expect((await pass([], { startLine: 'GET /a?b=\\' })).seen.target).toBe('/a?b=\\');
  });
});

describe('fields of requests', () => {
  it('that nobody knows pass unchanged, repeated ones in order, octets above 0x7f too', async () => {
    const { seen } = await pass(
      ['X-Own: caf\xe9 \xff', 'x-TWICE: 1', 'Accept: a', 'X-Twice: 2', 'Empty:', '__proto: x', 'constructor: y'],
      { listener: { underscores: 'keep' } },
    );
    expect(fieldOf(seen, 'x-own')).toBe('caf\xe9 \xff');
    expect(seen.fields.filter(([name]) => /twice/i.test(name))).toEqual([
      ['x-TWICE', '1'],
      ['X-Twice', '2'],
    ]);
    expect([fieldOf(seen, 'empty'), fieldOf(seen, '__proto'), fieldOf(seen, 'constructor')]).toEqual(['', 'x', 'y']);
  });

  it('Host comes first and once, as the authority that was routed by', async () => {
    const { seen } = await pass(['X: y', 'Host: App.Example:8080']);
    expect(seen.fields[0]).toEqual(['Host', 'App.Example:8080']);
    const absolute = await pass(['Host: other.example'], { startLine: 'GET http://app.example/x?y' }).catch(
      (error: unknown) => error as Error,
    );
    if (!(absolute instanceof Error)) {
      expect([absolute.seen.target, fieldsOf(absolute.seen, 'host')]).toEqual(['/x?y', ['app.example']]);
    } else expect(absolute.message).toContain('400');
  });

  it.each([
    'Keep-Alive: timeout=5',
    'Proxy-Connection: keep-alive',
    'TE: gzip',
    'TE: trailers;q=0',
    'Upgrade: h2c',
    'Proxy-Authorization: Basic x',
    'HTTP2-Settings: x',
    'Connection: x-own',
  ])('%s ends here', async (line) => {
    const { seen } = await pass([line]);
    expect(fieldOf(seen, line.slice(0, line.indexOf(':')))?.toLowerCase() ?? 'keep-alive').toBe('keep-alive');
  });

  it('that Connection names end here', async () => {
    const { seen } = await pass([
      'Connection: X-Hop, keep-alive ,x-HOP-2',
      'X-Hop: 1',
      'x-hop-2: 2',
      'X-Stay: 3',
      'Connection: x-hop-3',
      'X-Hop-3: 4',
    ]);
    expect(seen.fields.map(([name]) => name.toLowerCase()).filter((name) => name.startsWith('x-'))).not.toContain(
      'x-hop',
    );
    expect([
      fieldOf(seen, 'x-hop'),
      fieldOf(seen, 'x-hop-2'),
      fieldOf(seen, 'x-hop-3'),
      fieldOf(seen, 'x-stay'),
    ]).toEqual([undefined, undefined, undefined, '3']);
  });

  it('that somebody decides by do not end because Connection names them', async () => {
    const names = [
      'Authorization',
      'Cookie',
      'Content-Type',
      'X-User-Id',
      'X-Forwarded-For',
      'Via',
      'Host',
      'Content-Length',
    ];
    const route = { sticky: [{ header: 'x-user-id' }] };
    const { seen } = await pass(
      [
        `Connection: ${names.join(', ')}`,
        'Authorization: a',
        'Cookie: b=c',
        'Content-Type: text/plain',
        'X-User-Id: u',
        'Content-Length: 2',
      ],
      { route, startLine: 'POST /', body: 'hi' },
    );
    for (const name of names) expect(fieldOf(seen, name), name).toBeDefined();
    expect(seen.body.toString()).toBe('hi');
  });

  it('with an underscore are dropped, kept or refused, as the listener says', async () => {
    expect(fieldOf((await pass(['X_Own: 1'])).seen, 'x_own')).toBeUndefined();
    expect(fieldOf((await pass(['X_Own: 1'], { listener: { underscores: 'keep' } })).seen, 'x_own')).toBe('1');
    expect(await refusal(['X_Own: 1'], 'GET /', { listener: { underscores: 'reject' } })).toBe(400);
  });

  it.each(['X_Forwarded_For', 'x_forwarded-proto', 'X_Real_IP', 'X-Gray_Version', 'x_request_id'])(
    'that only look like ours (%s) never pass, even where underscores are kept',
    async (name) => {
      const { seen } = await pass([`${name}: 1`], { listener: { underscores: 'keep' } });
      expect(fieldOf(seen, name)).toBeUndefined();
    },
  );

  it('may be set, added and removed by the route', async () => {
    const request = { set: { 'X-Set': 'new' }, add: { 'X-Add': 'two' }, remove: ['x-gone'] };
    const { seen } = await pass(['x-set: old', 'X-Add: one', 'X-Gone: 1'], { route: { headers: { request } } });
    expect([fieldsOf(seen, 'x-set'), fieldsOf(seen, 'x-add'), fieldsOf(seen, 'x-gone')]).toEqual([
      ['new'],
      ['one', 'two'],
      [],
    ]);
  });
});

describe('forwarding fields', () => {
  it('of an untrusted peer are replaced', async () => {
    const { seen } = await pass([
      'X-Forwarded-For: 1.2.3.4',
      'X-Forwarded-Proto: https',
      'X-Forwarded-Host: evil',
      'X-Forwarded-Prefix: /x',
      'X-Forwarded-Port: 1',
      'Forwarded: for=1.2.3.4',
      'X-Real-IP: 1.2.3.4',
    ]);
    expect(fieldsOf(seen, 'x-forwarded-for')).toEqual(['127.0.0.1']);
    expect(fieldsOf(seen, 'x-forwarded-proto')).toEqual(['http']);
    expect(fieldsOf(seen, 'x-forwarded-host')).not.toContain('evil');
    for (const name of ['forwarded', 'x-forwarded-prefix']) expect(fieldsOf(seen, name), name).toEqual([]);
    expect(seen.fields.filter(([, value]) => value.includes('1.2.3.4'))).toEqual([]);
  });

  it('of a trusted peer are kept, the peer appended to the chain', async () => {
    const { seen } = await pass(
      ['X-Forwarded-For: 192.0.2.1', 'X-Forwarded-Proto: https', 'X-Forwarded-Host: app', 'X-Forwarded-For: 192.0.2.2'],
      TRUSTING,
    );
    expect(fieldOf(seen, 'x-forwarded-for')).toBe('192.0.2.1, 192.0.2.2, 127.0.0.1');
    expect([fieldsOf(seen, 'x-forwarded-proto'), fieldsOf(seen, 'x-forwarded-host')]).toEqual([['https'], ['app']]);
  });

  it('Via names this hop, after the others', async () => {
    const { seen } = await pass(['Via: 1.0 fred']);
    expect(fieldOf(seen, 'via')).toMatch(/^1\.0 fred, 1\.1 [!-~]+$/);
    expect(fieldOf(seen, 'via')).not.toContain('127.0.0.1');
  });

  it('a request that has come through too often is refused', async () => {
    const { seen } = await pass([]);
    const own = fieldOf(seen, 'via')!;
    expect([400, 508]).toContain(await refusal([`Via: ${new Array(20).fill(own).join(', ')}`]));
  });

  it('x-request-id is kept when it is one, else replaced', async () => {
    expect(fieldsOf((await pass(['X-Request-ID: a.B-9_'])).seen, 'x-request-id')).toEqual(['a.B-9_']);
    for (const bad of ['', 'a b', 'a'.repeat(129), 'a"b', 'a, b', 'caf\xe9']) {
      const [made, ...more] = fieldsOf((await pass([`X-Request-ID: ${bad}`])).seen, 'x-request-id');
      expect(made).toMatch(/^[A-Za-z0-9._-]{1,128}$/);
      expect(more).toEqual([]);
    }
    expect(fieldsOf((await pass(['X-Request-ID: a', 'X-Request-ID: b'])).seen, 'x-request-id')).toHaveLength(1);
  });

  it('decision and lane fields of a client never arrive', async () => {
    const { seen } = await pass(['x-gray-version: v9', 'X-Gray-Rule: r', 'x-gray-lane: v9', 'X-Gray-Mirror: all']);
    expect(seen.fields.filter(([name]) => /^x-gray/i.test(name))).toEqual([]);
  });
});

describe('fields of answers', () => {
  it('end-to-end ones pass untouched, Set-Cookie line by line', async () => {
    const lines = [
      'Set-Cookie: a=1',
      'Set-Cookie: b=2',
      'ETag: "x"',
      'Server: own',
      'WWW-Authenticate: Basic',
      'Cache-Control: max-age=5',
      'Date: Sun, 06 Nov 1994 08:49:37 GMT',
      'X-Own: caf\xe9',
    ];
    const { answer } = await pass([], { answerLines: lines });
    for (const line of lines) expect(answer.fields.map(([name, value]) => `${name}: ${value}`)).toContain(line);
    expect(fieldsOf(answer, 'date')).toHaveLength(1);
  });

  it('a Date is added where the service sent none', async () => {
    const { answer } = await pass([]);
    expect(Number.isNaN(Date.parse(fieldOf(answer, 'date')!))).toBe(false);
  });

  it('hop-by-hop ones end here, and what Connection names', async () => {
    const { answer } = await pass([], {
      answerLines: [
        'Keep-Alive: timeout=5',
        'Proxy-Connection: close',
        'Connection: x-hop',
        'X-Hop: 1',
        'Upgrade: h2c',
        'Trailer: x',
      ],
    });
    for (const name of ['keep-alive', 'proxy-connection', 'x-hop', 'upgrade'])
      expect(fieldOf(answer, name), name).toBeUndefined();
  });

  it('tell the decision when the route says so, and never what the service claims', async () => {
    const answerLines = ['x-gray-version: forged', 'X-Gray-Rule: forged'];
    expect(
      fieldsOf((await pass([], { answerLines, route: { decisionHeaders: true } })).answer, 'x-gray-version'),
    ).toEqual(['v1']);
    expect(
      fieldsOf((await pass([], { answerLines, route: { decisionHeaders: true } })).answer, 'x-gray-rule'),
    ).not.toContain('forged');
  });

  it('may be set, added and removed by the route', async () => {
    const response = { set: { Server: 'gray' }, add: { 'X-Add': 'two' }, remove: ['x-gone'] };
    const { answer } = await pass([], {
      answerLines: ['Server: own', 'X-Add: one', 'X-Gone: 1'],
      route: { headers: { response } },
    });
    expect([fieldsOf(answer, 'server'), fieldsOf(answer, 'x-add'), fieldsOf(answer, 'x-gone')]).toEqual([
      ['gray'],
      ['one', 'two'],
      [],
    ]);
  });
});

describe('malformed heads are 400, and no upstream is touched', () => {
  it.each([
    ['no Host', 'GET / HTTP/1.1\r\n\r\n'],
    ['two Hosts', 'GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n'],
    ...['', 'a b', 'a,b', 'a/b', 'u@a', 'a:b', 'a:99999', 'a:1:2', '[::1', 'a\tb', 'caf\xe9'].map((host) => [
      `Host ${JSON.stringify(host)}`,
      `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`,
    ]),
    ['blank before the colon', 'GET / HTTP/1.1\r\nHost: a\r\nX : y\r\n\r\n'],
    ['folding', 'GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n z\r\n\r\n'],
    ['a blank before the first field', 'GET / HTTP/1.1\r\n Host: a\r\nHost: a\r\n\r\n'],
    ['a bare LF', 'GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n'],
    ['bare LFs throughout', 'GET / HTTP/1.1\nHost: a\n\n'],
    ['a bare CR', 'GET / HTTP/1.1\r\nHost: a\r\nX: y\rz\r\n\r\n'],
    ['CR CR LF', 'GET / HTTP/1.1\r\nHost: a\r\r\n\r\n'],
    ['CRLF CR at the end', 'GET / HTTP/1.1\r\nHost: a\r\n\rX\r\n\r\n'],
    ['NUL', 'GET / HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n'],
    ['an empty name', 'GET / HTTP/1.1\r\nHost: a\r\n: y\r\n\r\n'],
    ['no colon', 'GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n'],
    ['a bad name', 'GET / HTTP/1.1\r\nHost: a\r\nX(: y\r\n\r\n'],
    [
      'chunked and a length',
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    ['two lengths', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello'],
    ...['+5', '-5', '0x5', '5,6', '5.0', '5e0', '1_0', ' ', 'a', '99999999999999999999', '5\xa0'].map((length) => [
      `length ${JSON.stringify(length)}`,
      `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n\r\nhello`,
    ]),
    ...[
      'gzip, chunked',
      'chunked, chunked',
      'xchunked',
      ',chunked',
      '"chunked"',
      '',
      'identity',
      'chunked\xa0',
      'chunked;q=1',
    ].map((coding) => [
      `coding ${JSON.stringify(coding)}`,
      `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: ${coding}\r\n\r\n0\r\n\r\n`,
    ]),
    [
      'two codings',
      'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    ['chunked in 1.0', 'POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['a fragment', 'GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['a tab in the target', 'GET /a\tb HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['a high octet in the target', 'GET /caf\xe9 HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['* for GET', 'GET * HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['authority-form for GET', 'GET a:80 HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['dot segments', 'GET /a/../b HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['an encoded NUL', 'GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['a lone percent', 'GET /% HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['a method that is no token', 'G(T / HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['two blanks', 'GET  / HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['a lower case version', 'GET / http/1.1\r\nHost: a\r\n\r\n'],
    ['HTTP/0.9', 'GET /\r\n\r\n'],
    ['HTTP/1.10', 'GET / HTTP/1.10\r\nHost: a\r\n\r\n'],
    [
      'an upgrade with a body',
      'POST / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nContent-Length: 5\r\n\r\nhello',
    ],
  ])('%s', async (_, text) => {
    await using origin = await answeringOrigin(() => okAnswer('x'));
    await using gateway = await startGateway(configText({ versions: { v1: origin.url } }));
    await using client = await rawClient(gateway.port());
    client.send(text);
    const answer = await client.answer(0);
    expect([400, 501]).toContain(answer.status);
    expect(fieldOf(answer, 'connection')).toBe('close');
    await client.waitForEnd();
    expect(origin.connections).toEqual([]);
  });

  it.each([
    ['CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n', [405, 501]],
    ['GET / HTTP/2.0\r\nHost: a\r\n\r\n', [400, 505]],
    ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', [400, 505]],
    ['GET / HTTP/3.0\r\nHost: a\r\n\r\n', [400, 505]],
  ])('%j', async (text, statuses) => {
    await using origin = await answeringOrigin(() => okAnswer('x'));
    await using gateway = await startGateway(configText({ versions: { v1: origin.url } }));
    await using client = await rawClient(gateway.port());
    client.send(text);
    expect(statuses).toContain((await client.answer(0)).status);
    expect(origin.connections).toEqual([]);
  });
});

describe('Expect and interim answers', () => {
  it('100-continue is passed on, and the answer to it', async () => {
    await using origin = await scriptedOrigin(async (connection) => {
      await connection.head();
      connection.send('HTTP/1.1 100 Continue\r\n\r\n');
      connection.send(okAnswer((await connection.request()).body.toString()));
    });
    await using gateway = await startGateway(configText({ versions: { v1: origin.url } }));
    await using client = await rawClient(gateway.port());
    client.request('POST /', ['Expect: 100-continue', 'Content-Length: 2']);
    await client.waitFor(/^HTTP\/1\.1 100 /);
    client.send('hi');
    expect((await client.answer()).body.toString()).toBe('hi');
    expect(client.answers().interim.map(({ status }) => status)).toEqual([100]);
  });

  it('a refusal before 100 reaches the client, and its unsent body is not awaited', async () => {
    await using origin = await scriptedOrigin(async (connection) => {
      await connection.head();
      connection.send('HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n');
    });
    await using gateway = await startGateway(configText({ versions: { v1: origin.url } }));
    for (let round = 0; round < 2; round++) {
      await using client = await rawClient(gateway.port());
      client.request('POST /', ['Expect: 100-continue', 'Content-Length: 2']);
      expect((await client.answer()).status).toBe(401);
    }
    expect(origin.connections).toHaveLength(2);
  });

  it.each(['x 100-continue', '200-ok', '100-continue, x', 'x'])('expecting %j is 417', async (value) => {
    expect(await refusal([`Expect: ${value}`, 'Content-Length: 0'], 'POST /')).toBe(417);
  });

  it('1xx answers pass in order with their fields, to 1.1 clients alone', async () => {
    await using origin = await answeringOrigin(
      () => `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n${okAnswer('x')}`,
    );
    await using gateway = await startGateway(configText({ versions: { v1: origin.url } }));
    await using client = await rawClient(gateway.port());
    client.request('GET /');
    await client.answer();
    expect(client.answers().interim.map((answer) => [answer.status, fieldOf(answer, 'link')])).toEqual([
      [103, '</a>'],
      [102, undefined],
    ]);
    await using old = await rawClient(gateway.port());
    old.send('GET / HTTP/1.0\r\nHost: a\r\n\r\n');
    await old.waitForEnd();
    expect([old.answers().interim.length, old.answers().final.length]).toEqual([0, 1]);
  });
});
