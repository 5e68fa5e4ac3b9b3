import type { Version } from '../core/snapshot.ts';
import type { DecisionRun } from '../core/splitting/decide.ts';
import type { ComparisonSkipReason } from '../telemetry/comparison-cells.ts';
import type { MirrorDropReason } from '../telemetry/mirror-cells.ts';
import { AnswerTee } from './answer-tee.ts';
import { Comparison } from './comparison.ts';
import type { DownstreamRequest } from './downstream-request.ts';
import type { ArmRuntime } from './installed-snapshot.ts';
import { MirrorCopy } from './mirror-copy.ts';
import type { MirrorPlan } from './mirror-plan.ts';
import type { PlaneContext } from './plane-context.ts';
import { RequestCopies } from './request-copies.ts';

/** What decides on the copies of one request. */
interface Occasion {
  readonly request: DownstreamRequest;
  /** The version that answers, as far as is known before it does. */
  readonly answering: Version;
  readonly run: DecisionRun;
  readonly plane: PlaneContext;
}

/**
 * Enters the request into the account of each mirror of its arm, in the order in which a copy may be refused, and makes the
 * copies that are left; null: none. None is sent yet: that waits for the whole request, and never holds up the primary.
 */
export function prepareCopies(arm: ArmRuntime, occasion: Occasion): RequestCopies | null {
  const copies: MirrorCopy[] = [];
  const comparisons: Comparison[] = [];
  const { faults } = occasion.plane.sweeper;
  for (const plan of arm.mirrors) {
    try {
      prepare(plan, occasion, copies, comparisons);
    } catch (error) {
      faults.report(error);
    }
  }
  if (copies.length === 0) return null;
  const tee = comparisons.length === 0 ? null : new AnswerTee(comparisons, faults);
  return new RequestCopies(copies, tee, helpersOf(arm, occasion.answering), faults);
}

/** Whoever may answer in place of the one that is asked first. */
function helpersOf({ fallback, retry }: ArmRuntime, answering: Version): readonly Version[] {
  const helpers: Version[] = [];
  for (const helper of [fallback, retry?.to ?? null]) {
    if (helper !== null && helper.version !== answering) helpers.push(helper.version);
  }
  return helpers;
}

function prepare(plan: MirrorPlan, occasion: Occasion, copies: MirrorCopy[], comparisons: Comparison[]): void {
  const { mirror, runtime } = plan;
  const { cells } = runtime.commons;
  cells.eligible(runtime.cell);
  const excluded = exclusion(plan, occasion);
  if (excluded !== null) {
    cells.dropped(runtime.cell, excluded);
  } else if (!mirror.sample.isSampled(occasion.run)) {
    cells.notSampled(runtime.cell);
  } else {
    const bound = exceededBound(plan, occasion);
    if (bound !== null) cells.dropped(runtime.cell, bound);
    else if (mirror.compare === null) copies.push(new MirrorCopy(plan, occasion.request, null));
    else copies.push(...comparedCopies(plan, occasion, comparisons));
  }
}

/** The copy for the shadow and, where noise is told by a baseline, a second one. */
function comparedCopies(plan: MirrorPlan, occasion: Occasion, comparisons: Comparison[]): readonly MirrorCopy[] {
  const { request, answering } = occasion;
  const obstacle = obstacleOf(plan, answering);
  if (obstacle !== null) return [new MirrorCopy(plan, request, { kind: 'skipped', reason: obstacle })];
  const comparison = new Comparison(plan.runtime, plan.mirror, request);
  comparisons.push(comparison);
  const second = plan.baseline === null ? null : secondCopy(plan.baseline, occasion, comparison);
  const copy = new MirrorCopy(plan, request, { kind: 'compared', comparison, second });
  return second === null ? [copy] : [copy, second];
}

/** Why the answers will not be compared; null: they will. */
function obstacleOf({ runtime, baseline }: MirrorPlan, answering: Version): ComparisonSkipReason | null {
  if (baseline !== null && baseline.mirror.target.name !== answering.name) return 'other-version';
  return runtime.mayCompare ? null : 'busy';
}

/** The second copy has an account and bounds of its own; null: dropped. */
function secondCopy(plan: MirrorPlan, occasion: Occasion, comparison: Comparison): MirrorCopy | null {
  const { runtime } = plan;
  const { cells } = runtime.commons;
  cells.eligible(runtime.cell);
  const bound = exceededBound(plan, occasion);
  if (bound === null) return new MirrorCopy(plan, occasion.request, { kind: 'baseline', comparison });
  cells.dropped(runtime.cell, bound);
  comparison.baseline?.fail('no-baseline');
  return null;
}

/** Requests that are never copied. */
function exclusion({ mirror }: MirrorPlan, { request, answering }: Occasion): MirrorDropReason | null {
  if (request.head.upgrade !== '') return 'upgrade';
  if (request.head.hasMirrorMark) return 'loop';
  if (!mirror.methods.has(request.method)) return 'method';
  return mirror.target.name === answering.name ? 'same-version' : null;
}

/** Whoever passes the breaker and is dropped behind it has proved nothing, and says so. */
function exceededBound(plan: MirrorPlan, occasion: Occasion): MirrorDropReason | null {
  const { breaker } = plan.runtime;
  if (!breaker.mayPass(occasion.plane.sweeper.nowMs)) return 'breaker';
  const reason = boundBehindBreaker(plan, occasion);
  if (reason !== null) breaker.onAbandoned();
  return reason;
}

function boundBehindBreaker({ mirror, runtime }: MirrorPlan, { request, plane }: Occasion): MirrorDropReason | null {
  if (!runtime.hasRoom) return 'in-flight';
  if (request.head.contentLength > mirror.maxBodyBytes) return 'body-too-large';
  if (!runtime.pool.hasUsableEndpoint) return 'no-endpoint';
  return plane.isDraining ? 'shutdown' : null;
}
