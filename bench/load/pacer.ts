import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

/** With fewer cores the origin needs the one that the load runs on, and waiting must leave it. */
const CORES_TO_SPIN = 3;
/** The longest sleep: answers that come meanwhile are seen that much later. */
const NAP_MS = 0.05;

const sleeper = new Int32Array(new SharedArrayBuffer(4));

/**
 * Calls back as soon as something is due, much finer than a timer's 1 ms: the loop turns all the time, polls the sockets once a
 * turn, and naps for less than a tenth of a millisecond where there is no core to spare.
 */
export class Pacer {
  /** Does what is due at `now` (ms) and says when the next thing is; null: nothing more. */
  readonly #work: (now: number) => number | null;
  readonly #done: () => void;
  readonly #mayNap = availableParallelism() < CORES_TO_SPIN;

  constructor(work: (now: number) => number | null, done: () => void) {
    this.#work = work;
    this.#done = done;
  }

  start(): void {
    sharpenTimers();
    this.#turn();
  }

  #turn(): void {
    const dueAt = this.#work(performance.now());
    if (dueAt === null) {
      this.#done();
      return;
    }
    const aheadMs = dueAt - performance.now();
    if (this.#mayNap && aheadMs > NAP_MS / 2) Atomics.wait(sleeper, 0, 0, Math.min(NAP_MS, aheadMs));
    setImmediate(() => this.#turn());
  }
}

/** Linux rounds every sleep up by 50 us unless it is told otherwise. */
function sharpenTimers(): void {
  try {
    writeFileSync('/proc/self/timerslack_ns', '1000');
  } catch {
    // Then naps last a little longer.
  }
}
