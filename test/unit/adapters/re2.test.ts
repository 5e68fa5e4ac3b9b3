import { describe, expect, test } from 'vitest';
import { re2 } from '../../../src/adapters/re2.ts';

function matches(pattern: string, text: string): boolean {
  const compiled = re2.compile(pattern);
  if ('error' in compiled) throw new Error(compiled.error);
  return compiled.matches(text);
}

describe('re2', () => {
  test.each([
    ['v[12]', 'v1', true],
    ['v[12]', 'xv1', false],
    ['v[12]', 'v1x', false],
    ['a|ab', 'ab', true],
    ['(?i)beta', 'BeTa', true],
    ['\\p{Han}+', '充电桩', true],
    ['.', '😀', true],
    ['', '', true],
    ['', 'a', false],
  ])('%j over the whole of %j is %s', (pattern, text, expected) => {
    expect(matches(pattern, text)).toBe(expected);
  });

  test.each(['(', '(?=a)', '(?<!a)b', '(a)\\1', 'a{2000}', '[z-a]'])('refuses %j with a reason', (pattern) => {
    expect(re2.compile(pattern)).toEqual({ error: expect.stringMatching(/./) });
  });

  test('refuses a pattern that is too long', () => {
    expect(re2.compile('a'.repeat(5000))).toEqual({ error: expect.stringContaining('4096') });
  });

  test('stays linear where a backtracking engine would not end', () => {
    const from = performance.now();
    expect(matches('(a*)*b', 'a'.repeat(20_000))).toBe(false);
    expect(performance.now() - from).toBeLessThan(2_000);
  });
});
