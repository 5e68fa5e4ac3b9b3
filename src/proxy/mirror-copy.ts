import type { ResponseHead } from '../http/response-head.ts';
import type { MirrorDropReason } from '../telemetry/mirror-cells.ts';
import type { DownstreamRequest } from './downstream-request.ts';
import type { EndpointPool } from './endpoint-pool.ts';
import type { MirrorRuntime } from './mirror-runtime.ts';
import type { Sweeper, Timed } from './sweeper.ts';
import type { ResponseSink, UpstreamConnection } from './upstream-connection.ts';
import type { LeaseWaiter } from './version-pool.ts';

/** What is read of a shadow's answer so that the connection can be used again; past it the connection is closed. */
const MAX_ANSWER_BYTES = 1_048_576;
const CREDENTIALS: ReadonlySet<string> = new Set(['authorization', 'cookie']);
const NO_NAMES: ReadonlySet<string> = new Set();
const NO_TRIES: readonly EndpointPool[] = [];

/**
 * The copy of one request for a shadow. It shares nothing mutable with the exchange it was made for: the head is its own
 * string, the body its own bytes, and whatever happens to it ends here and in the account.
 */
export class MirrorCopy implements ResponseSink, LeaseWaiter, Timed {
  deadlineAt = Number.POSITIVE_INFINITY;
  /** A copy is tried once, on an endpoint that is really usable. */
  readonly tried = NO_TRIES;
  readonly balanceKey = null;
  readonly takesUnusable = false;
  sweepSlot = -1;
  readonly #runtime: MirrorRuntime;
  readonly #sweeper: Sweeper;
  readonly #method: string;
  readonly #headStart: string;
  #body: Buffer[] = [];
  #bodyBytes = 0;
  #state: 'pending' | 'sent' | 'ended' = 'pending';
  #connection: UpstreamConnection | null = null;
  #status = 0;
  #answerBytes = 0;

  constructor(runtime: MirrorRuntime, request: DownstreamRequest, sweeper: Sweeper) {
    this.#runtime = runtime;
    this.#sweeper = sweeper;
    this.#method = request.method;
    this.#headStart = copyHead(runtime, request);
    runtime.pending += 1;
  }

  /** More of the body has passed by on its way to the primary. */
  addBody(memory: Buffer, from: number, to: number): void {
    if (this.#state !== 'pending') return;
    const size = to - from;
    if (this.#bodyBytes + size > this.#runtime.mirror.maxBodyBytes) return this.drop('body-too-large');
    if (!this.#runtime.budget.take(size)) return this.drop('bytes');
    this.#bodyBytes += size;
    this.#body.push(Buffer.from(memory.subarray(from, to)));
  }

  drop(reason: MirrorDropReason): void {
    if (this.#state !== 'pending') return;
    this.#leavePending('ended');
    this.#giveBack();
    this.#runtime.breaker.onAbandoned();
    this.#runtime.cells.dropped(this.#runtime.cell, reason);
  }

  /** The request is whole: the copy leaves now. `hasBody`: the request had a body, be it empty. */
  send(hasBody: boolean): void {
    if (this.#state !== 'pending') return;
    this.#leavePending('sent');
    const runtime = this.#runtime;
    runtime.inFlight += 1;
    runtime.cells.sent(runtime.cell);
    this.#body = hasBody ? [Buffer.from(`Content-Length: ${this.#bodyBytes}\r\n\r\n`, 'latin1'), ...this.#body] : [];
    this.deadlineAt = performance.now() + runtime.mirror.timeoutMs;
    this.#sweeper.watch(this);
    runtime.pool.lease(this, false);
  }

  #leavePending(state: 'sent' | 'ended'): void {
    this.#state = state;
    this.#runtime.pending -= 1;
  }

  #giveBack(): void {
    this.#runtime.budget.give(this.#bodyBytes);
    this.#bodyBytes = 0;
    this.#body = [];
  }

  #end(outcome: 'answered' | 'timed-out' | 'failed'): void {
    if (this.#state !== 'sent') return;
    this.#state = 'ended';
    this.#sweeper.forget(this);
    this.#giveBack();
    const { cells, cell, breaker } = this.#runtime;
    this.#runtime.inFlight -= 1;
    if (outcome === 'answered') {
      breaker.onSuccess();
      cells.answered(cell, this.#status);
    } else {
      breaker.onFailure(performance.now());
      if (outcome === 'failed') cells.failed(cell);
      else cells.timedOut(cell);
    }
  }

  onLease(connection: UpstreamConnection): void {
    if (this.#state !== 'sent') {
      connection.abandon();
      return;
    }
    this.#connection = connection;
    const [framing, ...pieces] = this.#body;
    connection.begin(this, this.#headStart + (framing?.toString('latin1') ?? '\r\n'), this.#method, false);
    for (const piece of pieces) connection.sendBytes(piece, 0, piece.length, connection);
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
  }

  onUpgrade(_head: ResponseHead, connection: UpstreamConnection): void {
    connection.abandon();
    this.#end('failed');
  }

  onBody(_memory: Buffer, from: number, to: number, connection: UpstreamConnection): void {
    this.#answerBytes += to - from;
    if (this.#answerBytes <= MAX_ANSWER_BYTES) return;
    connection.abandon();
    this.#end('answered');
  }

  onEnd(): void {
    this.#connection = null;
    this.#end('answered');
  }

  onFailure(): void {
    this.#connection = null;
    this.#end('failed');
  }

  afterRead(): void {}

  onUpstreamUnblocked(): void {}

  onDeadline(): void {
    this.#runtime.pool.cancel(this);
    this.#connection?.abandon();
    this.#connection = null;
    this.#end('timed-out');
  }
}

/** Request line and fields of the copy, without framing and the empty line. Host stays; the marker says what it is. */
function copyHead(runtime: MirrorRuntime, request: DownstreamRequest): string {
  const { mirror, request: change } = runtime;
  const removes = new Set([
    ...(mirror.credentials === 'drop' ? CREDENTIALS : NO_NAMES),
    ...(change?.removes ?? NO_NAMES),
  ]);
  const kept = removes.size === 0 ? request.head.kept : request.head.keptWithout(removes);
  const host = mirror.hostSuffix === '' ? request.hostField : suffixedHost(request.hostField, mirror.hostSuffix);
  const trace = removes.has('traceparent') ? '' : request.traceLine();
  return (
    `${request.method} ${request.target} HTTP/1.1\r\nHost: ${host}\r\n${kept}${request.forwardingLines()}` +
    `X-Request-Id: ${request.requestId}\r\n${trace}x-gray-mirror: ${mirror.route}\r\n${change?.lines ?? ''}`
  );
}

function suffixedHost(host: string, suffix: string): string {
  const port = /:\d+$/.exec(host)?.[0] ?? '';
  return `${host.slice(0, host.length - port.length)}${suffix}${port}`;
}
