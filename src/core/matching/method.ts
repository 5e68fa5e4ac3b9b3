import type { Condition } from './condition.ts';
import { valueCondition } from './value-condition.ts';
import type { ValueMatcher } from './value-matcher.ts';

/** `method:`. Methods are case-sensitive (RFC 9110, 9.1). */
export function methodCondition(matcher: ValueMatcher): Condition {
  return valueCondition({
    subject: 'method',
    matcher,
    readCost: 0,
    headerNames: [],
    read: (request) => request.method,
  });
}
