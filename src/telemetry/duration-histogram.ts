/**
 * Durations in log-linear buckets: eight to an octave, one microsecond at the fine end, 2^36 us (19 hours) at the coarse one.
 * Bucket b holds the durations d with lower(b) < d <= upper(b), so that edges agree with the `le` of an exposition.
 */

/** How many buckets there are. */
export const BUCKET_COUNT = 272;

const LINEAR = 8;
const MAX_INDEXED = 2 ** 36 - 1;
const UINT32 = 2 ** 32;

/** The bucket of a duration in microseconds. Zero, negative and NaN go to the first, what is too long to the last. */
export function bucketOf(micros: number): number {
  if (micros > 1 && micros <= UINT32) return indexOf((Math.ceil(micros) - 1) >>> 0);
  if (micros > UINT32) return indexOf(Math.floor(Math.min(Math.ceil(micros) - 1, MAX_INDEXED) / 16)) + 4 * LINEAR;
  return 0;
}

/** Log-linear place of an unsigned 32-bit integer: itself below 8, then three mantissa bits under the exponent. */
function indexOf(value: number): number {
  if (value < LINEAR) return value;
  const shift = 28 - Math.clz32(value);
  return shift * LINEAR + (value >>> shift);
}

/** The longest duration, in microseconds, that still belongs to this bucket. */
export function bucketUpperMicros(bucket: number): number {
  if (bucket < LINEAR) return bucket + 1;
  const shift = (bucket >> 3) - 1;
  return ((bucket & 7) + LINEAR + 1) * 2 ** shift;
}

/** The edge below this bucket, in microseconds; itself not in it. */
export function bucketLowerMicros(bucket: number): number {
  return bucket === 0 ? 0 : bucketUpperMicros(bucket - 1);
}

/** Adds `sign` times the pairs [bucket, count, ...] of a delta to a dense histogram. */
export function addPairs(buckets: { [bucket: number]: number }, pairs: readonly number[], sign: 1 | -1): void {
  for (let at = 0; at + 1 < pairs.length; at += 2) {
    const bucket = pairs[at]!;
    buckets[bucket] = (buckets[bucket] ?? 0) + sign * pairs[at + 1]!;
  }
}

/**
 * The q-quantile (0..1) of a dense histogram in microseconds, spread evenly within its bucket: at most an eighth off.
 * null when nothing was counted.
 */
export function quantile(buckets: ArrayLike<number>, q: number): number | null {
  let total = 0;
  for (let bucket = 0; bucket < buckets.length; bucket++) total += buckets[bucket]!;
  if (total <= 0) return null;
  const rank = Math.min(Math.max(q, 0), 1) * total;
  let below = 0;
  let upper = 0;
  for (let bucket = 0; bucket < buckets.length; bucket++) {
    const count = buckets[bucket]!;
    if (count === 0) continue;
    upper = bucketUpperMicros(bucket);
    if (below + count >= rank) {
      const lower = bucketLowerMicros(bucket);
      return lower + (upper - lower) * ((rank - below) / count);
    }
    below += count;
  }
  return upper;
}
