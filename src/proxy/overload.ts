import { HeapGauge } from './heap-gauge.ts';

/** A sweep comes every 50 ms; one that comes so long after the last says that everything else was as late. ms. */
const LATE_MS = 200;
/** So far back late sweeps count. ms. */
const WINDOW_MS = 1500;
/** Less than this in all, within the window, is an accident (a collection, a large reload). ms. */
const HELD_UP_MS = 1000;
const MAX_HEAP_SHARE = 0.85;
const HEAP_PERIOD_MS = 250;

/**
 * Says when new requests are better refused at once than served late: when stretches of more than 200 ms in which nothing
 * was read make up a second of the last 1.5 s (the 99th percentile of the event loop's delay is far over 200 ms then), or the
 * heap is filled to more than 85 %. Costs two comparisons a sweep; ends within the window once the cause has gone.
 */
export class Overload {
  isShedding = false;
  readonly #heap: Pick<HeapGauge, 'share'>;
  #lastSweepMs = Number.NaN;
  /** Late sweeps within the window, the oldest first: when they came, and how long after the one before. */
  readonly #late: { readonly atMs: number; readonly heldUpMs: number }[] = [];
  #heldUpMs = 0;
  #heapCheckAt = 0;
  #isHeapFull = false;

  constructor(heap: Pick<HeapGauge, 'share'> = new HeapGauge()) {
    this.#heap = heap;
  }

  /** A sweep begins. */
  swept(nowMs: number): void {
    const heldUpMs = nowMs - this.#lastSweepMs;
    this.#lastSweepMs = nowMs;
    if (heldUpMs > LATE_MS) this.#add({ atMs: nowMs, heldUpMs });
    if (this.#late.length > 0) this.#forget(nowMs - WINDOW_MS);
    if (nowMs >= this.#heapCheckAt) {
      this.#heapCheckAt = nowMs + HEAP_PERIOD_MS;
      this.#isHeapFull = this.#heap.share(nowMs) > MAX_HEAP_SHARE;
    }
    this.isShedding = this.#isHeapFull || this.#heldUpMs >= HELD_UP_MS;
  }

  /** The loop was held up by work that had to be done once, a new configuration: that says nothing about the load. */
  forgive(): void {
    this.#lastSweepMs = performance.now();
  }

  #add(late: { readonly atMs: number; readonly heldUpMs: number }): void {
    this.#late.push(late);
    this.#heldUpMs += late.heldUpMs;
  }

  #forget(beforeMs: number): void {
    for (let oldest = this.#late[0]; oldest !== undefined && oldest.atMs < beforeMs; oldest = this.#late[0]) {
      this.#late.shift();
      this.#heldUpMs -= oldest.heldUpMs;
    }
  }
}
