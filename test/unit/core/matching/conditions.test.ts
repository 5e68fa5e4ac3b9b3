import { describe, expect, test } from 'vitest';
import { toByteString } from '../../../../src/core/byte-string.ts';
import { CidrSet } from '../../../../src/core/matching/cidr.ts';
import { clientCondition } from '../../../../src/core/matching/client.ts';
import { cookieCondition } from '../../../../src/core/matching/cookie.ts';
import { headerCondition } from '../../../../src/core/matching/header.ts';
import { hostCondition, hostPatternMatches, hostPatterns } from '../../../../src/core/matching/host.ts';
import { methodCondition } from '../../../../src/core/matching/method.ts';
import { pathCondition, pathPrefixCondition } from '../../../../src/core/matching/path.ts';
import { queryCondition } from '../../../../src/core/matching/query.ts';
import { switchCondition } from '../../../../src/core/matching/switch.ts';
import { exactly, negated, present, startsWith } from '../../../../src/core/matching/value-matcher.ts';
import { sampleTrial } from '../sample-request.ts';

describe('path prefix', () => {
  test.each([
    ['/a', ['/a', '/a/', '/a/b', '/a//'], ['/ab', '/a..', '/', '/A', '*', '']],
    ['/a/', ['/a', '/a/', '/a/b'], ['/ab']],
    ['/a/b', ['/a/b', '/a/b/c'], ['/a', '/a/', '/a/bc', '/a/c/b']],
    ['/', ['/', '/a', '//'], ['*', '']],
    ['/桩', [toByteString('/桩'), toByteString('/桩/1')], [toByteString('/桩桩')]],
  ])('%s matches by segments', (prefix, held, refused) => {
    const condition = pathPrefixCondition(prefix);
    for (const path of held) expect(condition.test(sampleTrial({ path })), path).toBe('true');
    for (const path of refused) expect(condition.test(sampleTrial({ path })), path).toBe('false');
  });
});

describe('host patterns', () => {
  test.each([
    ['a.example', 'a.example', true],
    ['a.example', 'b.a.example', false],
    ['*.example', 'a.example', true],
    ['*.example', 'b.a.example', true],
    ['*.example', 'example', false],
    ['*.example', '.example', false],
    ['*.example', 'badexample', false],
    ['*', 'anything', true],
    ['*', '', true],
  ])('%s and %s', (pattern, host, expected) => {
    expect(hostPatternMatches(pattern, host)).toBe(expected);
    expect(hostCondition(hostPatterns([pattern])).test(sampleTrial({ host }))).toBe(String(expected));
  });

  test('a list holds when one of them does', () => {
    const condition = hostCondition(hostPatterns(['a.example', '*.b.example']));
    expect(condition.test(sampleTrial({ host: 'x.b.example' }))).toBe('true');
    expect(condition.test(sampleTrial({ host: 'c.example' }))).toBe('false');
    expect(condition.text).toBe('host in [a.example, *.b.example]');
  });

  test('a request without a host has none', () => {
    expect(hostCondition(present(true)).test(sampleTrial({ host: '' }))).toBe('false');
  });
});

describe('plain conditions', () => {
  const trial = sampleTrial({
    method: 'POST',
    path: '/api/x',
    query: 'userId=u%2D1&userId=u-2&empty',
    headers: { 'x-beta': ['1', '2'], cookie: ['a=1', 'gray=v%32'] },
  });

  test('a header on several lines is one value', () => {
    expect(headerCondition('X-Beta', exactly('1, 2')).test(trial)).toBe('true');
    expect(headerCondition('x-beta', exactly('1')).test(trial)).toBe('false');
  });

  test('cookie and query values are decoded once, and the first counts', () => {
    expect(cookieCondition('gray', exactly('v2')).test(trial)).toBe('true');
    expect(queryCondition('userId', exactly('u-1')).test(trial)).toBe('true');
    expect(queryCondition('userId', exactly('u-2')).test(trial)).toBe('false');
    expect(queryCondition('empty', exactly('')).test(trial)).toBe('true');
  });

  test('what is absent is known to be absent', () => {
    for (const condition of [headerCondition, cookieCondition, queryCondition]) {
      expect(condition('nobody', exactly('1')).test(trial)).toBe('false');
      expect(condition('nobody', negated(exactly('1'))).test(trial)).toBe('true');
      expect(condition('nobody', present(false)).test(trial)).toBe('true');
      expect(condition('nobody', present(false)).seen(trial)).toBeNull();
    }
  });

  test('methods are case-sensitive', () => {
    expect(methodCondition(exactly('POST')).test(trial)).toBe('true');
    expect(methodCondition(exactly('post')).test(trial)).toBe('false');
  });

  test('a path takes any matcher', () => {
    expect(pathCondition(startsWith('/api')).test(trial)).toBe('true');
  });

  test('the client is in one of the networks', () => {
    const condition = clientCondition(CidrSet.of(['10.0.0.0/8', '2001:db8::/32']));
    expect(condition.test(sampleTrial({ clientAddress: '10.1.2.3' }))).toBe('true');
    expect(condition.test(sampleTrial({ clientAddress: '2001:db8::1' }))).toBe('true');
    expect(condition.test(sampleTrial({ clientAddress: '11.0.0.1' }))).toBe('false');
    expect(condition.text).toBe('client in [10.0.0.0/8, 2001:db8::/32]');
  });

  test('a switch is on or off', () => {
    expect(switchCondition('new-callback', true).test(trial)).toBe('true');
    expect(switchCondition('new-callback', false).test(trial)).toBe('false');
    expect(switchCondition('new-callback', false).seen(trial)).toBe('off');
  });

  test('each says what it is, what it costs and which header fields it needs', () => {
    expect(headerCondition('X-Beta', exactly('1'))).toMatchObject({
      text: 'header x-beta = 1',
      cost: 1,
      headerNames: ['x-beta'],
    });
    expect(cookieCondition('gray', present(true))).toMatchObject({
      text: 'cookie gray is present',
      headerNames: ['cookie'],
    });
    expect(pathCondition(exactly('/'))).toMatchObject({ text: 'path = /', cost: 0, headerNames: [] });
    expect(headerCondition('X-Beta', exactly('1')).seen(trial)).toBe('1, 2');
  });
});
