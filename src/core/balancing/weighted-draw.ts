import type { RandomSource } from '../ports.ts';

const QUICK_TRIES = 4;

/** Draws places at random by weight among those that are eligible. */
export class WeightedDraw {
  readonly #weights: readonly number[];
  /** The sums of the weights up to and with each place. */
  readonly #sums: Float64Array;

  constructor(weights: readonly number[]) {
    this.#weights = weights;
    let sum = 0;
    this.#sums = Float64Array.from(weights, (weight) => {
      sum += weight;
      return sum;
    });
  }

  /** A place that `isUsable`, other than `except` (-1: none is excepted); -1 when there is none. */
  next(isUsable: (place: number) => boolean, except: number, random: RandomSource): number {
    // Drawing again until one fits keeps the ratios, and when most are usable it is much cheaper than summing up who is.
    for (let i = 0; i < QUICK_TRIES; i++) {
      const place = this.#placeAt(random.next());
      if (place !== except && isUsable(place)) return place;
    }
    return this.#amongUsable(isUsable, except, random.next());
  }

  #placeAt(u: number): number {
    const sums = this.#sums;
    const wanted = u * (sums[sums.length - 1] ?? 0);
    let from = 0;
    let to = sums.length - 1;
    while (from < to) {
      const middle = (from + to) >>> 1;
      if ((sums[middle] as number) > wanted) to = middle;
      else from = middle + 1;
    }
    return from;
  }

  #amongUsable(isUsable: (place: number) => boolean, except: number, u: number): number {
    const weights = this.#weights;
    let total = 0;
    for (let i = 0; i < weights.length; i++) if (i !== except && isUsable(i)) total += weights[i] as number;
    let rest = u * total;
    let last = -1;
    for (let i = 0; i < weights.length; i++) {
      if (i === except || !isUsable(i)) continue;
      last = i;
      rest -= weights[i] as number;
      if (rest < 0) break;
    }
    return last;
  }
}
