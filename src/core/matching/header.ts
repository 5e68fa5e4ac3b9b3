import type { Condition } from './condition.ts';
import { valueCondition } from './value-condition.ts';
import type { ValueMatcher } from './value-matcher.ts';

/** `header:`. A field on several lines is one value, its lines joined by `, `. */
export function headerCondition(name: string, matcher: ValueMatcher): Condition {
  const field = name.toLowerCase();
  return valueCondition({
    subject: `header ${field}`,
    matcher,
    readCost: 1,
    headerNames: [field],
    read: (request) => request.header(field),
  });
}
