import type { ResponseHead } from '../http/response-head.ts';
import type { ComparisonSkipReason } from '../telemetry/comparison-cells.ts';
import type { MirrorDropReason } from '../telemetry/mirror-cells.ts';
import type { AnswerCapture } from './answer-capture.ts';
import type { Comparison } from './comparison.ts';
import { copyHead } from './copy-head.ts';
import type { DownstreamRequest } from './downstream-request.ts';
import type { EndpointPool } from './endpoint-pool.ts';
import type { MirrorPlan } from './mirror-plan.ts';
import type { CopyUnderWay, MirrorRuntime } from './mirror-runtime.ts';
import type { Timed } from './sweeper.ts';
import type { ResponseSink, UpstreamConnection } from './upstream-connection.ts';
import type { LeaseWaiter } from './version-pool.ts';

/** What is read of a shadow's answer so that the connection can be used again; past it the connection is closed. */
const MAX_ANSWER_BYTES = 1_048_576;
const NEVER = Number.POSITIVE_INFINITY;
const NO_TRIES: readonly EndpointPool[] = [];
const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** What a copy is for, where answers are compared. */
export type CopyPurpose =
  /** Its answer is compared with the primary's; `second`: the baseline's copy, which is of no use without this one. */
  | { readonly kind: 'compared'; readonly comparison: Comparison; readonly second: MirrorCopy | null }
  /** Its answer tells noise. */
  | { readonly kind: 'baseline'; readonly comparison: Comparison }
  /** The mirror compares, but not this time. */
  | { readonly kind: 'skipped'; readonly reason: ComparisonSkipReason };

/**
 * The copy of one request for a shadow. It shares nothing mutable with the exchange it was made for: the head is its own
 * string, the body its own bytes, and whatever happens to it ends here and in the account.
 */
export class MirrorCopy implements ResponseSink, LeaseWaiter, Timed, CopyUnderWay {
  deadlineAt = NEVER;
  /** A copy is tried once, on an endpoint that is really usable. */
  tried = NO_TRIES;
  readonly balanceKey = null;
  readonly takesUnusable = false;
  sweepSlot = -1;
  readonly plan: MirrorPlan;
  readonly #runtime: MirrorRuntime;
  readonly #purpose: CopyPurpose | null;
  /** Keeps the answer for a comparison; null: it is thrown away. */
  readonly #capture: AnswerCapture | null;
  readonly #method: string;
  readonly #headStart: string;
  #body: Buffer[] = [];
  #bodyBytes = 0;
  #hasBody = false;
  #state: 'pending' | 'sent' | 'ended' = 'pending';
  #connection: UpstreamConnection | null = null;
  #wasReplayed = false;
  #status = 0;
  #answerBytes = 0;

  /** `purpose` null: the mirror does not compare. */
  constructor(plan: MirrorPlan, request: DownstreamRequest, purpose: CopyPurpose | null) {
    this.plan = plan;
    this.#runtime = plan.runtime;
    this.#purpose = purpose;
    this.#capture = captureOf(purpose);
    this.#method = request.method;
    this.#headStart = copyHead(plan, request);
    this.#runtime.pending += 1;
    this.#runtime.commons.copies.add(this);
  }

  get isPending(): boolean {
    return this.#state === 'pending';
  }

  /** It goes to the version that answers, on purpose. */
  get isBaseline(): boolean {
    return this.#purpose?.kind === 'baseline';
  }

  /** More of the body has passed by on its way to the primary. */
  addBody(memory: Buffer, from: number, to: number): void {
    if (this.#state !== 'pending') return;
    const size = to - from;
    if (this.#bodyBytes + size > this.plan.mirror.maxBodyBytes) {
      this.drop('body-too-large');
    } else if (this.#runtime.commons.budget.take(size)) {
      this.#bodyBytes += size;
      this.#body.push(Buffer.from(memory.subarray(from, to)));
    } else {
      this.drop('bytes');
    }
  }

  drop(reason: MirrorDropReason): void {
    if (this.#state !== 'pending') return;
    this.#runtime.pending -= 1;
    this.#leave();
    this.#runtime.breaker.onAbandoned();
    this.#runtime.commons.cells.dropped(this.#runtime.cell, reason);
    if (this.#purpose?.kind === 'compared') {
      this.#purpose.comparison.cancel();
      this.#purpose.second?.drop(reason);
    } else {
      this.#capture?.fail('no-baseline');
    }
  }

  /**
   * The request is whole: the copy leaves now. `hasBody`: the request had a body, be it empty. `primary`: where the request
   * itself went, as far as that is known.
   */
  send(hasBody: boolean, primary: EndpointPool | null): void {
    if (this.#state !== 'pending') return;
    const runtime = this.#runtime;
    this.#state = 'sent';
    this.#hasBody = hasBody;
    runtime.pending -= 1;
    runtime.inFlight += 1;
    runtime.commons.cells.sent(runtime.cell);
    this.deadlineAt = performance.now() + this.plan.mirror.timeoutMs;
    runtime.commons.sweeper.watch(this);
    if (this.#purpose?.kind === 'compared') this.#purpose.comparison.begin();
    else if (this.#purpose?.kind === 'skipped') runtime.skipped(this.#purpose.reason);
    else if (this.#purpose !== null && primary !== null) this.#avoid(primary);
    runtime.pool.lease(this, false);
  }

  /** The baseline's copy goes to another instance than the request itself, where there is one. */
  #avoid({ endpoint }: EndpointPool): void {
    const { members } = this.#runtime.pool.endpoints;
    const same = members.filter((pool) => pool.endpoint.url === endpoint.url && pool.endpoint.host === endpoint.host);
    if (same.length < members.length) this.tried = same;
  }

  /** Its own code threw: nobody else is to notice. */
  collapse(): void {
    if (this.#state === 'pending') this.drop('no-endpoint');
    else this.#giveUp('failed');
  }

  shutDown(): void {
    if (this.#state === 'pending') this.drop('shutdown');
    else this.#giveUp('failed');
  }

  /** Out of the books of those who keep copies: nothing is held any more. */
  #leave(): void {
    this.#state = 'ended';
    this.#runtime.commons.budget.give(this.#bodyBytes);
    this.#bodyBytes = 0;
    this.#body = [];
    this.#runtime.commons.copies.delete(this);
  }

  #end(outcome: 'answered' | 'timed-out' | 'failed'): void {
    if (this.#state !== 'sent') return;
    const { breaker, cell } = this.#runtime;
    const { cells, sweeper } = this.#runtime.commons;
    sweeper.forget(this);
    this.#leave();
    this.#runtime.inFlight -= 1;
    if (outcome === 'answered') {
      breaker.onSuccess();
      cells.answered(cell, this.#status);
    } else {
      breaker.onFailure(performance.now());
      if (outcome === 'failed') cells.failed(cell);
      else cells.timedOut(cell);
    }
    this.#capture?.fail(this.isBaseline ? 'no-baseline' : 'shadow-failed');
  }

  #giveUp(outcome: 'answered' | 'timed-out' | 'failed'): void {
    this.#runtime.pool.cancel(this);
    this.#connection?.abandon();
    this.#connection = null;
    this.#end(outcome);
  }

  onLease(connection: UpstreamConnection): void {
    if (this.#state !== 'sent') {
      connection.abandon();
      return;
    }
    this.#connection = connection;
    const framing = this.#hasBody ? `Content-Length: ${this.#bodyBytes}\r\n\r\n` : '\r\n';
    connection.begin(this, this.#headStart + framing, this.#method, false);
    for (const piece of this.#body) connection.sendBytes(piece, 0, piece.length, connection);
    // From here on the socket holds it; the books keep its bytes until the end.
    this.#body = [];
    connection.flush();
    connection.isRequestDone = true;
  }

  onConnectFailure(): void {
    this.#end('failed');
  }

  onNoLease(): void {
    this.#end('failed');
  }

  onInterim(): void {}

  onHead(head: ResponseHead): void {
    this.#status = head.status;
    this.#capture?.head(head);
  }

  onUpgrade(): void {
    this.#giveUp('failed');
  }

  onBody(memory: Buffer, from: number, to: number): void {
    this.#answerBytes += to - from;
    this.#capture?.body(memory, from, to);
    if (this.#answerBytes > MAX_ANSWER_BYTES) this.#giveUp('answered');
  }

  onEnd(): void {
    this.#connection = null;
    this.#capture?.end();
    this.#end('answered');
  }

  onFailure(failure: string, connection: UpstreamConnection): void {
    this.#connection = null;
    if (failure === 'upstream-reset' && this.#mayReplay(connection)) {
      this.#wasReplayed = true;
      this.#runtime.pool.lease(this, true);
    } else {
      this.#end('failed');
    }
  }

  /** A connection used before that dies without a byte was closing already: no fault of the shadow's. */
  #mayReplay(connection: UpstreamConnection): boolean {
    const isUntouched = this.#state === 'sent' && this.#status === 0 && !this.#wasReplayed;
    return isUntouched && connection.uses > 1 && !this.#hasBody && SAFE.has(this.#method);
  }

  afterRead(): void {}

  onUpstreamUnblocked(): void {}

  onDeadline(): void {
    this.#giveUp('timed-out');
  }

  faulted(error: unknown): void {
    this.#runtime.commons.sweeper.faults.report(error);
    this.collapse();
  }
}

function captureOf(purpose: CopyPurpose | null): AnswerCapture | null {
  if (purpose === null || purpose.kind === 'skipped') return null;
  return purpose.kind === 'compared' ? purpose.comparison.shadow : purpose.comparison.baseline;
}
