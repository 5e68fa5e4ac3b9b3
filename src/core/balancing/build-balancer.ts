import type { Balance } from '../snapshot.ts';
import type { BalancedEndpoint, Balancer } from './balancer.ts';
import { buildConsistentHash } from './consistent-hash.ts';
import { buildLeastRequest } from './least-request.ts';
import { buildRandom } from './random.ts';
import { buildRoundRobin } from './round-robin.ts';

/** The balancer that a service's `balance` asks for. `salt` sets its hash apart from other services': the service's name. */
export function buildBalancer(balance: Balance, endpoints: readonly BalancedEndpoint[], salt: string): Balancer {
  switch (balance.kind) {
    case 'round-robin':
      return buildRoundRobin(endpoints);
    case 'least-request':
      return buildLeastRequest(endpoints);
    case 'random':
      return buildRandom(endpoints);
    case 'hash':
      return buildConsistentHash(endpoints, salt);
  }
}
