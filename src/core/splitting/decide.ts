import type { Trial } from '../matching/condition.ts';
import type { RandomSource } from '../ports.ts';
import type { RequestView } from '../request-view.ts';
import type { Arm, Route, Rule, Snapshot } from '../snapshot.ts';
import { armOf } from './arms.ts';
import { laneArm, overrideArm } from './asked-arm.ts';
import { type Decision, newDecision, type Reason } from './decision.ts';
import { isUnread, requestDraw } from './draw.ts';
import type { Split } from './split.ts';
import { readSource, type StickySource } from './sticky-key.ts';

/** `unread`: the answer lies in the body; read it (or give it up as null) and decide again with the same run. */
export type DecideResult = 'decided' | 'no-route' | 'unread';

/**
 * The decision under way on one connection. Made once, begun anew for each request, so that deciding allocates nothing; its
 * `decision` holds until the next `begin`.
 */
export class DecisionRun implements Trial {
  readonly random: RandomSource;
  readonly decision: Decision = newDecision();
  request: RequestView = noRequest;
  /** After `unread`: how much of a body it is worth reading, in bytes. Of a larger one nothing can be known. */
  bodyLimitBytes = 0;
  #route: Route | null = null;

  constructor(random: RandomSource) {
    this.random = random;
  }

  begin(request: RequestView): void {
    const { decision } = this;
    this.request = request;
    this.#route = null;
    decision.arm = null;
    decision.reason = 'no-route';
    decision.key = undefined;
    decision.keySource = null;
    decision.mintedVisitor = null;
    decision.draw = undefined;
    decision.unknown = 0;
    this.bodyLimitBytes = 0;
  }

  /** From here on `key` reads this route's sources. Before a route is found there is no key. */
  enter(route: Route | null): void {
    this.#route = route;
  }

  key(): string | null | 'unread' {
    const route = this.#route;
    // Also where a key is known by now, as when a decision is explained: the search for the route had none.
    if (route === null) return null;
    const known = this.decision.key;
    return known === undefined ? this.#findKey(route.sticky) : known;
  }

  #findKey(sources: readonly StickySource[]): string | null | 'unread' {
    const { decision } = this;
    for (let i = 0; i < sources.length; i++) {
      const source = sources[i] as StickySource;
      let key = readSource(source, this.request);
      if (key === undefined) return 'unread';
      if (key === null && source.kind === 'visitor-cookie') {
        key = this.random.visitorId();
        decision.mintedVisitor = key;
      }
      if (key !== null) {
        decision.key = key;
        decision.keySource = source;
        return key;
      }
    }
    decision.key = null;
    return null;
  }
}

/**
 * Finds the route and the arm that a request is meant for, and why, in this order: take-over, lane, override, rules in file
 * order, split. An abort replaces its candidate by stable wherever any of these chose it.
 */
export function decide(snapshot: Snapshot, run: DecisionRun): DecideResult {
  run.enter(null);
  const route = snapshot.table.find(run);
  if (route === null) return 'no-route';
  if (route === 'unread') return unread(run, snapshot.table.maxMatchBodyBytes);
  run.enter(route);
  const { overlay } = route;
  if (overlay !== null && overlay.kind === 'take-over') {
    return settle(run, armOf(route, overlay.version), 'take-over');
  }
  const inLane = laneArm(route, run.request);
  if (inLane !== null) return choose(run, inLane, 'lane');
  const overridden = overrideArm(route, run.request);
  if (overridden !== null) return choose(run, overridden, 'override');
  const result = decideByRules(route, run);
  return result === 'unread' ? unread(run, route.maxMatchBodyBytes) : result;
}

function unread(run: DecisionRun, limitBytes: number): DecideResult {
  run.bodyLimitBytes = limitBytes;
  return 'unread';
}

function decideByRules(route: Route, run: DecisionRun): DecideResult {
  const { rules } = route;
  for (let i = 0; i < rules.length; i++) {
    const rule = rules[i] as Rule;
    const truth = rule.when.test(run);
    if (truth === 'unread') return 'unread';
    if (truth !== 'true') continue;
    if (rule.to !== null) return choose(run, rule.to, 'rule');
    if (rule.split !== null) return decideBySplit(rule.split, run, 'rule-split');
  }
  return decideBySplit(route.split, run, null);
}

/** `reason` null: the route's own split, whose reason tells how the share was found. */
function decideBySplit(split: Split, run: DecisionRun, reason: Reason | null): DecideResult {
  if (split.lone !== null) return choose(run, split.lone, reason ?? 'single');
  const key = run.key();
  if (isUnread(key, run)) return 'unread';
  if (key !== null) return choose(run, split.pickByKey(key), reason ?? 'sticky');
  return choose(run, split.pickByDraw(requestDraw(run)), reason ?? 'random');
}

/** Takes the arm, unless an abort has withdrawn its version. */
function choose(run: DecisionRun, arm: Arm, reason: Reason): DecideResult {
  const { overlay, stable } = arm.route;
  if (overlay !== null && overlay.kind === 'abort' && overlay.version === arm.version) {
    return settle(run, armOf(arm.route, stable), 'abort');
  }
  return settle(run, arm, reason);
}

function settle(run: DecisionRun, arm: Arm, reason: Reason): DecideResult {
  run.decision.arm = arm;
  run.decision.reason = reason;
  return 'decided';
}

/** Stands in before the first request, so that a run has one shape from the start. */
const noRequest: RequestView = {
  method: '',
  host: '',
  path: '',
  query: '',
  clientAddress: '',
  fromTrustedPeer: false,
  nowMs: 0,
  header: () => undefined,
  firstHeader: () => undefined,
  body: null,
};
