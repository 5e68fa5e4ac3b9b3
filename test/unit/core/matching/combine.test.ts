import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { allOf, anyOf, notOf } from '../../../../src/core/matching/combine.ts';
import { headerCondition } from '../../../../src/core/matching/header.ts';
import type { Truth } from '../../../../src/core/matching/truth.ts';
import { exactly } from '../../../../src/core/matching/value-matcher.ts';
import { fixedCondition, sampleTrial } from '../sample-request.ts';

const truths: readonly Truth[] = ['true', 'false', 'unknown', 'unread'];
const trial = sampleTrial();

// Rows and columns in the order of `truths`.
const allTable: readonly (readonly Truth[])[] = [
  ['true', 'false', 'unknown', 'unread'],
  ['false', 'false', 'false', 'false'],
  ['unknown', 'false', 'unknown', 'unread'],
  ['unread', 'false', 'unread', 'unread'],
];
const anyTable: readonly (readonly Truth[])[] = [
  ['true', 'true', 'true', 'true'],
  ['true', 'false', 'unknown', 'unread'],
  ['true', 'unknown', 'unknown', 'unread'],
  ['true', 'unread', 'unread', 'unread'],
];

describe('three values, and unread', () => {
  test('all and any follow their tables', () => {
    truths.forEach((a, row) => {
      truths.forEach((b, column) => {
        const parts = [fixedCondition(a), fixedCondition(b)];
        expect(allOf(parts).test(trial), `all(${a}, ${b})`).toBe(allTable[row]?.[column]);
        expect(anyOf(parts).test(trial), `any(${a}, ${b})`).toBe(anyTable[row]?.[column]);
      });
    });
  });

  test.each<[Truth, Truth]>([
    ['true', 'false'],
    ['false', 'true'],
    ['unknown', 'unknown'],
    ['unread', 'unread'],
  ])('not %s is %s', (of, expected) => {
    expect(notOf(fixedCondition(of)).test(trial)).toBe(expected);
  });

  test('all and any are each other turned round', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...truths)), (values) => {
        const parts = values.map((value) => fixedCondition(value));
        expect(notOf(allOf(parts)).test(trial)).toBe(anyOf(parts.map(notOf)).test(trial));
      }),
    );
  });

  test('the result does not depend on order or cost', () => {
    const part = fc.record({ truth: fc.constantFrom(...truths), cost: fc.constantFrom(0, 1, 2, 3) });
    fc.assert(
      fc.property(fc.array(part), (parts) => {
        const conditions = parts.map(({ truth, cost }) => fixedCondition(truth, cost as 0 | 1 | 2 | 3));
        expect(allOf(conditions).test(trial)).toBe(allOf(conditions.toReversed()).test(trial));
        expect(anyOf(conditions).test(trial)).toBe(anyOf(conditions.toReversed()).test(trial));
      }),
    );
  });

  test('nothing to hold is true, nothing that could hold is false', () => {
    expect(allOf([]).test(trial)).toBe('true');
    expect(anyOf([]).test(trial)).toBe('false');
  });
});

describe('cost', () => {
  test('cheap parts are tried first, and a decisive one spares the body', () => {
    const body = fixedCondition('unread', 3);
    expect(allOf([body, fixedCondition('false', 2)]).test(trial)).toBe('false');
    expect(anyOf([body, fixedCondition('true', 1)]).test(trial)).toBe('true');
    expect(body.asked).toBe(0);
  });

  test('parts of one cost are tried as written', () => {
    const second = fixedCondition('true');
    expect(allOf([fixedCondition('false'), second]).test(trial)).toBe('false');
    expect(second.asked).toBe(0);
  });

  test('a combination costs as much as its dearest part and needs what its parts need', () => {
    const parts = [headerCondition('a', exactly('1')), fixedCondition('true', 3), headerCondition('a', exactly('2'))];
    expect(allOf(parts)).toMatchObject({ cost: 3, headerNames: ['a'], text: 'all(header a = 1, true, header a = 2)' });
    expect(notOf(allOf(parts))).toMatchObject({ cost: 3, headerNames: ['a'] });
  });

  test('one part alone is itself', () => {
    const part = fixedCondition('true');
    expect(allOf([part])).toBe(part);
    expect(anyOf([part])).toBe(part);
  });
});
