import type { RandomSource } from '../ports.ts';
import { hash, PrefixHash, stickyPrefix } from '../splitting/hash.ts';
import type { BalancedEndpoint, Balancer } from './balancer.ts';
import { WeightedDraw } from './weighted-draw.ts';

/** Points of an endpoint of average weight: with these, shares are within about a tenth of what the weights say. */
const POINTS = 160;
/** A point is its hash and, below it, the place of its endpoint: one number, so that sorting is by hash. */
const PLACES = 2 ** 20;

/**
 * `hash`: a key always goes to the same endpoint, and when that one cannot be used, always to the same next one; other keys
 * stay where they are. A request without a key is drawn at random.
 */
export function buildConsistentHash(endpoints: readonly BalancedEndpoint[], salt: string): Balancer {
  return new ConsistentHash(endpoints, salt);
}

class ConsistentHash implements Balancer {
  readonly #count: number;
  readonly #ring: Float64Array;
  readonly #keyHash: PrefixHash;
  readonly #draw: WeightedDraw;

  constructor(endpoints: readonly BalancedEndpoint[], salt: string) {
    this.#count = endpoints.length;
    this.#ring = buildRing(endpoints, salt);
    this.#keyHash = new PrefixHash(stickyPrefix(salt, 'endpoint', ''));
    this.#draw = new WeightedDraw(endpoints.map((endpoint) => endpoint.weight));
  }

  next(
    isUsable: (endpoint: number) => boolean,
    _inFlight: (endpoint: number) => number,
    key: string | null,
    random: RandomSource,
  ): number {
    if (this.#count === 0) return -1;
    if (key === null) return this.#draw.next(isUsable, -1, random);
    const start = this.#firstFrom(this.#keyHash.of(key) * PLACES);
    const first = this.#endpointAt(start);
    if (isUsable(first)) return first;
    // Asked once per endpoint, so that a dead service does not cost a walk round the whole ring.
    return this.#hasUsable(isUsable) ? this.#walk(start, isUsable) : -1;
  }

  #walk(start: number, isUsable: (endpoint: number) => boolean): number {
    for (let step = 1; step < this.#ring.length; step++) {
      const endpoint = this.#endpointAt(start + step);
      if (isUsable(endpoint)) return endpoint;
    }
    return -1;
  }

  #endpointAt(point: number): number {
    return (this.#ring[point % this.#ring.length] as number) % PLACES;
  }

  #hasUsable(isUsable: (endpoint: number) => boolean): boolean {
    for (let i = 0; i < this.#count; i++) if (isUsable(i)) return true;
    return false;
  }

  /** The first point at or after `wanted`, or the end of the ring, which is its beginning. */
  #firstFrom(wanted: number): number {
    let from = 0;
    let to = this.#ring.length;
    while (from < to) {
      const middle = (from + to) >>> 1;
      if ((this.#ring[middle] as number) < wanted) from = middle + 1;
      else to = middle;
    }
    return from;
  }
}

function buildRing(endpoints: readonly BalancedEndpoint[], salt: string): Float64Array {
  const total = endpoints.reduce((sum, endpoint) => sum + endpoint.weight, 0);
  const points: number[] = [];
  endpoints.forEach((endpoint, place) => {
    const prefix = stickyPrefix(salt, 'endpoint', endpoint.url);
    const count = Math.max(1, Math.round((POINTS * endpoints.length * endpoint.weight) / total));
    for (let i = 0; i < count; i++) points.push(hash(`${prefix}${i}`) * PLACES + place);
  });
  return Float64Array.from(points).sort();
}
