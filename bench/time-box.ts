/** How long something may take; the clock is handed in. */
export class TimeBox {
  readonly #until: number;
  readonly #now: () => number;

  constructor(ms: number, now: () => number = () => performance.now()) {
    this.#now = now;
    this.#until = now() + ms;
  }

  get leftMs(): number {
    return Math.max(0, this.#until - this.#now());
  }

  get isOver(): boolean {
    return this.leftMs === 0;
  }

  /** A box for one of several parts, from what is left: its weight among the weights still to come, itself included. */
  part(weight: number, weightsToCome: number): TimeBox {
    return new TimeBox((this.leftMs * weight) / Math.max(weight, weightsToCome), this.#now);
  }
}
