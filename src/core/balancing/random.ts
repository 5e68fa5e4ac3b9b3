import type { BalancedEndpoint, Balancer } from './balancer.ts';
import { WeightedDraw } from './weighted-draw.ts';

/** `random`: each endpoint by its weight, whatever came before. */
export function buildRandom(endpoints: readonly BalancedEndpoint[]): Balancer {
  const draw = new WeightedDraw(endpoints.map((endpoint) => endpoint.weight));
  return {
    next: (isUsable, _inFlight, _key, random) => (endpoints.length === 0 ? -1 : draw.next(isUsable, -1, random)),
  };
}
