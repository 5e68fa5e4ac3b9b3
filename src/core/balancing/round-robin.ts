import type { BalancedEndpoint, Balancer } from './balancer.ts';

/** `round-robin`: in turn by weight, the turns of a heavy endpoint spread evenly among the others'. */
export function buildRoundRobin(endpoints: readonly BalancedEndpoint[]): Balancer {
  return new RoundRobin(endpoints.map((endpoint) => endpoint.weight));
}

class RoundRobin implements Balancer {
  readonly #weights: readonly number[];
  /** What each endpoint is owed: every turn each usable one earns its weight, and the chosen one pays for all. */
  readonly #owed: Float64Array;

  constructor(weights: readonly number[]) {
    this.#weights = weights;
    this.#owed = new Float64Array(weights.length);
  }

  next(isUsable: (endpoint: number) => boolean): number {
    const owed = this.#owed;
    let chosen = -1;
    let most = 0;
    let earned = 0;
    for (let i = 0; i < owed.length; i++) {
      if (!isUsable(i)) continue;
      const weight = this.#weights[i] as number;
      const now = (owed[i] as number) + weight;
      owed[i] = now;
      earned += weight;
      if (chosen < 0 || now > most) {
        chosen = i;
        most = now;
      }
    }
    if (chosen >= 0) owed[chosen] = most - earned;
    return chosen;
  }
}
