import type { Mirror } from '../core/snapshot.ts';
import type { ComparisonSkipReason } from '../telemetry/comparison-cells.ts';
import { AnswerCapture, type CaptureWaiter } from './answer-capture.ts';
import type { DownstreamRequest } from './downstream-request.ts';
import type { MirrorRuntime } from './mirror-runtime.ts';
import type { Timed } from './sweeper.ts';

/**
 * Two answers to one request, or three with a baseline's, gathered until all are whole and then handed on to be compared. One
 * that does not come, or does not fit, ends it: counted, and everything given back.
 */
export class Comparison implements CaptureWaiter, Timed {
  deadlineAt = Number.POSITIVE_INFINITY;
  sweepSlot = -1;
  readonly mirror: Mirror;
  readonly method: string;
  readonly path: string;
  readonly requestId: string;
  readonly primary: AnswerCapture;
  readonly shadow: AnswerCapture;
  readonly baseline: AnswerCapture | null;
  /** The version whose answer the client got. */
  answeredBy = '';
  /** When the copy left, by `performance.now()`: the request was whole then. */
  sentAtMs = 0;
  readonly #runtime: MirrorRuntime;
  /** waiting: its copy has not left · open: answers are awaited · over. */
  #state: 'waiting' | 'open' | 'over' = 'waiting';

  constructor(runtime: MirrorRuntime, mirror: Mirror, request: DownstreamRequest) {
    this.#runtime = runtime;
    this.mirror = mirror;
    this.method = request.method;
    this.path = request.path;
    this.requestId = request.requestId;
    const { budget } = runtime.commons;
    const maxBytes = mirror.compare?.maxAnswerBytes ?? 0;
    this.primary = new AnswerCapture(this, budget, maxBytes);
    this.shadow = new AnswerCapture(this, budget, maxBytes);
    this.baseline = mirror.compare?.baseline == null ? null : new AnswerCapture(this, budget, maxBytes);
    runtime.comparing += 1;
  }

  /** The copy has left: from here on the comparison is counted, whatever becomes of it. */
  begin(): void {
    if (this.#state !== 'waiting') return;
    this.#state = 'open';
    this.sentAtMs = performance.now();
    this.#settle();
  }

  /** The copy never left: there is nothing to be counted. */
  cancel(): void {
    if (this.#state === 'waiting') this.#end();
  }

  /** `AnswerCapture`s tell of their end here. */
  captured(): void {
    if (this.#state === 'open') this.#settle();
  }

  #settle(): void {
    const failed = this.#all().find((capture) => capture.failure !== null);
    if (failed !== undefined) this.skip(failed.failure as ComparisonSkipReason);
    else if (this.#all().every((capture) => capture.state === 'whole')) this.#hand();
    else if (this.shadow.state === 'whole' && this.deadlineAt === Number.POSITIVE_INFINITY) this.#limitWaiting();
  }

  #hand(): void {
    this.deadlineAt = Number.POSITIVE_INFINITY;
    this.#runtime.commons.comparer.add(this);
  }

  /** A stream that never ends on one side must not keep what came from the other. */
  #limitWaiting(): void {
    const { sweeper } = this.#runtime.commons;
    this.deadlineAt = sweeper.nowMs + this.mirror.timeoutMs;
    sweeper.watch(this);
  }

  onDeadline(): void {
    this.skip(this.primary.state === 'whole' ? 'no-baseline' : 'primary-slow');
  }

  /** Ends it, counted as not compared. */
  skip(reason: ComparisonSkipReason): void {
    if (this.#state !== 'open') return;
    this.#runtime.skipped(reason);
    this.#end();
  }

  /** It was compared. */
  done(): void {
    if (this.#state === 'open') this.#end();
  }

  #end(): void {
    this.#state = 'over';
    this.#runtime.comparing -= 1;
    this.#runtime.commons.sweeper.forget(this);
    for (const capture of this.#all()) capture.release();
  }

  #all(): readonly AnswerCapture[] {
    const { primary, shadow, baseline } = this;
    return baseline === null ? [primary, shadow] : [primary, shadow, baseline];
  }
}
