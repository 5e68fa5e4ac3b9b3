import type { BalancedEndpoint, Balancer } from './balancer.ts';
import { WeightedDraw } from './weighted-draw.ts';

/**
 * `least-request`: of two endpoints drawn by weight, the one with less under way for its weight. Two draws are enough to
 * keep load even, and unlike taking the least of all they do not send every worker to the same endpoint at once.
 */
export function buildLeastRequest(endpoints: readonly BalancedEndpoint[]): Balancer {
  const weights = endpoints.map((endpoint) => endpoint.weight);
  const draw = new WeightedDraw(weights);
  return {
    next: (isUsable, inFlight, _key, random) => {
      if (weights.length < 2) return weights.length === 1 && isUsable(0) ? 0 : -1;
      const first = draw.next(isUsable, -1, random);
      if (first < 0) return -1;
      const second = draw.next(isUsable, first, random);
      if (second < 0) return first;
      const firstLoad = inFlight(first) / (weights[first] as number);
      return inFlight(second) / (weights[second] as number) < firstLoad ? second : first;
    },
  };
}
