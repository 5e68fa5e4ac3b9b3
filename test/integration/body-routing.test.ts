import { createCipheriv, createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { UnknownCells } from '../../src/telemetry/unknown-cells.ts';
import { eventually } from '../support/eventually.ts';
import { configText, type Gateway, startGateway } from '../support/gateway.ts';
import { type HttpOrigin, httpOrigin } from '../support/http-origin.ts';
import { type RawClient, rawClient } from '../support/raw-peer.ts';

/** Answers with its name and the digest of the body that it got, which is what a signature is made over. */
async function signingOrigin(name: string): Promise<HttpOrigin> {
  return httpOrigin((request, response) => {
    const hash = createHash('sha256');
    request.on('data', (piece: Buffer) => hash.update(piece));
    request.on('end', () => response.end(`${name} ${hash.digest('hex')}`));
  });
}

function digest(body: string | Uint8Array): string {
  return createHash('sha256').update(body).digest('hex');
}

const KEY = '0123456789abcdef';
const FORM = 'application/x-www-form-urlencoded';
const connector = { body: { pointer: '/ConnectorID', in: { file: 'piles.txt' } } };
const sealed = {
  body: {
    pointer: '/Data',
    decode: [
      'base64',
      {
        'aes-128-cbc': {
          key: { by: { pointer: '/OperatorID' }, keys: { op1: KEY, op2: { hex: '00'.repeat(16) } } },
          iv: KEY,
        },
      },
      'json',
      { pointer: '/ConnectorID' },
    ],
    exact: 'sealed-1',
  },
};
const rules = [
  { name: 'cheap', when: { header: { 'x-cheap': '1' } }, to: 'v2' },
  { name: 'not-in-list', when: { header: { 'x-ask': 'not' }, not: connector }, to: 'v2' },
  { name: 'pile', when: connector, to: 'v2' },
  { name: 'sealed', when: sealed, to: 'v2' },
  { name: 'form', when: { body: { field: 'pile', exact: '电桩' } }, to: 'v2' },
];

let v1: HttpOrigin;
let v2: HttpOrigin;
let gateway: Gateway;
const unknowns = new UnknownCells();

beforeAll(async () => {
  [v1, v2] = await Promise.all([signingOrigin('v1'), signingOrigin('v2')]);
  const versions = { v1: v1.url, v2: v2.url };
  const listener = { timeouts: { body: '300ms' } };
  const text = configText({ versions, listener, route: { rules, maxMatchBody: '4KiB' } });
  const lists = { 'piles.txt': 'p-1\n1001\n12345678901234567890\n' };
  gateway = await startGateway(text, { lists, plane: { unknownCells: unknowns } });
});

afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await Promise.all([v1[Symbol.asyncDispose](), v2[Symbol.asyncDispose]()]);
});

/** Sends one POST and gives `VERSION` once the digest was found to be that of what was sent. */
async function versionFor(
  body: string | Uint8Array,
  contentType = 'application/json',
  lines: readonly string[] = [],
): Promise<string> {
  await using client = await rawClient(gateway.port());
  client.request('POST /callback', [`Content-Type: ${contentType}`, `Content-Length: ${body.length}`, ...lines], body);
  return await checked(client, body);
}

async function checked(client: RawClient, body: string | Uint8Array): Promise<string> {
  const answer = await client.answer();
  const [version = '', seen] = answer.body.toString().split(' ');
  expect(answer.status).toBe(200);
  expect(seen).toBe(digest(typeof body === 'string' ? Buffer.from(body, 'latin1') : body));
  return version;
}

function seal(text: string, key: string | Buffer = KEY): string {
  const cipher = createCipheriv('aes-128-cbc', key, KEY);
  return Buffer.concat([cipher.update(text), cipher.final()]).toString('base64');
}

function takeUnknowns(): string[] {
  return unknowns.takeDelta().cells.map(({ reason }) => reason);
}

describe('a value in the body chooses the version, and the bytes arrive as they were sent', () => {
  test.each([
    ['a listed text', '{"ConnectorID":"p-1"}', 'v2'],
    ['a number like a listed text', ' {"ConnectorID" : 1001 } ', 'v2'],
    ['a number of twenty digits', '{"ConnectorID":12345678901234567890}', 'v2'],
    ['its neighbour, the same as a double', '{"ConnectorID":12345678901234567891}', 'v1'],
    ['an escaped text', '{"ConnectorID":"\\u0070-1"}', 'v2'],
    ['another text', '{"ConnectorID":"p-2"}', 'v1'],
    ['no such field', '{"Other":1}', 'v1'],
    ['a key twice', '{"ConnectorID":"p-1","ConnectorID":"p-1"}', 'v1'],
    ['cut short', '{"ConnectorID":"p-1"', 'v1'],
    ['no JSON', 'ConnectorID=p-1', 'v1'],
    ['sealed by the first partner', `{"OperatorID":"op1","Data":"${seal('{"ConnectorID":"sealed-1"}')}"}`, 'v2'],
    [
      'sealed by the second',
      `{"Data":"${seal('{"ConnectorID":"sealed-1"}', Buffer.alloc(16))}","OperatorID":"op2"}`,
      'v2',
    ],
    ['sealed with the other’s key', `{"OperatorID":"op2","Data":"${seal('{"ConnectorID":"sealed-1"}')}"}`, 'v1'],
    ['sealed by nobody known', `{"OperatorID":"op3","Data":"${seal('{"ConnectorID":"sealed-1"}')}"}`, 'v1'],
  ])('%s', async (_, body, version) => {
    expect(await versionFor(body)).toBe(version);
  });

  test('forms, in the charset of their type', async () => {
    expect(await versionFor('a=1&pile=%E7%94%B5%E6%A1%A9', FORM)).toBe('v2');
    expect(await versionFor('pile=%B5%E7%D7%AE', `${FORM}; charset=gbk`)).toBe('v2');
    expect(await versionFor('pile=%B5%E7%D7%AE', FORM)).toBe('v1');
    expect(await versionFor('pile=%E7%94%B5%E6%A1%A9', `${FORM}; charset=gbk`)).toBe('v1');
    expect(
      await versionFor(
        Uint8Array.from([0x70, 0x69, 0x6c, 0x65, 0x3d, 0xb5, 0xe7, 0xd7, 0xae]),
        `${FORM};charset=GB18030`,
      ),
    ).toBe('v2');
  });

  test('other types, encodings and nothing at all are unknown, counted by reason', async () => {
    takeUnknowns();
    expect(await versionFor('{"ConnectorID":"p-1"}', 'text/plain')).toBe('v1');
    expect(takeUnknowns()).toEqual(['content-type']);
    expect(await versionFor('{"ConnectorID":"p-1"}', 'application/json', ['Content-Encoding: gzip'])).toBe('v1');
    expect(takeUnknowns()).toEqual(['content-encoding']);
    expect(await versionFor('')).toBe('v1');
    expect(takeUnknowns()).toEqual(['no-body']);
    expect(await versionFor('{"ConnectorID":"p-1"}', 'application/vnd.x+json; charset="utf-8"')).toBe('v2');
    expect(takeUnknowns()).toEqual([]);
    expect(await versionFor('{"ConnectorID":"p-1"}', 'application/json;charset=nope')).toBe('v1');
    expect(takeUnknowns().toSorted()).toEqual(['charset', 'content-type']);
  });

  test('a broken body never slips through a not; a missing field does', async () => {
    const ask = ['X-Ask: not'];
    expect(await versionFor('{"Other":1}', 'application/json', ask)).toBe('v2');
    expect(await versionFor('{"Other":1', 'application/json', ask)).toBe('v1');
    expect(await versionFor('', 'application/json', ask)).toBe('v1');
    expect(await versionFor(`{"Other":"${'x'.repeat(5000)}"}`, 'application/json', ask)).toBe('v1');
  });

  test('up to the limit, not beyond it', async () => {
    const bodyOf = (bytes: number) => `{"ConnectorID":"p-1","x":"${'y'.repeat(bytes - 29)}"}`.padEnd(bytes);
    expect(bodyOf(4096)).toHaveLength(4096);
    expect(await versionFor(bodyOf(4096))).toBe('v2');
    takeUnknowns();
    expect(await versionFor(bodyOf(4097))).toBe('v1');
    expect(takeUnknowns()).toEqual(['body-too-large']);
    expect(await versionFor(bodyOf(300_000))).toBe('v1');
  });
});

const JSON_LINES = ['Content-Type: application/json', 'Host: gateway.test'];
const BODY = '{"a":[1,{"b":"c"}],"ConnectorID":"p-1"}';

function chunkedText(body: string, sizes: readonly number[]): string {
  let text = '';
  let at = 0;
  for (const size of [...sizes, body.length]) {
    const piece = body.slice(at, at + size);
    if (piece.length > 0) text += `${piece.length.toString(16)}\r\n${piece}\r\n`;
    at += piece.length;
  }
  return `${text}0\r\n\r\n`;
}

describe('however it comes', () => {
  const byLength = `POST / HTTP/1.1\r\n${JSON_LINES.join('\r\n')}\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`;
  const inChunks = `POST / HTTP/1.1\r\n${JSON_LINES.join('\r\n')}\r\nTransfer-Encoding: chunked\r\n\r\n${chunkedText(BODY, [1, 5, 7])}`;

  test.each([
    ['by length', byLength],
    ['in chunks', inChunks],
  ])('cut at every point: %s', async (_, text) => {
    await using client = await rawClient(gateway.port());
    for (let place = 1; place < text.length; place++) {
      client.methods.push('POST');
      await client.sendCut(text, [place]);
      expect(await checked(client, BODY)).toBe('v2');
    }
  });

  test('octet by octet', async () => {
    for (const text of [byLength, inChunks]) {
      await using client = await rawClient(gateway.port());
      client.methods.push('POST');
      await client.sendCut(
        text,
        Array.from({ length: text.length - 1 }, (_, at) => at + 1),
      );
      expect(await checked(client, BODY)).toBe('v2');
    }
  });

  test('chunked beyond the limit: decided without it, and nothing of it is lost', async () => {
    const large = `{"ConnectorID":"p-1","x":"${'y'.repeat(200_000)}"}`;
    await using client = await rawClient(gateway.port());
    client.request(
      'POST /',
      [...JSON_LINES, 'Transfer-Encoding: chunked'],
      chunkedText(large, [1000, 3000, 90, 5, 1, 60_000]),
    );
    expect(await checked(client, large)).toBe('v1');
  });

  test('pipelined, each is decided by its own', async () => {
    await using client = await rawClient(gateway.port());
    const bodies = ['{"ConnectorID":"p-1"}', '{"ConnectorID":"p-2"}', BODY, '{', '{"ConnectorID":1001}'];
    let text = '';
    for (const body of bodies) {
      client.methods.push('POST');
      text += `POST / HTTP/1.1\r\n${JSON_LINES.join('\r\n')}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    }
    client.send(text);
    const versions: string[] = [];
    for (const [place, body] of bodies.entries()) {
      const [version, seen] = (await client.answer(place)).body.toString().split(' ');
      expect(seen).toBe(digest(body));
      versions.push(version!);
    }
    expect(versions).toEqual(['v2', 'v1', 'v2', 'v1', 'v2']);
  });

  test('a request without a body waits for none', async () => {
    await using client = await rawClient(gateway.port());
    client.request('GET /');
    expect(await checked(client, '')).toBe('v1');
    client.request('DELETE /', ['Content-Length: 0']);
    expect(await checked(client, '')).toBe('v1');
    client.request('POST /', ['Content-Type: application/json', 'Transfer-Encoding: chunked'], '0\r\n\r\n');
    expect(await checked(client, '')).toBe('v1');
  });
});

describe('waiting for the body', () => {
  test('100-continue is answered by the gateway where it must read, and by nobody else then', async () => {
    await using client = await rawClient(gateway.port());
    client.request('POST /', [...JSON_LINES, `Content-Length: ${BODY.length}`, 'Expect: 100-continue']);
    await client.waitFor(/^HTTP\/1\.1 100 Continue\r\n\r\n$/);
    client.send(BODY);
    expect(await checked(client, BODY)).toBe('v2');
    expect(client.answers().interim).toHaveLength(1);
  });

  test('what is cheaper decides without it: the service is asked before the body has come', async () => {
    await using client = await rawClient(gateway.port());
    const before = v2.requests;
    client.request('POST /', [...JSON_LINES, 'X-Cheap: 1', `Content-Length: ${BODY.length}`], BODY.slice(0, 5));
    await eventually(() => expect(v2.requests).toBe(before + 1));
    client.send(BODY.slice(5));
    expect(await checked(client, BODY)).toBe('v2');
  });

  test('a body that does not come is 408 and reaches no service', async () => {
    await using client = await rawClient(gateway.port());
    const before = v1.requests + v2.requests;
    client.request('POST /', [...JSON_LINES, `Content-Length: ${BODY.length}`], BODY.slice(0, 5));
    expect((await client.answer()).status).toBe(408);
    await client.waitForEnd();
    expect(v1.requests + v2.requests).toBe(before);
  });

  test('a client that leaves meanwhile is counted as one that left, and nothing is sent', async () => {
    const before = v1.requests + v2.requests;
    const countBefore = gateway.counts().get('///aborted') ?? 0;
    {
      await using client = await rawClient(gateway.port());
      client.request('POST /', [...JSON_LINES, `Content-Length: ${BODY.length}`], BODY.slice(0, 5));
      client.reset();
    }
    await eventually(() => expect(gateway.counts().get('///aborted')).toBe(countBefore + 1));
    expect(v1.requests + v2.requests).toBe(before);
  });

  test('a malformed chunk is 400 and reaches no service', async () => {
    await using client = await rawClient(gateway.port());
    const before = v1.requests + v2.requests;
    client.request('POST /', [...JSON_LINES, 'Transfer-Encoding: chunked'], '5\r\n{"a":\r\nzz\r\n');
    expect((await client.answer()).status).toBe(400);
    expect(v1.requests + v2.requests).toBe(before);
  });
});

test('a body value as the sticky key hashes like the same id in a header', async () => {
  const route = { split: { v1: 50, v2: 50 }, salt: 's' };
  const versions = { v1: v1.url, v2: v2.url };
  const [byBody, byHeader] = await Promise.all([
    startGateway(
      configText({
        versions,
        route: { ...route, sticky: [{ body: { pointer: '/UserID' } }, { body: { field: 'user' } }] },
      }),
    ),
    startGateway(configText({ versions, route: { ...route, sticky: [{ header: 'x-user' }] } })),
  ]);
  const ask = async (one: Gateway, lines: readonly string[], body: string) => {
    await using client = await rawClient(one.port());
    client.request('POST /', [...lines, `Content-Length: ${Buffer.byteLength(body)}`], Buffer.from(body));
    return (await client.answer()).body.toString().split(' ')[0];
  };
  const seen = new Set<string | undefined>();
  for (const user of ['u-1', 'u-2', 'u-3', '4', '用户', '12345678901234567890']) {
    const expected = await ask(byHeader, [Buffer.from(`X-User: ${user}`).toString('latin1')], '');
    const asNumber = /^\d+$/.test(user) ? user : JSON.stringify(user);
    expect(await ask(byBody, ['Content-Type: application/json'], `{"UserID":${asNumber}}`)).toBe(expected);
    expect(await ask(byBody, ['Content-Type: application/json'], `{"x":1, "UserID" : ${JSON.stringify(user)}}`)).toBe(
      expected,
    );
    expect(await ask(byBody, [`Content-Type: ${FORM}`], `user=${encodeURIComponent(user)}`)).toBe(expected);
    seen.add(expected);
  }
  expect([...seen].toSorted()).toEqual(['v1', 'v2']);
  await Promise.all([byBody[Symbol.asyncDispose](), byHeader[Symbol.asyncDispose]()]);
});

test('a route can be found by the body, each within its own limit; the copy is whole too', async () => {
  const copies: string[] = [];
  await using recorder = await httpOrigin((request, response) => {
    const hash = createHash('sha256');
    request.on('data', (piece: Buffer) => hash.update(piece));
    request.on('end', () => {
      copies.push(hash.digest('hex'));
      response.end();
    });
  });
  const text = configText({
    versions: { v1: v1.url, v2: v2.url, v3: recorder.url },
    top: {
      routes: [
        {
          name: 'small',
          service: 'app',
          match: { body: { pointer: '/kind', exact: 'a' } },
          split: { v1: 1 },
          maxMatchBody: '64B',
        },
        {
          name: 'large',
          service: 'app',
          match: { body: { pointer: '/kind', exact: 'a' } },
          split: { v2: 1 },
          maxMatchBody: '64KiB',
          mirror: { to: 'v3', methods: ['POST'] },
        },
      ],
    },
  });
  await using own = await startGateway(text);
  const ask = async (body: string) => {
    await using client = await rawClient(own.port());
    client.request('POST /', [...JSON_LINES, 'Transfer-Encoding: chunked'], chunkedText(body, [10]));
    const { status, body: answer } = await client.answer();
    return status === 200 ? answer.toString().split(' ')[0] : status;
  };
  expect(await ask('{"kind":"a"}')).toBe('v1');
  const large = `{"kind":"a","x":"${'y'.repeat(10_000)}"}`;
  expect(await ask(large)).toBe('v2');
  expect(await ask('{"kind":"b"}')).toBe(404);
  await eventually(() => expect(copies).toEqual([digest(large)]));
});
