import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addPairs,
  BUCKET_COUNT,
  bucketLowerMicros,
  bucketOf,
  bucketUpperMicros,
  quantile,
} from '../../../src/telemetry/duration-histogram.ts';

describe('the duration histogram', () => {
  it('puts every duration up to 2^36 us into the bucket whose edges hold it', () => {
    const durations = fc.oneof(
      fc.integer({ min: 1, max: 2 ** 36 }),
      fc.double({ min: 0.1, max: 2 ** 36, noNaN: true }),
    );
    fc.assert(
      fc.property(durations, (micros) => {
        const bucket = bucketOf(micros);
        expect(micros).toBeGreaterThan(bucketLowerMicros(bucket));
        expect(micros).toBeLessThanOrEqual(bucketUpperMicros(bucket));
      }),
    );
  });

  it('gives an edge to the bucket below it', () => {
    for (let bucket = 0; bucket < BUCKET_COUNT; bucket++) {
      expect(bucketOf(bucketUpperMicros(bucket))).toBe(bucket);
      if (bucket + 1 < BUCKET_COUNT) expect(bucketOf(bucketUpperMicros(bucket) + 1)).toBe(bucket + 1);
    }
  });

  it('ends at 2^36 us and is never wider than an eighth of its edge', () => {
    expect(bucketUpperMicros(BUCKET_COUNT - 1)).toBe(2 ** 36);
    for (let bucket = 8; bucket < BUCKET_COUNT; bucket++) {
      const width = bucketUpperMicros(bucket) - bucketLowerMicros(bucket);
      expect(width / bucketLowerMicros(bucket)).toBeLessThanOrEqual(1 / 8);
    }
  });

  it('keeps what is not a duration inside the table', () => {
    for (const odd of [0, -1, Number.NaN, Number.NEGATIVE_INFINITY]) expect(bucketOf(odd)).toBe(0);
    for (const long of [2 ** 36, 2 ** 36 + 1, 2 ** 60, Number.POSITIVE_INFINITY])
      expect(bucketOf(long)).toBe(BUCKET_COUNT - 1);
  });

  it('finds quantiles within an eighth of the true one', () => {
    const samples = fc.array(fc.integer({ min: 8, max: 60_000_000 }), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(samples, fc.double({ min: 0.01, max: 1, noNaN: true }), (durations, q) => {
        const buckets = new Uint32Array(BUCKET_COUNT);
        for (const micros of durations) buckets[bucketOf(micros)]!++;
        const sorted = durations.toSorted((a, b) => a - b);
        const exact = sorted[Math.ceil(q * sorted.length) - 1]!;
        const found = quantile(buckets, q)!;
        expect(Math.abs(found - exact) / exact).toBeLessThanOrEqual(1 / 7);
      }),
    );
  });

  it('has no quantile when nothing was counted', () => {
    expect(quantile(new Uint32Array(BUCKET_COUNT), 0.99)).toBeNull();
  });

  it('takes away exactly what was added', () => {
    const buckets = new Float64Array(BUCKET_COUNT);
    addPairs(buckets, [3, 5, 100, 7], 1);
    expect(buckets[3]).toBe(5);
    addPairs(buckets, [3, 5, 100, 7], -1);
    expect(buckets.every((count) => count === 0)).toBe(true);
  });
});
