import { describe, expect, test } from 'vitest';
import { type RequestSample, viewOfSample, type WireRules } from '../../../src/control/request-sample.ts';
import { parseAuthority } from '../../../src/http/authority.ts';
import { canonicalAddress } from '../../../src/http/ip-address.ts';
import { canonicalTarget } from '../../../src/http/target.ts';

const wire: WireRules = { canonicalTarget, parseAuthority, canonicalAddress };

const listener = {
  path: { dotSegments: 'reject', encodedSlash: 'keep', mergeSlashes: false },
  underscores: 'drop',
} as const;

function viewOf(parts: Partial<RequestSample>, over: Partial<Parameters<typeof viewOfSample>[1]> = {}) {
  const sample: RequestSample = {
    method: 'GET',
    url: '/',
    headers: [],
    body: null,
    clientAddress: '127.0.0.1',
    timeMs: 0,
  };
  return viewOfSample({ ...sample, ...parts }, { ...listener, ...over }, wire);
}

describe('the target', () => {
  test('of a path has no host but that of the header', () => {
    const view = viewOf({ url: '/a/b?x=1&y', headers: [['Host', 'Example.COM:8080']] });
    expect(view).toMatchObject({ path: '/a/b', query: 'x=1&y', host: 'example.com' });
  });

  test('of an absolute URL names the host, unless a header names another, and loses its fragment', () => {
    const url = 'http://a.example:81/p?q#part';
    expect(viewOf({ url })).toMatchObject({ path: '/p', query: 'q', host: 'a.example' });
    expect(viewOf({ url, headers: [['host', 'b.example']] }).host).toBe('b.example');
  });

  test('goes through the path policy of the listener', () => {
    expect(() => viewOf({ url: '/a/../b' })).toThrow('a listener refuses the URL "/a/../b": dot-segments');
    expect(viewOf({ url: '/a/../b' }, { path: { ...listener.path, dotSegments: 'resolve' } }).path).toBe('/b');
  });

  test.each(['example.com/x', '', 'ftp://x/'])('%j is refused', (url) => {
    expect(() => viewOf({ url })).toThrow('neither a path');
  });
});

describe('headers', () => {
  test('are found by lower-case name, trimmed, several lines joined', () => {
    const view = viewOf({
      headers: [
        ['X-User', ' u-1 '],
        ['x-user', 'u-2'],
        ['Cookie', 'a=1'],
        ['cookie', 'b=2'],
      ],
    });
    expect(view.header('x-user')).toBe('u-1, u-2');
    expect(view.firstHeader('x-user')).toBe('u-1');
    expect(view.header('cookie')).toBe('a=1; b=2');
    expect(view.header('absent')).toBeUndefined();
  });

  test('are the UTF-8 bytes of the text', () => {
    expect(viewOf({ headers: [['x-name', 'é']] }).header('x-name')).toBe('\u00c3\u00a9');
  });

  test('with underscores are dropped, kept or refused as the listener does', () => {
    const headers = [['x_user', '1']] as const;
    expect(viewOf({ headers }).header('x_user')).toBeUndefined();
    expect(viewOf({ headers }, { underscores: 'keep' }).header('x_user')).toBe('1');
    expect(() => viewOf({ headers }, { underscores: 'reject' })).toThrow('underscore');
  });

  test('that only the gateway stamps do not count', () => {
    expect(viewOf({ headers: [['X-Gray-Version', 'v2']] }).header('x-gray-version')).toBeUndefined();
  });

  test.each([
    ['a b', '1'],
    ['x', 'a\r\nb: c'],
  ])('%j: %j is refused', (name, value) => {
    expect(() => viewOf({ headers: [[name, value]] })).toThrow();
  });
});

test('the client address takes its one form', () => {
  expect(viewOf({ clientAddress: '::ffff:10.0.0.1' }).clientAddress).toBe('10.0.0.1');
  expect(() => viewOf({ clientAddress: 'somewhere' })).toThrow('"somewhere" is no IP address');
});

test('the body is there whole, with its type', () => {
  const view = viewOf({ body: Buffer.from('a=1'), headers: [['content-type', 'application/x-www-form-urlencoded']] });
  expect(view.body).toMatchObject({ contentType: 'application/x-www-form-urlencoded', contentEncoding: '' });
});

describe('a trusted peer', () => {
  const headers: RequestSample['headers'] = [
    ['X-Gray-Lane', 'v2'],
    ['X-Gray-Version', 'v9'],
  ];

  test('is believed its lane, and nothing that only the gateway stamps', () => {
    const view = viewOf({ headers, trusted: true });
    expect([view.fromTrustedPeer, view.header('x-gray-lane'), view.header('x-gray-version')]).toEqual([
      true,
      'v2',
      undefined,
    ]);
  });

  test('is nobody unless it is said', () => {
    const view = viewOf({ headers });
    expect([view.fromTrustedPeer, view.header('x-gray-lane')]).toEqual([false, undefined]);
  });
});
