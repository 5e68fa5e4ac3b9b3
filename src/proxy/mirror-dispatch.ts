import type { Version } from '../core/snapshot.ts';
import type { DecisionRun } from '../core/splitting/decide.ts';
import type { MirrorDropReason } from '../telemetry/mirror-cells.ts';
import type { DownstreamRequest } from './downstream-request.ts';
import type { ArmRuntime } from './installed-snapshot.ts';
import { MirrorCopy } from './mirror-copy.ts';
import type { MirrorRuntime } from './mirror-runtime.ts';
import type { PlaneContext } from './plane-context.ts';

/**
 * Enters the request into the account of each mirror of its arm, in the order in which a copy may be refused, and makes the
 * copies that are left. None is sent yet: that waits for the whole request, and never holds up the primary.
 */
export function prepareCopies(
  arm: ArmRuntime,
  answering: Version,
  request: DownstreamRequest,
  run: DecisionRun,
  plane: PlaneContext,
): readonly MirrorCopy[] {
  const copies: MirrorCopy[] = [];
  for (const runtime of arm.mirrors) {
    const { cells, cell, mirror } = runtime;
    cells.eligible(cell);
    const excluded = exclusion(runtime, answering, request);
    if (excluded !== null) {
      cells.dropped(cell, excluded);
    } else if (!mirror.sample.isSampled(run)) {
      cells.notSampled(cell);
    } else {
      const bound = exceededBound(runtime, request, plane);
      if (bound !== null) cells.dropped(cell, bound);
      else copies.push(new MirrorCopy(runtime, request, plane.sweeper));
    }
  }
  return copies;
}

/** Requests that are never copied. */
function exclusion(runtime: MirrorRuntime, answering: Version, request: DownstreamRequest): MirrorDropReason | null {
  const { mirror } = runtime;
  if (request.head.upgrade !== '') return 'upgrade';
  if (request.head.hasMirrorMark) return 'loop';
  if (!mirror.methods.has(request.method)) return 'method';
  return mirror.target.name === answering.name ? 'same-version' : null;
}

/** Whoever passes the breaker and is dropped behind it has proved nothing, and says so. */
function exceededBound(
  runtime: MirrorRuntime,
  request: DownstreamRequest,
  plane: PlaneContext,
): MirrorDropReason | null {
  if (!runtime.breaker.mayPass(plane.sweeper.nowMs)) return 'breaker';
  const reason = boundBehindBreaker(runtime, request, plane);
  if (reason !== null) runtime.breaker.onAbandoned();
  return reason;
}

function boundBehindBreaker(
  runtime: MirrorRuntime,
  request: DownstreamRequest,
  plane: PlaneContext,
): MirrorDropReason | null {
  if (!runtime.hasRoom) return 'in-flight';
  if (request.head.contentLength > runtime.mirror.maxBodyBytes) return 'body-too-large';
  if (!runtime.pool.hasUsableEndpoint) return 'no-endpoint';
  return plane.isDraining ? 'shutdown' : null;
}
