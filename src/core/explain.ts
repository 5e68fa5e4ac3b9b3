import type { RequestView } from './request-view.ts';
import type { Snapshot } from './snapshot.ts';
import type { DecisionRun } from './splitting/decide.ts';
import type { Reason } from './splitting/decision.ts';

/** Why a request is meant for its version: the answer of `explain`, in the form that goes out as JSON. */
export interface Explanation {
  readonly route: string | null;
  readonly rule: string | null;
  /** Who answers: as `intended`, until whoever knows the endpoints puts the fallback here. */
  readonly version: string | null;
  readonly intended: string | null;
  readonly reason: Reason;
  readonly key: ExplainedKey | null;
  /** The names of the mirrors that get a copy. */
  readonly mirrors: readonly string[];
  /** Routes (rule null) and then rules, in the order tried, up to the one that held. */
  readonly tried: readonly Tried[];
  /** How many routes were left out of `tried` because there are too many. */
  readonly triedLeftOut: number;
}

export interface ExplainedKey {
  /** In the configuration's words: `header x-user-id`. */
  readonly source: string;
  /** The share of the candidate, 0..100, from which this key is on its side; null: the route has no one candidate. */
  readonly joinsAt: number | null;
}

export interface Tried {
  readonly route: string;
  readonly rule: string | null;
  readonly result: TriedResult;
  readonly conditions: readonly TriedCondition[];
}

export interface TriedCondition {
  readonly condition: string;
  /** null: absent. */
  readonly value: string | null;
  readonly result: TriedResult;
}

export type TriedResult = true | false | 'unknown';

/** Decides `request` with the same code that routes, and tells how. Its body must have been read, or given up as null. */
export function explain(_snapshot: Snapshot, _run: DecisionRun, _request: RequestView): Explanation {
  throw new Error('to be built');
}
