/** What a body must bring in the long run, whatever its gaps: slower is an attack. Bytes per second. */
const MIN_RATE = 128;
/** How many of the longest gaps a body may fall behind that rate. */
const CREDIT_GAPS = 10;

/** When the next octets of a request's body are due: within the longest gap, and not too far behind the least rate. */
export class BodyPace {
  #dueAtMs = 0;

  /** Reading begins, or goes on after a time in which nobody read. Gives the deadline; ms. */
  begin(nowMs: number, gapMs: number): number {
    this.#dueAtMs = nowMs + CREDIT_GAPS * gapMs;
    return nowMs + gapMs;
  }

  /** So many bytes of payload have come. Gives the next deadline; ms. */
  came(bytes: number, nowMs: number, gapMs: number): number {
    this.#dueAtMs = Math.min(this.#dueAtMs + (bytes * 1000) / MIN_RATE, nowMs + CREDIT_GAPS * gapMs);
    return Math.min(nowMs + gapMs, this.#dueAtMs);
  }
}
