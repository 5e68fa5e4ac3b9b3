import { type DecisionRun, decide } from '../core/splitting/decide.ts';
import { readSource } from '../core/splitting/sticky-key.ts';
import { lastChunk } from '../http/chunk-frame.ts';
import type { ResponseHead } from '../http/response-head.ts';
import { ABORTED, FALLBACK } from '../telemetry/request-cells.ts';
import type { AnswerTee } from './answer-tee.ts';
import { BodyGate } from './body-gate.ts';
import type { DownstreamConnection } from './downstream-connection.ts';
import type { EndpointPool } from './endpoint-pool.ts';
import { ERRORS, type ErrorCode, type LeaseFailure, type UpstreamFailure } from './failures.ts';
import { requestHead, responseHead } from './head-writer.ts';
import { HeldBody } from './held-body.ts';
import type { ArmRuntime, FallbackRuntime, InstalledSnapshot } from './installed-snapshot.ts';
import { prepareCopies } from './mirror-dispatch.ts';
import type { PlaneContext } from './plane-context.ts';
import { accessRecord, decisionRecord, type EndedRequest } from './request-account.ts';
import type { RequestCopies } from './request-copies.ts';
import { RequestTally } from './request-tally.ts';
import { type RetryOccasion, Tries } from './retry.ts';
import type { Timed } from './sweeper.ts';
import { Tunnel } from './tunnel.ts';
import type { ResponseSink, UpstreamConnection } from './upstream-connection.ts';
import type { LeaseWaiter, VersionPool } from './version-pool.ts';

const NEVER = Number.POSITIVE_INFINITY;
/** RFC 9110 9.2.2. */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'TRACE']);
/** A try on a connection that was closing already is repeated so often at most: a fresh one can still be a used one after a queue. */
const MAX_REPLAYS = 3;
/** In the log alone: the client left before it was told anything. */
const CLIENT_GONE = 499;

/** How the response's payload is framed towards the client. */
type ResponseFraming = 'none' | 'length' | 'chunked' | 'close';

/**
 * One request's walk: decide -> pick an endpoint -> lease a connection -> relay -> mirror -> record. Owned by a downstream
 * connection and used again for its next request; `#record` runs exactly once per request, on every path.
 */
export class Exchange implements ResponseSink, LeaseWaiter, Timed {
  deadlineAt = NEVER;
  sweepSlot = -1;
  isActive = false;
  /** The arm that the request was meant for; null until decided. */
  arm: ArmRuntime | null = null;
  /** The version that answers in place of the one meant; null: nobody has to. */
  helper: FallbackRuntime | null = null;
  /** Endpoints that have failed this request. */
  tried: EndpointPool[] = [];
  balanceKey: string | null = null;
  takesUnusable = false;
  readonly client: DownstreamConnection;
  readonly #tally = new RequestTally();
  readonly #plane: PlaneContext;
  readonly #run: DecisionRun;
  readonly #gate: BodyGate;
  #installed: InstalledSnapshot | null = null;
  #startedAt = 0;
  #cell = 0;
  #pool: VersionPool | null = null;
  #upstream: UpstreamConnection | null = null;
  #isWaiting = false;
  #lastFailure: ErrorCode = 'no-endpoint';
  /** null: nobody gets a copy. */
  #copies: RequestCopies | null = null;
  /** Sees the answer pass by; null: nobody does. */
  #tee: AnswerTee | null = null;
  readonly #held = new HeldBody();
  readonly #tries: Tries;
  #hasBody = false;
  #isRequestDone = false;
  #requestTrailers = '';
  #replays = 0;
  #framing: ResponseFraming = 'none';
  #responseStarted = false;
  /** The client has got a 1xx response: no other try may follow. */
  #isInterimSent = false;
  #status = 0;
  #firstByteAt = NEVER;
  #queueUntil = NEVER;
  #tryUntil = NEVER;
  #routeDeadlineAt = NEVER;
  /** What a blocked upstream had not taken when last looked at. */
  #unsentBytes = 0;
  /** When the request became a tunnel; 0 unless it did. */
  #switchedAt = 0;

  constructor(client: DownstreamConnection, plane: PlaneContext, run: DecisionRun) {
    this.client = client;
    this.#plane = plane;
    this.#run = run;
    this.#gate = new BodyGate(client);
    this.#tries = new Tries(plane.retries);
  }

  get usedFallback(): boolean {
    return this.helper !== null;
  }

  /** The id to set as the visitor's cookie, whoever asked for a key: the split, a condition or a mirror's sample. */
  get visitorId(): string | null {
    return this.#run.decision.mintedVisitor;
  }

  /** The client's request head has been read and is well-formed. Its body follows by `requestBody` and `requestEnd`. */
  start(installed: InstalledSnapshot, hasBody: boolean): void {
    this.#reset(installed, hasBody);
    this.#tally.wasDecided = true;
    this.#gate.reset(hasBody);
    this.#run.begin(this.client.request);
    this.#decide();
  }

  /** Decides; or waits for the body, and is called again once that is there or cannot be had. */
  #decide(): void {
    const { snapshot } = this.#installed as InstalledSnapshot;
    let result = decide(snapshot, this.#run);
    if (result === 'unread') {
      if (this.#gate.shut(this.#run.bodyLimitBytes)) return;
      result = decide(snapshot, this.#run);
    }
    const { arm, unknown } = this.#run.decision;
    if (unknown !== 0) this.#plane.unknownCells.count(arm?.route.name ?? '', unknown);
    if (result === 'decided') this.#decided();
    else this.#answerError(result === 'no-route' ? 'no-route' : 'internal-error');
  }

  /** The decision waits for the body. False: this piece is held; true: there is enough without it, and it may go on. */
  #passGate(memory: Buffer, from: number, to: number): boolean {
    const taken = this.#gate.take(memory, from, to);
    if (taken !== 'enough') this.#tally.bytesIn += to - from;
    if (taken !== 'held') this.#decide();
    return taken === 'enough';
  }

  /** What was held while the decision waited goes the way of all that follows. */
  #takeFromGate(): void {
    const held = this.#gate.release();
    if (held.length === 0) return;
    this.#copies?.addBody(held, 0, held.length);
    this.#held.add(held, 0, held.length);
  }

  /** Counts and answers a request that was refused before routing. `hasMore`: its body may follow, or nobody knows. */
  refuse(installed: InstalledSnapshot, code: ErrorCode, hasMore = true): void {
    const { request } = this.client;
    if (request.isSpent || request.requestId === '') request.forget();
    this.#reset(installed, hasMore);
    this.#answerError(code);
  }

  #reset(installed: InstalledSnapshot, hasBody: boolean): void {
    this.isActive = true;
    this.arm = null;
    this.helper = null;
    this.#tally.reset();
    this.#installed = installed;
    this.#startedAt = performance.now();
    this.#pool = null;
    this.#upstream = null;
    this.#isWaiting = false;
    if (this.tried.length > 0) this.tried = [];
    this.#copies = null;
    this.#tee = null;
    this.#hasBody = hasBody;
    this.#isRequestDone = false;
    this.#requestTrailers = '';
    this.#replays = 0;
    this.#responseStarted = false;
    this.#isInterimSent = false;
    this.#status = 0;
    this.#firstByteAt = NEVER;
    this.#queueUntil = NEVER;
    this.#tryUntil = NEVER;
    this.#routeDeadlineAt = NEVER;
    this.#cell = -1;
    this.#plane.retries.active += 1;
    this.#switchedAt = 0;
  }

  #decided(): void {
    const { decision } = this.#run;
    const installed = this.#installed as InstalledSnapshot;
    const arm = installed.armRuntime(decision.arm as NonNullable<typeof decision.arm>);
    this.arm = arm;
    this.#begin(arm.cell);
    if (arm.timeoutMs !== null) this.#routeDeadlineAt = this.#startedAt + arm.timeoutMs;
    this.#pool = arm.pool;
    const { method } = this.client.request;
    if (arm.retry !== null) this.#tries.begin(arm.retry, method);
    if (this.#hasBody) this.#held.begin(IDEMPOTENT.has(method) || (arm.retry?.policy.methods.has(method) ?? false));
    if (!arm.pool.hasUsableEndpoint && arm.fallback?.pool.hasUsableEndpoint === true) this.#turnTo(arm.fallback);
    if (arm.mirrors.length > 0) {
      const { request } = this.client;
      const answering = this.helper?.version ?? arm.arm.version;
      this.#copies = prepareCopies(arm, { request, answering, run: this.#run, plane: this.#plane });
      this.#tee = this.#copies?.tee ?? null;
    }
    if (this.#hasBody) this.#takeFromGate();
    this.#lease(false);
  }

  #begin(cell: number): void {
    this.#cell = cell;
    this.#plane.requestCells.begin(cell);
  }

  #turnTo(helper: FallbackRuntime): void {
    this.helper = helper;
    this.#pool = helper.pool;
    this.tried = [];
  }

  /** A version that may yet answer in place of the one meant. */
  get #fallback(): FallbackRuntime | null {
    const fallback = (this.arm as ArmRuntime).fallback;
    return this.helper === null && fallback?.pool.hasUsableEndpoint === true ? fallback : null;
  }

  #lease(fresh: boolean): void {
    this.#isWaiting = true;
    const pool = this.#pool as VersionPool;
    this.takesUnusable = pool.isPanicking && this.#fallback === null;
    this.balanceKey = pool.hashSource === null ? null : (readSource(pool.hashSource, this.client.request) ?? null);
    this.#startTry();
    const start = pool.lease(this, fresh);
    if (start === 'queued') {
      // Waiting in the queue is no try, and has its own limit.
      this.#queueUntil = performance.now() + pool.pendingTimeoutMs;
      this.#tryUntil = NEVER;
    }
    if (start === 'queued' || start === 'opening') this.#setDeadline();
  }

  #startTry(): void {
    const { perTryMs } = this.#tries;
    this.#tryUntil = perTryMs === NEVER ? NEVER : performance.now() + perTryMs;
  }

  onLease(connection: UpstreamConnection): void {
    this.#isWaiting = false;
    if (this.#queueUntil !== NEVER) this.#startTry();
    this.#queueUntil = NEVER;
    this.#upstream = connection;
    this.#tally.tried(connection.pool.endpoint);
    const { request } = this.client;
    const wantsUpgrade = this.client.request.wantsUpgrade;
    connection.begin(this, requestHead(this, this.#hasBody), request.method, wantsUpgrade);
    this.#firstByteAt = this.#plane.sweeper.nowMs + (this.#pool as VersionPool).firstByteMs;
    this.#setDeadline();
    if (!this.#hasBody) {
      connection.isRequestDone = true;
    } else if (this.#held.bytes > 0 || this.#isRequestDone) {
      this.#sendHeld(connection);
    }
    if (!this.client.isConsuming) {
      connection.flush();
      if (!this.#isRequestDone) this.client.resumeReading();
    }
  }

  #sendHeld(connection: UpstreamConnection): void {
    for (const piece of this.#held.takeUnsent()) this.#sendBody(connection, piece, 0, piece.length);
    if (this.#isRequestDone) this.#sendRequestEnd(connection);
  }

  #sendBody(connection: UpstreamConnection, memory: Buffer, from: number, to: number): void {
    if (this.client.request.head.isChunked) connection.sendChunk(memory, from, to, this.client);
    else connection.sendBytes(memory, from, to, this.client);
  }

  #sendRequestEnd(connection: UpstreamConnection): void {
    if (this.client.request.head.isChunked) connection.sendText(lastChunk(this.#requestTrailers));
    connection.isRequestDone = true;
    // The first byte is waited for from here on: an upload may take as long as it keeps coming.
    if (!this.#responseStarted) {
      this.#firstByteAt = performance.now() + (this.#pool as VersionPool).firstByteMs;
      this.#setDeadline();
    }
  }

  /** Body bytes of the request, framing taken off. */
  requestBody(memory: Buffer, from: number, to: number): void {
    if (this.#gate.isShut && !this.#passGate(memory, from, to)) return;
    this.#copies?.addBody(memory, from, to);
    if (!this.isActive) return;
    this.#tally.bytesIn += to - from;
    const upstream = this.#upstream;
    if (upstream !== null) {
      this.#held.pass(memory, from, to);
      this.#sendBody(upstream, memory, from, to);
      if (!this.#responseStarted) this.#firstByteAt = NEVER;
      return;
    }
    this.#held.add(memory, from, to);
    if (this.#held.isFull) this.client.pauseReading();
  }

  /** The request is whole. `trailers`: checked field lines, '' for none. */
  requestEnd(trailers: string): void {
    this.#isRequestDone = true;
    this.#requestTrailers = trailers;
    if (this.#gate.isShut) {
      this.#gate.end();
      this.#decide();
    } else if (this.isActive && this.#hasBody && this.#upstream !== null) this.#sendRequestEnd(this.#upstream);
  }

  /** All of one read from the client was handed over. */
  afterClientRead(): void {
    const upstream = this.#upstream;
    if (upstream !== null) {
      upstream.flush();
      if (upstream.isBlocked && !this.#isRequestDone) this.#holdBack(upstream);
    }
    // Copies leave after the primary's bytes, never before.
    if (this.#isRequestDone) this.#copies?.leave(this.#hasBody, upstream?.pool ?? null);
  }

  /** The upstream takes no more of the body for now. It may rest as long as it may before a first byte. */
  #holdBack(upstream: UpstreamConnection): void {
    this.client.pauseReading();
    if (this.#responseStarted) return;
    this.#unsentBytes = upstream.unsentBytes;
    this.#firstByteAt = this.#plane.sweeper.nowMs + (this.#pool as VersionPool).firstByteMs;
    this.#setDeadline();
  }

  onUpstreamUnblocked(): void {
    if (this.#isRequestDone) return;
    this.#firstByteAt = NEVER;
    this.#setDeadline();
    this.client.resumeReading();
  }

  onConnectFailure(failure: 'connect-refused' | 'connect-timeout', pool: EndpointPool): void {
    this.#isWaiting = false;
    this.#lastFailure = failure;
    this.#tally.tried(pool.endpoint);
    this.tried.push(pool);
    if (!(this.#pool as VersionPool).isExhausted(this)) this.#lease(false);
    else this.#noUpstream(failure);
  }

  onNoLease(failure: LeaseFailure): void {
    this.#isWaiting = false;
    this.#noUpstream(failure === 'no-endpoint' && this.tried.length > 0 ? this.#lastFailure : failure);
  }

  /** Nothing was sent to the version meant: the fallback takes the same request, whatever its method. */
  #noUpstream(failure: ErrorCode): void {
    const fallback = failure === 'queue-full' || failure === 'internal-error' ? null : this.#fallback;
    const isConnectFailure = failure === 'connect-refused' || failure === 'connect-timeout';
    // Trying the same dead endpoints again is worth less than a version that is there.
    const isWorthwhile = isConnectFailure && (fallback === null || this.#tries.to !== null);
    if (isWorthwhile && this.#mayTryAgain('connect-failure')) {
      this.#tryAgain();
    } else if (fallback === null) {
      this.#answerError(failure);
    } else {
      this.#turnTo(fallback);
      this.#lease(false);
    }
  }

  /** Takes one of the route's further tries, if there is one for this and the request can be sent from its start again. */
  #mayTryAgain(occasion: RetryOccasion): boolean {
    if (this.#isInterimSent || !this.#canSendAgain) return false;
    return this.#tries.take(occasion);
  }

  get #canSendAgain(): boolean {
    return !this.#hasBody || this.#held.isWhole;
  }

  /** Endpoints that have failed this request are passed over as long as there are others. */
  #tryAgain(): void {
    const { to } = this.#tries;
    if (to !== null && to !== this.helper && to.pool.hasUsableEndpoint) this.#turnTo(to);
    const pool = this.#pool as VersionPool;
    this.takesUnusable = pool.isPanicking && this.#fallback === null;
    if (pool.isExhausted(this)) this.tried = [];
    this.#held.rewind();
    this.#lease(false);
  }

  onInterim(head: ResponseHead): void {
    this.#isInterimSent = true;
    this.#tryUntil = NEVER;
    this.#firstByteAt = performance.now() + (this.#pool as VersionPool).firstByteMs;
    this.client.relayInterim(head);
  }

  onHead(head: ResponseHead, connection: UpstreamConnection): void {
    connection.pool.ejection?.answered(head.status);
    if (head.status >= 400 && this.#triesInstead(head, connection)) return;
    this.#firstByteAt = NEVER;
    this.#tryUntil = NEVER;
    this.#setDeadline();
    this.#status = head.status;
    this.#responseStarted = true;
    if (this.#plane.accessLog !== null) this.#tally.headAtMs = performance.now();
    if (!this.#isRequestDone) this.client.closeAfterAnswer();
    const hasNoBody = this.client.request.method === 'HEAD' || head.status === 204 || head.status === 304;
    if (hasNoBody) this.#framing = 'none';
    else if (head.contentLength >= 0) this.#framing = 'length';
    else if (this.client.request.head.minorVersion === 1) this.#framing = 'chunked';
    else this.#framing = 'close';
    if (this.#framing === 'close') this.client.closeAfterAnswer();
    this.client.sendText(responseHead(this, head, this.#framing === 'chunked', hasNoBody));
    if (this.#tee !== null) this.#tee.head(head, (this.#pool as VersionPool).version);
  }

  /** An answer that the route would rather not pass on, and there is another try. */
  #triesInstead(head: ResponseHead, connection: UpstreamConnection): boolean {
    if (!this.#mayTryAgain(head.status)) return false;
    this.#upstream = null;
    this.tried.push(connection.pool);
    connection.discardResponse(head);
    this.#tryAgain();
    return true;
  }

  onBody(memory: Buffer, from: number, to: number, connection: UpstreamConnection): void {
    this.#tally.bytesOut += to - from;
    if (this.#framing === 'chunked') this.client.sendChunk(memory, from, to, connection);
    else this.client.sendBytes(memory, from, to, connection);
    if (this.#tee !== null) this.#tee.body(memory, from, to);
  }

  onEnd(trailers: string): void {
    this.#upstream = null;
    if (this.#tee !== null) this.#tee.end();
    if (this.#framing === 'chunked') {
      this.client.sendText(lastChunk(this.client.request.head.acceptsTrailers ? trailers : ''));
    }
    this.client.flush();
    this.#finish(this.usedFallback ? FALLBACK : Math.floor(this.#status / 100) - 1);
  }

  afterRead(connection: UpstreamConnection): void {
    this.client.flush();
    if (this.client.isBlocked) connection.pauseReading();
    this.client.progressed();
  }

  /** The client took what was sent to it: the response may go on. */
  clientUnblocked(): void {
    this.#upstream?.resumeReading();
  }

  onFailure(failure: UpstreamFailure, connection: UpstreamConnection): void {
    this.#upstream = null;
    if (failure === 'internal-error') {
      this.#collapse();
    } else if (this.#responseStarted) {
      this.#cut(failure);
    } else if (failure === 'upstream-reset' && this.#mayReplay(connection)) {
      this.#replays += 1;
      this.#held.rewind();
      this.#lease(true);
    } else {
      connection.pool.ejection?.failed();
      this.#tryFailed(failure, connection.pool);
    }
  }

  /** A connection that had served before and died before a response byte was closing already: once more, on a new one. */
  #mayReplay(connection: UpstreamConnection): boolean {
    const { method } = this.client.request;
    return this.#replays < MAX_REPLAYS && connection.uses > 1 && IDEMPOTENT.has(method) && this.#canSendAgain;
  }

  /** Something was sent to this endpoint, and no response began. */
  #tryFailed(failure: ErrorCode, pool: EndpointPool): void {
    this.tried.push(pool);
    if (failure !== 'upstream-bad-response' && this.#mayTryAgain('reset-before-response')) this.#tryAgain();
    else this.failRequest(failure);
  }

  /** No response began in time: this try is given up. */
  #giveUpTry(): void {
    // Of a connection that does not come about the pool will learn by itself.
    this.#upstream?.pool.ejection?.failed();
    const pool = this.#upstream?.pool ?? this.#pool?.cancel(this) ?? null;
    this.#dropUpstream();
    if (pool === null) this.failRequest('upstream-timeout');
    else this.#tryFailed('upstream-timeout', pool);
  }

  onUpgrade(head: ResponseHead, connection: UpstreamConnection, memory: Buffer, from: number, to: number): void {
    if (!this.client.acceptsUpgrade(head)) {
      connection.abandon();
      this.#upstream = null;
      this.#answerError('upstream-bad-response');
      return;
    }
    this.#status = 101;
    this.#responseStarted = true;
    this.#firstByteAt = NEVER;
    this.#routeDeadlineAt = NEVER;
    this.#setDeadline();
    this.client.sendText(responseHead(this, head, false, true));
    this.#switchedAt = performance.now();
    this.#tally.headAtMs = this.#switchedAt;
    const { sweeper, tunnelIdleMs } = this.#plane;
    const ended = (): void => this.#finish(this.usedFallback ? FALLBACK : 0);
    new Tunnel(this.client, connection, this.#tally, sweeper, tunnelIdleMs, ended).start(memory, from, to);
  }

  /** The client left before its answer was whole. */
  clientGone(): void {
    if (!this.isActive) return;
    this.#dropUpstream();
    this.#copies?.abort();
    this.#tally.fault = 'client-gone';
    this.#finish(ABORTED);
  }

  #dropUpstream(): void {
    if (this.#isWaiting) this.#pool?.cancel(this);
    this.#isWaiting = false;
    this.#upstream?.abandon();
    this.#upstream = null;
  }

  /** Something threw in the midst of the walk: nothing is known for sure any more, so nobody is kept waiting. */
  #collapse(): void {
    this.#dropUpstream();
    if (this.isActive) this.#cut('internal-error');
    else this.client.reset();
  }

  faulted(error: unknown): void {
    this.#plane.sweeper.faults.report(error);
    this.#collapse();
  }

  /** The request turned out malformed or too slow while its body came. */
  failRequest(code: ErrorCode): void {
    if (!this.isActive) return;
    this.#dropUpstream();
    if (this.#responseStarted) this.#cut(code);
    else this.#answerError(code);
  }

  /** The answer cannot be completed: the client must see that it is cut (RFC 9112 section 8). */
  #cut(code: ErrorCode): void {
    this.#tally.fault = code;
    this.client.cut();
    this.#finish(4);
  }

  #answerError(code: ErrorCode): void {
    const { status } = ERRORS[code];
    this.#responseStarted = true;
    this.#tally.fault = code;
    this.#tally.ownStatus = status;
    this.#tally.bytesOut += this.client.answerError(code, !this.#hasBody || this.#isRequestDone);
    this.#finish(Math.floor(status / 100) - 1);
  }

  #setDeadline(): void {
    this.deadlineAt = Math.min(this.#firstByteAt, this.#queueUntil, this.#tryUntil, this.#routeDeadlineAt);
  }

  onDeadline(nowMs: number): void {
    if (!this.isActive) return;
    if (this.#routeDeadlineAt <= nowMs) {
      this.failRequest('route-timeout');
    } else if (this.#queueUntil <= nowMs) {
      this.#pool?.cancel(this);
      this.onNoLease('queue-timeout');
    } else if (this.#tryUntil <= nowMs || (this.#firstByteAt <= nowMs && !this.#isTakingBody())) {
      this.#giveUpTry();
    } else {
      this.#setDeadline();
    }
  }

  /** True while the upstream, blocked as it is, has taken some of the body since it was last looked at. */
  #isTakingBody(): boolean {
    const upstream = this.#upstream;
    if (upstream === null || this.#isRequestDone || upstream.unsentBytes >= this.#unsentBytes) return false;
    this.#holdBack(upstream);
    return true;
  }

  /** The one end of every request. `status` is the place in STATUS_LABELS. */
  #finish(status: number): void {
    if (!this.isActive) return;
    this.isActive = false;
    this.deadlineAt = NEVER;
    if (this.#hasBody) this.#held.clear();
    this.#gate.isShut = false;
    this.#tries.end();
    this.#plane.retries.active -= 1;
    this.#record(status);
    if (this.#copies !== null) this.#endCopies(this.#copies);
    this.client.exchangeDone();
  }

  #endCopies(copies: RequestCopies): void {
    this.#copies = null;
    this.#tee = null;
    const isWhole = this.#isRequestDone || !this.#hasBody;
    copies.end(isWhole, this.#hasBody, this.#status > 0 ? (this.#pool as VersionPool).version : null);
  }

  #record(status: number): void {
    if (this.#cell < 0) this.#begin((this.#installed as InstalledSnapshot).refusedCell);
    // What a tunnel lasts says nothing about the version: its time is that until it was switched.
    const endedAt = this.#switchedAt > 0 ? this.#switchedAt : performance.now();
    const micros = (endedAt - this.#startedAt) * 1000;
    this.#plane.requestCells.end(this.#cell, status, micros);
    if (status === FALLBACK && this.helper !== null) this.#plane.fallbackCells.count(this.helper.cell);
    this.#tell(status === FALLBACK);
    this.client.request.isSpent = true;
  }

  /** To the access log and to the ring of decisions, as far as they want it: mostly a comparison or two. */
  #tell(wasFallback: boolean): void {
    const { accessLog, decisions, sweeper } = this.#plane;
    const isDue = decisions.dueAtMs <= sweeper.nowMs && this.#tally.wasDecided;
    if (accessLog === null && !isDue) return;
    const { ownStatus, fault } = this.#tally;
    const status = ownStatus > 0 ? ownStatus : this.#status > 0 ? this.#status : CLIENT_GONE;
    const isLogged = accessLog?.wants(status, wasFallback || fault !== null) === true;
    if (!isLogged && !isDue) return;
    const ended = this.#ended(status);
    if (isLogged) accessLog.record(accessRecord(ended));
    if (!isDue) return;
    const { snapshot } = this.#installed as InstalledSnapshot;
    decisions.add(decisionRecord(ended, snapshot, decisions.cookies), sweeper.nowMs);
  }

  #ended(status: number): EndedRequest {
    return {
      request: this.client.request,
      arm: this.arm,
      decision: this.#run.decision,
      tally: this.#tally,
      version: this.#status > 0 ? (this.#pool as VersionPool).version : null,
      status,
      startedAtMs: this.#startedAt,
      endedAtMs: performance.now(),
    };
  }
}
