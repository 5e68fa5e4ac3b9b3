import { fromByteString } from '../byte-string.ts';
import type { Trial } from '../matching/condition.ts';
import { cookieValue } from '../matching/cookie.ts';
import type { RandomSource } from '../ports.ts';
import type { RequestView } from '../request-view.ts';
import type { Arm, Override, Route, Rule, Snapshot, Version } from '../snapshot.ts';
import { type Decision, newDecision, type Reason } from './decision.ts';
import { isUnread, requestDraw } from './draw.ts';
import type { Split } from './split.ts';
import { readSource, type StickySource } from './sticky-key.ts';

/** `unread`: the answer lies in the body; read it (or give it up as null) and decide again with the same run. */
export type DecideResult = 'decided' | 'no-route' | 'unread';

/** The header that carries a version along a chain of services; honoured from trusted peers only. */
export const laneHeader = 'x-gray-lane';

/**
 * The decision under way on one connection. Made once, begun anew for each request, so that deciding allocates nothing; its
 * `decision` holds until the next `begin`.
 */
export class DecisionRun implements Trial {
  readonly random: RandomSource;
  readonly decision: Decision = newDecision();
  request: RequestView = noRequest;
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
  }

  /** From here on `key` reads this route's sources. Before a route is found there is no key. */
  enter(route: Route | null): void {
    this.#route = route;
  }

  key(): string | null | 'unread' {
    const found = this.decision.key;
    if (found !== undefined) return found;
    const route = this.#route;
    return route === null ? null : this.#findKey(route.sticky);
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
  if (route === 'unread') return 'unread';
  run.enter(route);
  const { overlay } = route;
  if (overlay !== null && overlay.kind === 'take-over') {
    return settle(run, armOf(route, overlay.version), 'take-over');
  }
  if (route.lane) {
    const arm = laneArm(route, run.request);
    if (arm !== null) return choose(run, arm, 'lane');
  }
  if (route.override !== null) {
    const arm = overrideArm(route, route.override, run.request);
    if (arm !== null) return choose(run, arm, 'override');
  }
  return decideByRules(route, run);
}

/** The arm without a rule for a version of the route's service. */
export function armOf(route: Route, version: Version): Arm {
  for (let i = 0; i < route.arms.length; i++) {
    const arm = route.arms[i] as Arm;
    if (arm.version === version) return arm;
  }
  throw new Error(`route ${route.name} has no arm for version ${version.name}`);
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

function laneArm(route: Route, request: RequestView): Arm | null {
  if (!request.fromTrustedPeer) return null;
  const name = request.header(laneHeader);
  return name === undefined ? null : armNamed(route, name);
}

/** What this client asks for, if it may; a value that means nothing is as good as none. The header beats the cookie. */
function overrideArm(route: Route, override: Override, request: RequestView): Arm | null {
  const fromHeader = override.header === null ? undefined : request.header(override.header);
  const fromCookie = override.cookie === null ? undefined : cookieValue(request.header('cookie'), override.cookie);
  if (fromHeader === undefined && fromCookie === undefined) return null;
  if (override.from !== null && !override.from.contains(request.clientAddress)) return null;
  return wantedArm(route, fromHeader) ?? wantedArm(route, fromCookie);
}

function wantedArm(route: Route, wanted: string | undefined): Arm | null {
  if (wanted === undefined) return null;
  if (wanted === 'never') return armOf(route, route.stable);
  if (wanted === 'always') return route.candidate === null ? null : armOf(route, route.candidate);
  return armNamed(route, wanted);
}

function armNamed(route: Route, bytes: string): Arm | null {
  const name = fromByteString(bytes);
  for (let i = 0; i < route.arms.length; i++) {
    const arm = route.arms[i] as Arm;
    if (arm.version.name === name) return arm;
  }
  return null;
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
