import type { Balance } from '../snapshot.ts';
import type { BalancedEndpoint, Balancer } from './balancer.ts';

/** The balancer that a service's `balance` asks for. `salt` sets its hash apart from other services': the service's name. */
export function buildBalancer(_balance: Balance, _endpoints: readonly BalancedEndpoint[], _salt: string): Balancer {
  throw new Error('to be built');
}
