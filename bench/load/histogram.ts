/** Steps per doubling: a value is kept to better than 1 %. */
const STEP_BITS = 7;
const STEPS = 2 ** STEP_BITS;
/** 2^31 us, or 35 minutes. */
const LARGEST = 2 ** 31 - 1;

/** Counts of whole microseconds in the manner of HDR histograms: linear steps within each doubling, no value ever lost. */
export class Histogram {
  readonly #counts = new Uint32Array((32 - STEP_BITS) * STEPS);
  #total = 0;
  #max = 0;

  get total(): number {
    return this.#total;
  }

  get max(): number {
    return this.#max;
  }

  record(micros: number): void {
    const value = Math.min(Math.max(0, Math.round(micros)), LARGEST);
    const shift = Math.max(0, 31 - STEP_BITS - Math.clz32(value));
    const index = shift * STEPS + (value >>> shift);
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    this.#total += 1;
    if (value > this.#max) this.#max = value;
  }

  /** The value that this part (0..1) of the recorded ones does not exceed; 0 when nothing was recorded. */
  quantile(part: number): number {
    const wanted = Math.max(1, Math.ceil(part * this.#total));
    let seen = 0;
    for (let index = 0; index < this.#counts.length; index++) {
      seen += this.#counts[index] ?? 0;
      if (seen >= wanted) return Math.min(highestOf(index), this.#max);
    }
    return 0;
  }
}

/** The highest value that is counted in one place. */
function highestOf(index: number): number {
  const shift = Math.max(0, Math.floor(index / STEPS) - 1);
  return (index - shift * STEPS + 1) * 2 ** shift - 1;
}
