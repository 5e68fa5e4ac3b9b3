import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Health } from '../../../../src/core/resilience/health.ts';

const thresholds = { unhealthyAfter: 3, healthyAfter: 2 };

function after(results: readonly boolean[]): Health {
  const health = new Health();
  for (const isWell of results) health.onResult(isWell, thresholds);
  return health;
}

describe('health', () => {
  test('is well until so many checks in a row have failed', () => {
    expect(after([]).isHealthy).toBe(true);
    expect(after([false, false]).isHealthy).toBe(true);
    expect(after([false, false, true, false, false]).isHealthy).toBe(true);
    expect(after([false, false, false]).isHealthy).toBe(false);
  });

  test('is unwell until so many in a row have not', () => {
    expect(after([false, false, false, true, false, true]).isHealthy).toBe(false);
    expect(after([false, false, false, true, true]).isHealthy).toBe(true);
  });

  test('tells of a change when, and only when, there is one', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean()), (results) => {
        const health = new Health();
        for (const isWell of results) {
          const before = health.isHealthy;
          expect(health.onResult(isWell, thresholds)).toBe(before !== health.isHealthy);
        }
      }),
    );
  });
});
