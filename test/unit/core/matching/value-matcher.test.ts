import { describe, expect, test } from 'vitest';
import { toByteString } from '../../../../src/core/byte-string.ts';
import {
  containing,
  endsWith,
  exactly,
  matchingRegex,
  negated,
  oneOf,
  present,
  startsWith,
  type ValueMatcher,
} from '../../../../src/core/matching/value-matcher.ts';

const regex = (pattern: string): ValueMatcher => {
  const compiled = new RegExp(`^(?:${pattern})$`, 'u');
  return matchingRegex(pattern, { matches: (text) => compiled.test(text) });
};

describe('value matchers', () => {
  test.each<[string, ValueMatcher, string[], string[]]>([
    ['exactly', exactly('桩1'), ['桩1'], ['', '桩', '桩11']],
    ['exactly nothing', exactly(''), [''], ['a']],
    ['one of', oneOf(['u-1', '用户']), ['u-1', '用户'], ['u-', 'u-1 ', '']],
    ['starts with', startsWith('é'), ['é', 'école'], ['e', '']],
    ['ends with', endsWith('é'), ['é', 'café'], ['cafe', '']],
    ['containing', containing('é'), ['né e'], ['ne e', '']],
    ['regex over the text, not the bytes', regex('.桩'), ['充桩'], ['桩', '充充桩']],
    ['present', present(true), ['', 'a'], []],
    ['absent', present(false), [], ['', 'a']],
    ['not', negated(exactly('a')), ['b', ''], ['a']],
    ['not not', negated(negated(exactly('a'))), ['a'], ['b']],
  ])('%s', (_, matcher, held, refused) => {
    for (const value of held) expect(matcher.test(toByteString(value)), value).toBe(true);
    for (const value of refused) expect(matcher.test(toByteString(value)), value).toBe(false);
  });

  test('for an absent value only present: false and not hold', () => {
    const plain = [exactly(''), oneOf(['']), startsWith(''), endsWith(''), containing(''), regex('.*'), present(true)];
    for (const matcher of plain) {
      expect(matcher.test(undefined), matcher.text).toBe(false);
      expect(negated(matcher).test(undefined), matcher.text).toBe(true);
    }
    expect(present(false).test(undefined)).toBe(true);
    expect(negated(present(false)).test(undefined)).toBe(false);
  });

  test('a list of 500,000 values finds each of them and shows only a few', () => {
    const values = Array.from({ length: 500_000 }, (_, i) => `pile-${i}`);
    const matcher = oneOf(values);
    expect(values.every((value) => matcher.test(value))).toBe(true);
    expect(matcher.test('pile-500000')).toBe(false);
    expect(matcher.text).toBe('in [pile-0, pile-1, pile-2, pile-3, pile-4, ... 499995 more]');
  });

  test('texts read as written', () => {
    expect(oneOf(['用户', 'b']).text).toBe('in [用户, b]');
    expect(negated(exactly('1')).text).toBe('not = 1');
    expect(present(false).text).toBe('is absent');
  });
});
