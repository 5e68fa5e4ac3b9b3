import { fromByteString } from './byte-string.ts';
import { mirrorHeader } from './header-names.ts';
import type { Condition } from './matching/condition.ts';
import { entryCondition } from './matching/entry-condition.ts';
import type { RouteEntry } from './matching/route-table.ts';
import type { Truth } from './matching/truth.ts';
import type { RequestView } from './request-view.ts';
import type { Arm, Mirror, Route, Rule, Snapshot } from './snapshot.ts';
import { laneArm, overrideArm } from './splitting/asked-arm.ts';
import { type DecisionRun, decide } from './splitting/decide.ts';
import type { Reason } from './splitting/decision.ts';
import { joinsAt } from './splitting/joins-at.ts';
import { readKey, sourceText } from './splitting/sticky-key.ts';
import { reasonsOf, type UnknownReason } from './unknown-reason.ts';

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
  /** How many routes before the one that held were left out of `tried` because there are too many. */
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
  /** Why a condition could be neither true nor false; not there when each was one of them. */
  readonly unknown?: readonly UnknownReason[];
}

export type TriedResult = true | false | 'unknown';

const MAX_ROUTES_SHOWN = 200;

/** Decides `request` with the same code that routes, and tells how. Its body must have been read, or given up as null. */
export function explain(snapshot: Snapshot, run: DecisionRun, request: RequestView): Explanation {
  run.begin(request);
  decide(snapshot, run);
  const { arm, reason } = run.decision;
  const routes = triedRoutes(snapshot.table.entries, arm?.route ?? null, run);
  const rules = arm === null ? [] : triedRules(arm.route, reason, run);
  return {
    route: arm?.route.name ?? null,
    rule: arm?.rule?.name ?? null,
    version: arm?.version.name ?? null,
    intended: arm?.version.name ?? null,
    reason,
    key: arm === null ? null : explainKey(arm, run),
    mirrors: arm === null ? [] : copiedTo(arm, run),
    tried: [...routes.tried, ...rules],
    triedLeftOut: routes.leftOut,
  };
}

function triedRoutes(entries: readonly RouteEntry[], matched: Route | null, run: DecisionRun) {
  const place = entries.findIndex((entry) => entry.route === matched);
  const last = place < 0 ? entries.length : place + 1;
  const shown = entries.slice(0, Math.min(last, MAX_ROUTES_SHOWN));
  // The one that matched is always shown.
  if (place >= MAX_ROUTES_SHOWN) shown.splice(-1, 1, entries[place] as RouteEntry);
  // As in the search itself, where no route's sticky key is known yet.
  run.enter(null);
  const tried = shown.map((entry) => describe(entry.route.name, null, entryCondition(entry), run));
  run.enter(matched);
  return { tried, leftOut: last - shown.length };
}

function triedRules(route: Route, reason: Reason, run: DecisionRun): readonly Tried[] {
  if (reason === 'take-over' || laneArm(route, run.request) !== null || overrideArm(route, run.request) !== null)
    return [];
  const holds = route.rules.findIndex((rule) => rule.when.test(run) === 'true');
  const rules: readonly Rule[] = holds < 0 ? route.rules : route.rules.slice(0, holds + 1);
  return rules.map((rule) => describe(route.name, rule.name, rule.when, run));
}

function describe(route: string, rule: string | null, condition: Condition, run: DecisionRun): Tried {
  const rows = condition.parts.length > 1 ? condition.parts : [condition];
  return {
    route,
    rule,
    result: resultOf(condition.test(run)),
    conditions: rows.flatMap((part) => conditionRows(part, run)),
  };
}

/** A condition and, if it is combined, its parts after it; `not` of a plain one shows the value that it looked at. */
function conditionRows(condition: Condition, run: DecisionRun): TriedCondition[] {
  const { parts } = condition;
  const only = parts.length === 1 ? parts[0] : undefined;
  const plain = only !== undefined && only.parts.length === 0 ? only : condition;
  const seen = plain.seen(run);
  run.decision.unknown = 0;
  const result = resultOf(condition.test(run));
  const row: TriedCondition = {
    condition: condition.text,
    value: seen === null ? null : fromByteString(seen),
    result,
    ...(run.decision.unknown === 0 ? {} : { unknown: reasonsOf(run.decision.unknown) }),
  };
  return plain === condition ? [row, ...parts.flatMap((part) => conditionRows(part, run))] : [row];
}

function resultOf(truth: Truth): TriedResult {
  if (truth === 'true') return true;
  return truth === 'false' ? false : 'unknown';
}

/** The key also when nothing asked for it, but without minting one for that. */
function explainKey(arm: Arm, run: DecisionRun): ExplainedKey | null {
  const { route, rule } = arm;
  const { decision } = run;
  if (decision.key === undefined && typeof readKey(route.sticky, run.request) === 'string') run.key();
  const { key, keySource } = decision;
  if (typeof key !== 'string' || keySource === null) return null;
  const { candidate, stable } = route;
  const split = rule?.split ?? route.split;
  const salt = rule !== null && rule.split !== null ? `${route.salt}/${rule.name}` : route.salt;
  return {
    source: sourceText(keySource),
    joinsAt: candidate === null ? null : joinsAt({ split, salt, stable, candidate, key }),
  };
}

/** The mirrors that would get a copy now; what lies in the state of a shadow (busy, resting) is not asked. */
function copiedTo(arm: Arm, run: DecisionRun): readonly string[] {
  const { request } = run;
  if (request.header(mirrorHeader) !== undefined) return [];
  const mirrors: readonly Mirror[] = arm.rule?.mirrors ?? arm.route.mirrors;
  return mirrors
    .filter((mirror) => mirror.methods.has(request.method) && mirror.target !== arm.version)
    .filter((mirror) => mirror.sample.isSampled(run))
    .map((mirror) => mirror.name);
}
