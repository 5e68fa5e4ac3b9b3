import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { percentDecode } from '../../../../src/core/byte-string.ts';
import { cookieValue } from '../../../../src/core/matching/cookie.ts';
import { queryValue } from '../../../../src/core/matching/query.ts';

describe('cookieValue', () => {
  test.each<[string | undefined, string, string | undefined]>([
    [undefined, 'a', undefined],
    ['', 'a', undefined],
    ['a=1', 'a', '1'],
    ['a=1; b=2', 'b', '2'],
    ['a=1;b=2', 'b', '2'],
    ['a=1; a=2', 'a', '1'],
    ['xa=1', 'a', undefined],
    ['ab=1', 'a', undefined],
    ['A=1', 'a', undefined],
    ['a', 'a', undefined],
    ['a=', 'a', ''],
    ['a="q w"', 'a', 'q w'],
    ['a=""q""', 'a', '"q"'],
    ['a="', 'a', '"'],
    ['a=b=c', 'a', 'b=c'],
    ['a = 1 ', 'a', '1'],
    ['a=%41%zz%', 'a', 'A%zz%'],
    ['a=x+y', 'a', 'x+y'],
    [';;;=;=a;a=1', 'a', '1'],
    ['a;=1; a=2', 'a', '2'],
    ['__proto__=1', '__proto__', '1'],
    ['b=1', '__proto__', undefined],
    ['b=1', 'constructor', undefined],
  ])('%j: %s is %j', (header, name, value) => {
    expect(cookieValue(header, name)).toBe(value);
  });
});

describe('queryValue', () => {
  test.each<[string, string, string | undefined]>([
    ['', 'a', undefined],
    ['a=1', 'a', '1'],
    ['b=2&a=1', 'a', '1'],
    ['a=1&a=2', 'a', '1'],
    ['a', 'a', ''],
    ['a&b', 'b', ''],
    ['a=', 'a', ''],
    ['aa=1', 'a', undefined],
    ['A=1', 'a', undefined],
    ['a=b=c', 'a', 'b=c'],
    ['a=b=c', 'a=b', undefined],
    ['a%3Db=c', 'a=b', 'c'],
    ['%61=1', 'a', '1'],
    ['a+b=1', 'a b', '1'],
    ['a+b=1', 'a+b', undefined],
    ['a=x+y%2B', 'a', 'x y+'],
    ['a=%zz%4', 'a', '%zz%4'],
    ['&&&a=1', 'a', '1'],
    ['=1', 'a', undefined],
    ['__proto__=1', '__proto__', '1'],
    ['b=1', 'toString', undefined],
    ['a;b=1', 'b', undefined],
  ])('%j: %s is %j', (query, name, value) => {
    expect(queryValue(query, name)).toBe(value);
  });
});

describe('both, against reading every pair', () => {
  const unit = fc.constantFrom('a', 'b', '=', '&', ';', '%', '4', '1', '+', ' ', '"', '\xff', '_');
  const text = fc.string({ unit, maxLength: 40 });
  const name = fc.string({ unit: fc.constantFrom('a', 'b', 'A', ' ', '_'), minLength: 1, maxLength: 3 });

  test('a query gives what splitting it gives', () => {
    fc.assert(
      fc.property(text, name, (query, wanted) => {
        const pair = query
          .split('&')
          .filter((part) => part !== '')
          .map((part) => [part.split('=', 1)[0] as string, part.includes('=') ? part.slice(part.indexOf('=') + 1) : ''])
          .find(([key]) => percentDecode(key as string, true) === wanted);
        expect(queryValue(query, wanted)).toBe(pair === undefined ? undefined : percentDecode(pair[1] as string, true));
      }),
      { numRuns: 2000 },
    );
  });

  test('a cookie field gives what splitting it gives', () => {
    const token = name.filter((value) => !value.includes(' '));
    fc.assert(
      fc.property(text, token, (header, wanted) => {
        const pair = header
          .split(';')
          .filter((part) => part.includes('='))
          .map((part) => [part.slice(0, part.indexOf('=')).trim(), part.slice(part.indexOf('=') + 1).trim()])
          .find(([key]) => key === wanted);
        const value = pair?.[1]?.replace(/^"(.*)"$/s, '$1');
        expect(cookieValue(header, wanted)).toBe(value === undefined ? undefined : percentDecode(value, false));
      }),
      { numRuns: 2000 },
    );
  });

  test('hostile lengths cost one pass', () => {
    const size = 200_000;
    const started = performance.now();
    for (const piece of ['a=', '&', 'a', '%', ';', '=', 'a;', 'ab&', '+', '"']) {
      queryValue(piece.repeat(size), 'abc');
      cookieValue(piece.repeat(size), 'abc');
    }
    // One pass takes milliseconds; a quadratic one would take minutes.
    expect(performance.now() - started).toBeLessThan(5_000);
  });
});
