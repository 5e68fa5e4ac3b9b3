import { describe, expect, it } from 'vitest';
import { FieldIndex } from '../../../src/http/field-index.ts';
import { parseContentLength, REQUEST_FIELDS, RequestHead } from '../../../src/http/request-head.ts';

const INDEX = new FieldIndex([...REQUEST_FIELDS, 'x-user-id', 'cookie']);
const LIMITS = { headerCount: 5, targetBytes: 64 };

function parse(lines: readonly string[], underscores: 'drop' | 'keep' | 'reject' = 'drop') {
  const bytes = Buffer.from(lines.map((line) => `${line}\r\n`).join(''), 'latin1');
  const head = new RequestHead(INDEX);
  return { head, error: head.parse(bytes, 0, bytes.length, INDEX, LIMITS, underscores) };
}

describe('a request line', () => {
  it('gives method, target and version', () => {
    const { head, error } = parse(['PATCH /a/b?c=d HTTP/1.0', 'Host: h']);
    expect(error).toBeNull();
    expect([head.method, head.rawTarget, head.minorVersion, head.keepAlive]).toEqual(['PATCH', '/a/b?c=d', 0, false]);
    expect([head.isPlainTarget, head.queryAt]).toEqual([true, 4]);
  });

  it.each(['/a/../b', '/a//b', '/%41', '/a;b', '/a\\b', 'http://h/a', '*'])(
    '%s is left to the path policy',
    (target) => {
      const { head, error } = parse([`GET ${target} HTTP/1.1`, 'Host: h']);
      expect(error).toBeNull();
      expect(head.isPlainTarget).toBe(false);
    },
  );

  it.each([
    ['GET /', 'bad-request-line'],
    ['GET  / HTTP/1.1', 'bad-request-line'],
    ['GET / HTTP/1.1 ', 'bad-request-line'],
    ['GET / http/1.1', 'bad-request-line'],
    ['GE(T / HTTP/1.1', 'bad-request-line'],
    [' GET / HTTP/1.1', 'bad-request-line'],
    ['GET /a b HTTP/1.1', 'bad-request-line'],
    ['GET / HTTP/2.0', 'bad-version'],
    ['GET / HTTP/1.2', 'bad-version'],
    ['GET /\x01 HTTP/1.1', 'bad-target'],
    ['GET /# HTTP/1.1', 'bad-target'],
    ['GET /\xe9 HTTP/1.1', 'bad-target'],
    [`GET /${'a'.repeat(64)} HTTP/1.1`, 'target-too-long'],
  ])('%j is refused as %s', (line, error) => {
    expect(parse([line, 'Host: h']).error).toBe(error);
  });
});

describe('field lines', () => {
  it.each([
    [['Host : h'], 'bad-field'],
    [['Host: h', ' folded'], 'bad-field'],
    [['Host: h', 'no colon'], 'bad-field'],
    [['Host: h', ': empty name'], 'bad-field'],
    [['Host: h', 'a: b\rc'], 'bad-field'],
    [['Host: h', 'a: b\nc'], 'bad-field'],
    [['Host: h', 'a: b\0c'], 'bad-field'],
    [['Host: h', 'a: b\x7f'], 'bad-field'],
    [[], 'bad-host'],
    [['Host: h', 'hOST: h'], 'bad-host'],
    [['Host: h', 'a: 1', 'a: 2', 'a: 3', 'a: 4', 'a: 5'], 'too-many-fields'],
    [['Host: h', 'Content-Type: a/b', 'content-type: c/d'], 'repeated-field'],
    [['Host: h', 'Authorization: a', 'authorization: b'], 'repeated-field'],
  ])('%j: %s', (lines, error) => {
    expect(parse(['GET / HTTP/1.1', ...lines]).error).toBe(error);
  });

  it('are copied byte for byte, in order, but for those that end here or are made anew', () => {
    const { head } = parse([
      'GET / HTTP/1.1',
      'A:  \xe9 b\t',
      'Host: h',
      'keep-alive: 1',
      'a:2',
      'X-Forwarded-Port: 1',
    ]);
    expect(head.kept).toBe('A:  \xe9 b\t\r\na:2\r\n');
    expect(head.hasProxyFields).toBe(true);
  });

  it('are found by name in any case, several lines joined, cookies by semicolons', () => {
    const { head } = parse([
      'GET / HTTP/1.1',
      'Host: h',
      'X-User-ID: \t1 ',
      'x-user-id: 2',
      'Cookie: a=1',
      'cookie: b=2',
    ]);
    expect(head.header('x-user-id')).toBe('1, 2');
    expect(head.firstHeader('x-user-id')).toBe('1');
    expect(head.header('cookie')).toBe('a=1; b=2');
    expect(head.header('not-there')).toBeUndefined();
  });

  it('named by a name that objects have are plain data', () => {
    const { head } = parse(['GET / HTTP/1.1', 'Host: h', '__proto__: 1', 'constructor: 2'], 'keep');
    expect([head.header('__proto__'), head.header('constructor'), head.header('toString')]).toEqual([
      '1',
      '2',
      undefined,
    ]);
  });

  it('with an underscore are dropped and not seen, kept, or refused, as the listener says', () => {
    const lines = ['GET / HTTP/1.1', 'Host: h', 'x_user_id: 1'];
    expect(parse(lines).head.kept).toBe('');
    expect(parse(lines, 'keep').head.kept).toBe('x_user_id: 1\r\n');
    expect(parse(lines, 'reject').error).toBe('underscore-in-field-name');
    expect(parse([...lines.slice(0, 2), 'X_Forwarded_For: 1'], 'keep').head.kept).toBe('');
  });
});

describe('Connection', () => {
  it('takes along the fields that it nominates, wherever they stand', () => {
    const { head } = parse(['GET / HTTP/1.1', 'Host: h', 'foo: 1', 'Connection: Foo, x-bar', 'X-Bar: 2', 'baz: 3']);
    expect(head.kept).toBe('baz: 3\r\n');
  });

  it('cannot take what somebody decides by', () => {
    const { head } = parse([
      'GET / HTTP/1.1',
      'Host: h',
      'Connection: x-user-id, authorization',
      'X-User-Id: 1',
      'Authorization: b',
    ]);
    expect(head.kept).toBe('X-User-Id: 1\r\nAuthorization: b\r\n');
  });

  it.each([
    ['HTTP/1.1', [], true],
    ['HTTP/1.1', ['Connection: close'], false],
    ['HTTP/1.1', ['Connection: foo , CLOSE'], false],
    ['HTTP/1.0', [], false],
    ['HTTP/1.0', ['Connection: keep-alive'], true],
    ['HTTP/1.0', ['Connection: keep-alive', 'Connection: close'], false],
    ['HTTP/1.0', ['Connection: close', 'Connection: Keep-Alive'], false],
  ])('%s with %j keeps the connection: %s', (version, lines, keepAlive) => {
    expect(parse([`GET / ${version}`, 'Host: h', ...lines]).head.keepAlive).toBe(keepAlive);
  });
});

describe('framing', () => {
  it.each([
    [['Content-Length: 3', 'Transfer-Encoding: chunked'], 'ambiguous-framing'],
    [['Content-Length: 3', 'Content-Length: 3'], 'bad-content-length'],
    [['Content-Length: 3, 3'], 'bad-content-length'],
    [['Content-Length: +3'], 'bad-content-length'],
    [['Content-Length:'], 'bad-content-length'],
    [['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'], 'bad-transfer-encoding'],
    [['Transfer-Encoding: gzip, chunked'], 'bad-transfer-encoding'],
    [['Transfer-Encoding: chunked\xa0'], 'bad-transfer-encoding'],
    [['Transfer-Encoding:'], 'bad-transfer-encoding'],
  ])('%j is refused as %s', (lines, error) => {
    expect(parse(['POST / HTTP/1.1', 'Host: h', ...lines]).error).toBe(error);
  });

  it('by chunks is refused of HTTP/1.0', () => {
    expect(parse(['POST / HTTP/1.0', 'Host: h', 'Transfer-Encoding: chunked']).error).toBe('bad-transfer-encoding');
  });

  it.each([
    ['0', 0],
    ['007', 7],
    ['9007199254740991', Number.MAX_SAFE_INTEGER],
    ['9007199254740992', -1],
    ['99999999999999999999', -1],
    ['', -1],
    ['0x10', -1],
    ['1_0', -1],
    ['-1', -1],
    ['1.0', -1],
    [' 1', -1],
  ])('Content-Length %j is %i', (text, length) => {
    expect(parseContentLength(text)).toBe(length);
  });
});

it('one head leaves nothing to the next', () => {
  const head = new RequestHead(INDEX);
  const read = (text: string) => head.parse(Buffer.from(text), 0, text.length, INDEX, LIMITS, 'drop');
  expect(
    read('POST / HTTP/1.0\r\nHost: h\r\nContent-Length: 3\r\nConnection: close, foo\r\nTE: trailers\r\nExpect: x\r\n'),
  ).toBeNull();
  expect(read('GET /b HTTP/1.1\r\nHost: i\r\nfoo: 1\r\n')).toBeNull();
  expect([head.contentLength, head.keepAlive, head.acceptsTrailers, head.expect, head.kept, head.host]).toEqual([
    -1,
    true,
    false,
    'none',
    'foo: 1\r\n',
    'i',
  ]);
});
