import type { RequestView } from '../request-view.ts';
import type { Condition } from './condition.ts';
import type { ValueMatcher } from './value-matcher.ts';

/** What a condition on one value of the request is made of. */
export interface ValueConditionParts {
  /** What is looked at, as a person would write it: `header x-beta`. */
  readonly subject: string;
  readonly matcher: ValueMatcher;
  /** What it costs to find the value: 0 it is at hand, 1 a lookup or a scan. */
  readonly readCost: 0 | 1;
  readonly headerNames: readonly string[];
  /** The value as a byte string; undefined when absent. */
  readonly read: (request: RequestView) => string | undefined;
}

/** A condition on one value: known whether the value is there or not, so never unknown. */
export function valueCondition(parts: ValueConditionParts): Condition {
  const { matcher, read } = parts;
  return {
    text: `${parts.subject} ${matcher.text}`,
    // A read costs 1 at most, so a matcher that costs anything costs as much.
    cost: matcher.cost === 0 ? parts.readCost : matcher.cost,
    headerNames: parts.headerNames,
    test: (trial) => (matcher.test(read(trial.request)) ? 'true' : 'false'),
    seen: (trial) => read(trial.request) ?? null,
    parts: [],
  };
}
