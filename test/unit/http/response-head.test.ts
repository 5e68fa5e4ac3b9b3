import { describe, expect, it } from 'vitest';
import { ResponseHead } from '../../../src/http/response-head.ts';

function parse(...lines: readonly string[]) {
  const bytes = Buffer.from(lines.map((line) => `${line}\r\n`).join(''), 'latin1');
  const head = new ResponseHead();
  return { head, isGood: head.parse(bytes, 0, bytes.length) };
}

describe('a status line', () => {
  it.each(['HTTP/1.1 200 OK', 'HTTP/1.1 200 ', 'HTTP/1.1 200', 'HTTP/1.0 599 \xe9', 'HTTP/1.9 100 x'])(
    '%j passes',
    (line) => {
      expect(parse(line).isGood).toBe(true);
    },
  );

  it.each([
    'HTTP/2.0 200 OK',
    'HTTP/1.1 099 x',
    'HTTP/1.1 600 x',
    'HTTP/1.1 20 OK',
    'HTTP/1.1  200 OK',
    'ICY 200 OK',
    'HTTP/1.1 200 a\rb',
  ])('%j is not HTTP', (line) => {
    expect(parse(line).isGood).toBe(false);
  });
});

describe('fields of an answer', () => {
  it('are copied but for those that end here', () => {
    const { head } = parse(
      'HTTP/1.1 200 OK',
      'A: 1',
      'Connection: x-hop',
      'X-Hop: 1',
      'Set-Cookie: a',
      'set-cookie: b',
      'Keep-Alive: timeout=7, max=3',
    );
    expect(head.kept).toBe('A: 1\r\nSet-Cookie: a\r\nset-cookie: b\r\n');
    expect(head.keepAliveHintSeconds).toBe(7);
  });

  it('that no upstream may take away stay', () => {
    expect(parse('HTTP/1.1 200 OK', 'Connection: set-cookie', 'Set-Cookie: a').head.kept).toBe('Set-Cookie: a\r\n');
  });

  it('folded, blank before the colon or with control bytes make it no answer', () => {
    for (const line of [' x', 'A : 1', 'A', ': 1', 'A: \0', 'A: b\nc']) {
      expect(parse('HTTP/1.1 200 OK', 'B: 1', line).isGood).toBe(false);
    }
  });
});

describe('framing of an answer', () => {
  it('the same length said twice is one length, two lengths are none', () => {
    expect(parse('HTTP/1.1 200 OK', 'Content-Length: 5', 'Content-Length: 5').head.contentLength).toBe(5);
    expect(parse('HTTP/1.1 200 OK', 'Content-Length: 5', 'Content-Length: 6').isGood).toBe(false);
  });

  it.each([
    ['Content-Length: 5', 'Transfer-Encoding: chunked'],
    ['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'],
    ['Transfer-Encoding: chunked, gzip'],
    ['Content-Length: 2\xa0'],
    ['Content-Length: -1'],
  ])('%j is not to be believed', (...lines) => {
    expect(parse('HTTP/1.1 200 OK', ...lines).isGood).toBe(false);
  });

  it('keeps the connection by the version, unless told otherwise', () => {
    expect(parse('HTTP/1.1 200 OK').head.keepAlive).toBe(true);
    expect(parse('HTTP/1.0 200 OK').head.keepAlive).toBe(false);
    expect(parse('HTTP/1.0 200 OK', 'Connection: keep-alive').head.keepAlive).toBe(true);
    expect(parse('HTTP/1.1 200 OK', 'Connection: foo, close').head.keepAlive).toBe(false);
  });
});
