import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalTarget, type Target, type TargetPolicy } from '../../../src/http/target.ts';

const DEFAULT: TargetPolicy = { dotSegments: 'reject', encodedSlash: 'keep', mergeSlashes: false };
const RESOLVE: TargetPolicy = { ...DEFAULT, dotSegments: 'resolve' };
const KEEP: TargetPolicy = { ...DEFAULT, dotSegments: 'keep' };
const MERGE: TargetPolicy = { ...KEEP, mergeSlashes: true };
const RESOLVE_AND_MERGE: TargetPolicy = { ...RESOLVE, mergeSlashes: true };

function targetOf(raw: string, policy = DEFAULT, method = 'GET'): Target {
  const result = canonicalTarget(raw, policy, method);
  if (typeof result === 'string') throw new Error(`${raw}: ${result}`);
  return result;
}

describe('origin-form', () => {
  it.each([
    ['/', '/', '', false],
    ['/a/b.c/~d?x=1&y', '/a/b.c/~d', 'x=1&y', true],
    ['/a?', '/a', '', true],
    ['/a??b?c', '/a', '?b?c', true],
    ['/a%2Fb?x=%20+&y', '/a%2Fb', 'x=%20+&y', true],
    ['//evil.example/x', '//evil.example/x', '', false],
    ['/a//b/', '/a//b/', '', false],
    ['/...', '/...', '', false],
    ['/.well-known/x', '/.well-known/x', '', false],
    ['/a../b', '/a../b', '', false],
    ['/a/..;/b', '/a/..;/b', '', false],
    ['/api%2e%2e/b', '/api%2e%2e/b', '', false],
    ['/%0d%0aX:1', '/%0d%0aX:1', '', false],
    ['/a|b^c{d}', '/a|b^c{d}', '', false],
    ['/a?k=%zz', '/a', 'k=%zz', true],
    ['/a?/../b', '/a', '/../b', true],
    ['/a?b\\c', '/a', 'b\\c', true],
    ['/__proto__', '/__proto__', '', false],
  ])('%s passes byte for byte', (raw, path, query, hasQuery) => {
    expect(targetOf(raw)).toEqual({ path, query, hasQuery, target: raw, authority: null });
  });

  it.each([
    ['', 'bad-target'],
    ['a', 'bad-target'],
    ['*', 'bad-target'],
    ['?a', 'bad-target'],
    ['example.com:80', 'bad-target'],
    ['/a#b', 'bad-target'],
    ['/a?b#c', 'bad-target'],
    ['#', 'bad-target'],
    ['/a b', 'bad-target'],
    ['/a\tb', 'bad-target'],
    ['/a?b c', 'bad-target'],
    ['/a\0', 'bad-target'],
    ['/a\x7f', 'bad-target'],
    ['/caf\xe9', 'bad-target'],
    ['/a?\xe9', 'bad-target'],
    ['/a\rb', 'bad-target'],
    ['/a\\b', 'bad-target'],
    ['/\\evil.example/x', 'bad-target'],
    ['/a%', 'bad-escape'],
    ['/a%2', 'bad-escape'],
    ['/a%zz', 'bad-escape'],
    ['/a%2?b', 'bad-escape'],
    ['/%00', 'bad-escape'],
    ['/AAA%%0000', 'bad-escape'],
    ['/a/../b', 'dot-segments'],
    ['/a/./b', 'dot-segments'],
    ['/..', 'dot-segments'],
    ['/a/.', 'dot-segments'],
    ['/a/..?b', 'dot-segments'],
    ['/a/%2e%2e/b', 'dot-segments'],
    ['/a/.%2E/b', 'dot-segments'],
    ['/a/%2e./b', 'dot-segments'],
    ['/a/%2E', 'dot-segments'],
    ['/a/..%2fb', 'dot-segments'],
    ['/a/%2e%2e%2Fb', 'dot-segments'],
    ['/a/..%5cb', 'dot-segments'],
    ['/a%2f..', 'dot-segments'],
  ])('%j is refused as %s', (raw, error) => {
    expect(canonicalTarget(raw, DEFAULT, 'GET')).toBe(error);
  });

  it('encoded slashes are refused where the policy says so', () => {
    for (const raw of ['/a%2fb', '/a%2Fb', '/a%5cb', '/a%5C']) {
      expect(canonicalTarget(raw, { ...DEFAULT, encodedSlash: 'reject' }, 'GET')).toBe('encoded-slash');
    }
    expect(targetOf('/a%2eb?%2f', { ...DEFAULT, encodedSlash: 'reject' }).target).toBe('/a%2eb?%2f');
  });
});

describe('dot segments and slashes', () => {
  it.each([
    ['/a/b/../c', '/a/c'],
    ['/a/b/./c', '/a/b/c'],
    ['/a/b/../../../../c', '/c'],
    ['/a/b/%2E%2e/c', '/a/c'],
    ['/../a', '/a'],
    ['/a/..', '/'],
    ['/a/b/..', '/a/'],
    ['/a/.', '/a/'],
    ['/.', '/'],
    ['/..', '/'],
    ['/a/..?x=/../', '/?x=/../'],
    ['/a//../b', '/a/b'],
    ['/..//evil', '//evil'],
  ])('%s is resolved to %s', (raw, target) => {
    expect(targetOf(raw, RESOLVE).target).toBe(target);
  });

  it.each([
    ['/a//b', '/a/b'],
    ['//a', '/a'],
    ['/a////', '/a/'],
    ['/a//b?c=//d', '/a/b?c=//d'],
  ])('%s is merged to %s', (raw, target) => {
    expect(targetOf(raw, MERGE).target).toBe(target);
  });

  it('keeps what it is told to keep', () => {
    expect(targetOf('/a/../%2e/b', KEEP).target).toBe('/a/../%2e/b');
    expect(targetOf('/a/..%2fb', KEEP).path).toBe('/a/..%2fb');
  });

  it('a resolved path has no dot segment left, and resolving it again changes nothing', () => {
    const segment = fc.constantFrom('', '.', '..', '%2e', '.%2E', 'a', 'b.c', '...', '%2e%2e%2e', ';..');
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1, maxLength: 8 }), fc.boolean(), (segments, merged) => {
        const policy = merged ? RESOLVE_AND_MERGE : RESOLVE;
        const once = targetOf(`/${segments.join('/')}`, policy);
        expect(targetOf(once.path, policy)).toEqual(once);
        expect(typeof canonicalTarget(once.path, DEFAULT, 'GET')).toBe('object');
        if (merged) expect(once.path).not.toContain('//');
      }),
    );
  });
});

describe('other forms', () => {
  it.each([
    ['http://a.example/x?y', '/x?y', 'a.example'],
    ['HTTP://A:81', '/', 'A:81'],
    ['https://a/', '/', 'a'],
    ['http://a?b', '/?b', 'a'],
    ['http://u@a/', '/', 'u@a'],
    ['http://a//b', '//b', 'a'],
  ])('absolute-form %s', (raw, target, authority) => {
    expect(targetOf(raw)).toMatchObject({ target, authority });
  });

  it.each([
    'http:///x',
    'http://',
    'http:/a',
    'ftp://a/',
    'ws://a/',
    'http://a\\b/../x\\',
    'http://a/#',
    'javascript:1',
  ])('%s is refused', (raw) => {
    expect(typeof canonicalTarget(raw, DEFAULT, 'GET')).toBe('string');
  });

  it('* is for OPTIONS alone; an absolute-form OPTIONS without a path means it too', () => {
    expect(targetOf('*', DEFAULT, 'OPTIONS')).toEqual({
      path: '*',
      query: '',
      hasQuery: false,
      target: '*',
      authority: null,
    });
    expect(targetOf('http://a', DEFAULT, 'OPTIONS')).toMatchObject({ target: '*', authority: 'a' });
    expect(targetOf('http://a/', DEFAULT, 'OPTIONS')).toMatchObject({ target: '/', authority: 'a' });
    for (const raw of ['*a', '**', '/*'])
      expect(canonicalTarget(raw, DEFAULT, 'OPTIONS')).not.toMatchObject({ target: '*' });
  });

  it('CONNECT is refused whatever it names', () => {
    for (const raw of ['a:443', '/', '*']) expect(canonicalTarget(raw, DEFAULT, 'CONNECT')).toBe('method-refused');
  });
});

const PAIRS = join(process.env['GRAYGATE_CASES'] ?? '../shared/cases', 'http/path-normalisation.json');

describe.skipIf(!existsSync(PAIRS))('path pairs collected elsewhere', () => {
  const policies: Record<string, TargetPolicy> = {
    'dot-segments': RESOLVE,
    'merge-slashes': MERGE,
    'dot-segments+merge-slashes': RESOLVE_AND_MERGE,
  };
  const cases: { op: string; in: string; out?: string }[] = existsSync(PAIRS)
    ? JSON.parse(readFileSync(PAIRS, 'utf8')).cases
    : [];

  it.each(cases.filter((row) => row.out !== undefined))('$op: $in', (row) => {
    const result = canonicalTarget(row.in, policies[row.op]!, 'GET');
    if (row.out === 'reject' || row.in.includes('\\')) expect(typeof result).toBe('string');
    else expect(result).toMatchObject({ target: row.out });
  });

  it.each(cases.filter((row) => row.out === undefined))('stays itself or is refused: $in', (row) => {
    const raw = Buffer.from(row.in, 'utf8').toString('latin1');
    const result = canonicalTarget(raw, DEFAULT, 'GET');
    if (typeof result === 'object') expect(raw.endsWith(result.target)).toBe(true);
  });
});
