import { Faults, tellOnStderr } from './faults.ts';
import { Overload } from './overload.ts';

/** How often deadlines are looked at: no timeout is more exact than this. */
const TICK_MS = 50;

/** Something with a deadline. The owner sets `deadlineAt` as often as it likes; only the sweep looks at it. */
export interface Timed {
  /** By `performance.now()`; Infinity: none. */
  deadlineAt: number;
  /** The sweeper's own: the place in its list, -1 when not watched. */
  sweepSlot: number;
  /** Called once `deadlineAt` has passed; the owner sets the next one. */
  onDeadline(nowMs: number): void;
  /** Its own `onDeadline` threw: it reports that and ends itself. */
  faulted?(error: unknown): void;
}

/**
 * One coarse timer for every timeout of a worker. Setting a deadline is one store; a sweep over ten thousand idle
 * connections costs some ten microseconds.
 */
export class Sweeper {
  /** Never behind `performance.now()` as long as ticks are on time, so that no deadline reckoned from it comes early. */
  nowMs = performance.now() + TICK_MS;
  /** `Date:` field line of the current second (RFC 9110 6.6.1). */
  dateLine = '';
  /** Where the code of any connection reports what it did not expect. */
  readonly faults: Faults;
  /** How late the sweeps are says whether more may be taken on. */
  readonly overload = new Overload();
  readonly #timed: Timed[] = [];
  readonly #timer: NodeJS.Timeout;
  #second = 0;

  constructor(faults: Faults = new Faults(tellOnStderr)) {
    this.faults = faults;
    this.#renewDate();
    this.#timer = setInterval(() => this.#sweep(), TICK_MS);
    this.#timer.unref();
  }

  /** How many are watched. */
  get size(): number {
    return this.#timed.length;
  }

  watch(timed: Timed): void {
    timed.sweepSlot = this.#timed.length;
    this.#timed.push(timed);
  }

  forget(timed: Timed): void {
    const slot = timed.sweepSlot;
    if (slot < 0) return;
    const last = this.#timed.pop() as Timed;
    if (last !== timed) {
      this.#timed[slot] = last;
      last.sweepSlot = slot;
    }
    timed.sweepSlot = -1;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #sweep(): void {
    const now = performance.now();
    const isLate = now - this.nowMs > TICK_MS;
    this.nowMs = now + TICK_MS;
    this.overload.swept(now);
    this.#renewDate();
    // The loop was held up: what came meanwhile waits to be read, and is read before anybody is said not to have sent it.
    if (isLate) setImmediate(() => this.#expire(now));
    else this.#expire(now);
  }

  #expire(now: number): void {
    // Backwards, because a deadline may end its owner, which then leaves the list.
    for (let i = this.#timed.length - 1; i >= 0; i -= 1) {
      const timed = this.#timed[i];
      if (timed !== undefined && timed.deadlineAt <= now) {
        timed.deadlineAt = Number.POSITIVE_INFINITY;
        this.#end(timed, now);
      }
    }
  }

  /** What one owner does at its deadline must not cost the others theirs. */
  #end(timed: Timed, nowMs: number): void {
    try {
      timed.onDeadline(nowMs);
    } catch (error) {
      if (timed.faulted === undefined) this.faults.report(error);
      else timed.faulted(error);
    }
  }

  #renewDate(): void {
    const second = Math.floor(Date.now() / 1000);
    if (second === this.#second) return;
    this.#second = second;
    this.dateLine = `Date: ${new Date(second * 1000).toUTCString()}\r\n`;
  }
}
