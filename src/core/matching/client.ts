import type { CidrSet } from './cidr.ts';
import type { Condition } from './condition.ts';

/** `client:`. The client's address lies in one of these networks. */
export function clientCondition(cidrs: CidrSet): Condition {
  return {
    text: `client in [${cidrs.texts.join(', ')}]`,
    cost: 1,
    headerNames: [],
    test: (trial) => (cidrs.contains(trial.request.clientAddress) ? 'true' : 'false'),
    seen: (trial) => trial.request.clientAddress,
    parts: [],
  };
}
