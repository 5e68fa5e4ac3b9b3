/** Half a gap: far enough to break up every rhythm, too short for two requests to change places. */
const JITTER = 0.5;

/**
 * When the request of this number ought to leave, in ms since the start: evenly spaced and moved by up to half a gap, in a way
 * that looks random and is the same in every run. It does not depend on when the ones before it left.
 */
export function intendedMs(index: number, requestsPerSecond: number): number {
  const gapMs = 1000 / requestsPerSecond;
  return (index + JITTER + (scatter(index) - 0.5) * 2 * JITTER) * gapMs;
}

/** A number in 0..1 for every index: the finishing steps of murmur3. */
function scatter(index: number): number {
  let mixed = Math.imul(index ^ (index >>> 16) ^ 0x5bd1e995, 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return ((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32;
}
