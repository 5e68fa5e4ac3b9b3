import { getHeapStatistics } from 'node:v8';
import type { Timed } from './sweeper.ts';

/** A sweep comes every 50 ms; one that comes so late after the last says that everything else did, too. ms. */
const LATE_MS = 200;
/** So far back late sweeps count. ms. */
const WINDOW_MS = 1500;
/** One late sweep is an accident (a collection, a suspended machine); so many are load. */
const LATE_SWEEPS = 2;
const MAX_HEAP_SHARE = 0.85;
const HEAP_PERIOD_MS = 250;

/**
 * Says when new requests are better refused at once than served late. Two sweeps more than 200 ms late within 1.5 s: measured
 * every 10 ms, the event loop's delay would have its 99th percentile over 200 ms. Or a heap filled to more than 85 %. Costs
 * two comparisons a sweep; ends within the window once the cause has gone.
 */
export class Overload implements Timed {
  /** Always due: looked at with every sweep. */
  deadlineAt = 0;
  sweepSlot = -1;
  isShedding = false;
  readonly #heapShare: () => number;
  #lastSweepMs = Number.NaN;
  #lateAt: number[] = [];
  #heapCheckAt = 0;
  #isHeapFull = false;

  constructor(heapShare: () => number = usedHeapShare) {
    this.#heapShare = heapShare;
  }

  onDeadline(nowMs: number): void {
    this.deadlineAt = 0;
    if (nowMs - this.#lastSweepMs > LATE_MS) this.#lateAt.push(nowMs);
    this.#lastSweepMs = nowMs;
    while (this.#lateAt.length > 0 && (this.#lateAt[0] as number) < nowMs - WINDOW_MS) this.#lateAt.shift();
    if (nowMs >= this.#heapCheckAt) {
      this.#heapCheckAt = nowMs + HEAP_PERIOD_MS;
      this.#isHeapFull = this.#heapShare() > MAX_HEAP_SHARE;
    }
    this.isShedding = this.#isHeapFull || this.#lateAt.length >= LATE_SWEEPS;
  }
}

function usedHeapShare(): number {
  const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics();
  return used / limit;
}
