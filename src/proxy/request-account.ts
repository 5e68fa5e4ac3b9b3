import { fromByteString } from '../core/byte-string.ts';
import type { Snapshot } from '../core/snapshot.ts';
import type { Decision } from '../core/splitting/decision.ts';
import type { AccessRecord } from '../telemetry/access-line.ts';
import type { DecisionRecord } from '../telemetry/decision-ring.ts';
import { withoutSecrets } from './decision-headers.ts';
import type { DownstreamRequest } from './downstream-request.ts';
import type { ArmRuntime } from './installed-snapshot.ts';
import type { RequestTally } from './request-tally.ts';

/** A request at its end, for those who tell of it. Holds only until the connection's next request. */
export interface EndedRequest {
  readonly request: DownstreamRequest;
  readonly arm: ArmRuntime | null;
  readonly decision: Decision;
  readonly tally: RequestTally;
  /** The version that answered; null: none did. */
  readonly version: string | null;
  readonly status: number;
  /** Both by `performance.now()`. */
  readonly startedAtMs: number;
  readonly endedAtMs: number;
}

export function accessRecord(ended: EndedRequest): AccessRecord {
  const { request, arm, tally, startedAtMs } = ended;
  const durationMs = ended.endedAtMs - startedAtMs;
  const target = request.path === '' ? asSent(request.head.rawTarget) : request;
  return {
    timeMs: Date.now() - durationMs,
    listener: request.listenerName,
    client: request.clientAddress,
    method: orNull(request.method),
    host: orNull(request.host === '' ? request.head.host : request.host),
    path: orNull(target.path),
    query: target.query,
    status: ended.status,
    route: arm?.arm.route.name ?? null,
    rule: arm?.arm.rule?.name ?? null,
    version: ended.version,
    intended: arm?.arm.version.name ?? null,
    reason: tally.wasDecided ? ended.decision.reason : null,
    endpoint: tally.endpoint?.url ?? null,
    attempts: tally.attempts,
    bytesIn: tally.bytesIn,
    bytesOut: tally.bytesOut,
    durationMs,
    firstByteMs: tally.headAtMs - startedAtMs,
    requestId: orNull(request.requestId),
    traceId: request.traceId,
    error: tally.fault,
  };
}

export function decisionRecord(ended: EndedRequest, snapshot: Snapshot, cookies: ReadonlySet<string>): DecisionRecord {
  const { request, arm, decision } = ended;
  const { headers, query, withheld } = withoutSecrets(request, snapshot.headerNames, cookies);
  const { body } = request;
  const hasBody = body !== 'unread' && body !== null && body.bytes.length > 0;
  const url = request.target.includes('?') ? `${request.path}?${query}` : request.target;
  return {
    id: request.requestId,
    time: new Date(Date.now() - (ended.endedAtMs - ended.startedAtMs)).toISOString(),
    listener: request.listenerName,
    trusted: request.fromTrustedPeer,
    clientAddress: request.clientAddress,
    method: request.method,
    host: fromByteString(request.host),
    path: fromByteString(request.path),
    query: fromByteString(query),
    url: fromByteString(url),
    headers,
    withheld: hasBody ? [...withheld, 'body'] : withheld,
    draw: decision.draw ?? null,
    visitorId: decision.mintedVisitor,
    route: arm?.arm.route.name ?? null,
    rule: arm?.arm.rule?.name ?? null,
    version: ended.version,
    intended: arm?.arm.version.name ?? null,
    reason: decision.reason,
    status: ended.status,
  };
}

/** Of a request whose target was refused: what it asked for, as it stood there. */
function asSent(target: string): { readonly path: string; readonly query: string } {
  const questionAt = target.indexOf('?');
  if (questionAt < 0) return { path: target, query: '' };
  return { path: target.slice(0, questionAt), query: target.slice(questionAt + 1) };
}

function orNull(text: string): string | null {
  return text === '' ? null : text;
}
