import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { comparisonVerdict, isReal, MIN_COMPARED } from '../../../../src/core/comparing/standing.ts';

describe('a difference is real', () => {
  it.each([
    ['without noise', { raw: 5, noise: 0, compared: 100 }, true],
    ['when it is far more frequent than noise', { raw: 90, noise: 10, compared: 100 }, true],
    ['not when the version differs from itself as often', { raw: 90, noise: 90, compared: 100 }, false],
    ['not when the version differs from itself more often', { raw: 10, noise: 90, compared: 100 }, false],
    ['not within a fifth of the noise', { raw: 59, noise: 40, compared: 100 }, false],
    ['just beyond a fifth of the noise', { raw: 61, noise: 40, compared: 100 }, true],
    ['not once in ten thousand', { raw: 3, noise: 0, compared: 10_000 }, false],
    ['four times in ten thousand', { raw: 4, noise: 0, compared: 10_000 }, true],
    ['not when nothing was compared', { raw: 0, noise: 0, compared: 0 }, false],
  ])('%s', (_, counts, expected) => expect(isReal(counts)).toBe(expected));

  it('never for a field that differs less often than from itself', () => {
    fc.assert(
      fc.property(fc.nat(1000), fc.nat(1000), fc.nat(1000), (raw, more, compared) => {
        expect(isReal({ raw, noise: raw + more, compared: compared + raw + more })).toBe(false);
      }),
    );
  });
});

it('sameness takes enough comparisons; a difference is one at once', () => {
  expect(comparisonVerdict(0, 0)).toBe('inconclusive');
  expect(comparisonVerdict(MIN_COMPARED - 1, 0)).toBe('inconclusive');
  expect(comparisonVerdict(MIN_COMPARED, 0)).toBe('same');
  expect(comparisonVerdict(3, 1)).toBe('different');
});
