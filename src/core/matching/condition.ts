import type { RandomSource } from '../ports.ts';
import type { RequestView } from '../request-view.ts';
import type { Decision } from '../splitting/decision.ts';
import type { Truth } from './truth.ts';

/** What a condition is tested with: the request, and the draws and the sticky key of the decision under way. */
export interface Trial {
  readonly request: RequestView;
  readonly random: RandomSource;
  readonly decision: Decision;
  /** The route's sticky key, found on first use; null: none present; 'unread': it lies in a body not read yet. */
  key(): string | null | 'unread';
}

/** One test of a request, compiled: bound, complete, cannot fail. */
export interface Condition {
  /** As a person would write it: `header x-beta = 1`, `path prefix /callback`, `all(...)`. */
  readonly text: string;
  /** What it costs; cheaper ones are tried first: 0 a comparison, 1 a scan or a lookup, 2 a pattern, 3 the body. */
  readonly cost: 0 | 1 | 2 | 3;
  /** Lower-case names of the header fields that it looks at. */
  readonly headerNames: readonly string[];
  test(trial: Trial): Truth;
  /** The value that `test` looked at, for explain; null: absent. */
  seen(trial: Trial): string | null;
  /** The parts of all, any and not; empty for a plain condition. */
  readonly parts: readonly Condition[];
}
