import type { WholeAnswer } from '../core/comparing/answer.ts';
import type { ResponseHead } from '../http/response-head.ts';
import type { ComparisonSkipReason } from '../telemetry/comparison-cells.ts';
import type { MirrorBudget } from './mirror-budget.ts';

/** Who waits for an answer to be whole, or to be given up. */
export interface CaptureWaiter {
  captured(capture: AnswerCapture): void;
}

/**
 * One answer as it passes by, kept for a comparison. It takes no more than its bounds, and never holds up whom it belongs to:
 * past the bounds it is given up, and nothing more of it is kept.
 */
export class AnswerCapture {
  /** open: more may come · whole · failed: why is in `failure`. */
  state: 'open' | 'whole' | 'failed' = 'open';
  failure: ComparisonSkipReason | null = null;
  /** By `performance.now()`, once whole. */
  wholeAtMs = 0;
  readonly #waiter: CaptureWaiter;
  readonly #budget: MirrorBudget;
  readonly #maxBodyBytes: number;
  #status = 0;
  #fieldLines = '';
  #pieces: Buffer[] = [];
  #bodyBytes = 0;
  #heldBytes = 0;

  constructor(waiter: CaptureWaiter, budget: MirrorBudget, maxBodyBytes: number) {
    this.#waiter = waiter;
    this.#budget = budget;
    this.#maxBodyBytes = maxBodyBytes;
  }

  head(head: ResponseHead): void {
    if (this.state !== 'open' || !this.#take(head.kept.length)) return;
    this.#status = head.status;
    this.#fieldLines = head.kept;
  }

  /** Payload [from, to), framing taken off. */
  body(memory: Buffer, from: number, to: number): void {
    if (this.state !== 'open') return;
    this.#bodyBytes += to - from;
    if (this.#bodyBytes > this.#maxBodyBytes) this.fail('answer-too-large');
    else if (this.#take(to - from)) this.#pieces.push(Buffer.from(memory.subarray(from, to)));
  }

  end(): void {
    if (this.state !== 'open') return;
    this.state = 'whole';
    this.wholeAtMs = performance.now();
    this.#waiter.captured(this);
  }

  fail(reason: ComparisonSkipReason): void {
    if (this.state !== 'open') return;
    this.state = 'failed';
    this.failure = reason;
    this.release();
    this.#waiter.captured(this);
  }

  /** The answer, once whole and until released. */
  get answer(): WholeAnswer {
    return { status: this.#status, fieldLines: this.#fieldLines, body: Buffer.concat(this.#pieces) };
  }

  /** Gives back all that is held; nothing more is taken. */
  release(): void {
    if (this.state === 'open') this.state = 'failed';
    this.#budget.give(this.#heldBytes);
    this.#heldBytes = 0;
    this.#pieces = [];
    this.#fieldLines = '';
  }

  #take(bytes: number): boolean {
    if (!this.#budget.takeForAnswer(bytes)) {
      this.fail('bytes');
      return false;
    }
    this.#heldBytes += bytes;
    return true;
  }
}
