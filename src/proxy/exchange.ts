import { type DecisionRun, decide } from '../core/splitting/decide.ts';
import { lastChunk } from '../http/chunk-frame.ts';
import type { ResponseHead } from '../http/response-head.ts';
import { ABORTED, FALLBACK } from '../telemetry/request-cells.ts';
import type { DownstreamConnection } from './downstream-connection.ts';
import type { EndpointPool } from './endpoint-pool.ts';
import { ERRORS, type ErrorCode, type LeaseFailure, type UpstreamFailure } from './failures.ts';
import { requestHead, responseHead } from './head-writer.ts';
import type { ArmRuntime, InstalledSnapshot } from './installed-snapshot.ts';
import type { MirrorCopy } from './mirror-copy.ts';
import { prepareCopies } from './mirror-dispatch.ts';
import type { PlaneContext } from './plane-context.ts';
import type { Timed } from './sweeper.ts';
import { Tunnel } from './tunnel.ts';
import type { ResponseSink, UpstreamConnection } from './upstream-connection.ts';
import type { LeaseWaiter, VersionPool } from './version-pool.ts';

const NEVER = Number.POSITIVE_INFINITY;
/** RFC 9110 9.2.2. */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'TRACE']);
const NO_COPIES: readonly MirrorCopy[] = [];
/** Body bytes held while there is no upstream connection yet; the client is paused beyond. */
const MAX_HELD_BYTES = 65_536;

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
  usedFallback = false;
  readonly client: DownstreamConnection;
  readonly #plane: PlaneContext;
  readonly #run: DecisionRun;
  #installed: InstalledSnapshot | null = null;
  #startedAt = 0;
  #cell = 0;
  #pool: VersionPool | null = null;
  #upstream: UpstreamConnection | null = null;
  #isWaiting = false;
  #tried: EndpointPool[] = [];
  #lastFailure: ErrorCode = 'no-endpoint';
  #copies: readonly MirrorCopy[] = NO_COPIES;
  #held: Buffer[] = [];
  #heldBytes = 0;
  #hasBody = false;
  #isRequestDone = false;
  #requestTrailers = '';
  #bodyWasSent = false;
  #replays = 0;
  #framing: ResponseFraming = 'none';
  #responseStarted = false;
  #status = 0;
  #firstByteAt = NEVER;
  #queueUntil = NEVER;
  #routeDeadlineAt = NEVER;
  /** What a blocked upstream had not taken when last looked at. */
  #unsentBytes = 0;
  /** When the request became a tunnel; 0 unless it did. */
  #switchedAt = 0;

  constructor(client: DownstreamConnection, plane: PlaneContext, run: DecisionRun) {
    this.client = client;
    this.#plane = plane;
    this.#run = run;
  }

  /** The id to set as the visitor's cookie, whoever asked for a key: the split, a condition or a mirror's sample. */
  get visitorId(): string | null {
    return this.#run.decision.mintedVisitor;
  }

  /** The client's request head has been read and is well-formed. Its body follows by `requestBody` and `requestEnd`. */
  start(installed: InstalledSnapshot, hasBody: boolean): void {
    this.#reset(installed, hasBody);
    this.#run.begin(this.client.request);
    const result = decide(installed.snapshot, this.#run);
    if (result === 'decided') this.#decided();
    else this.#answerError(result === 'no-route' ? 'no-route' : 'internal-error');
  }

  /** Counts and answers a request that was refused before routing. `hasMore`: its body may follow, or nobody knows. */
  refuse(installed: InstalledSnapshot, code: ErrorCode, hasMore = true): void {
    this.#reset(installed, hasMore);
    this.#answerError(code);
  }

  #reset(installed: InstalledSnapshot, hasBody: boolean): void {
    this.isActive = true;
    this.arm = null;
    this.usedFallback = false;
    this.#installed = installed;
    this.#startedAt = performance.now();
    this.#pool = null;
    this.#upstream = null;
    this.#isWaiting = false;
    if (this.#tried.length > 0) this.#tried = [];
    this.#copies = NO_COPIES;
    this.#hasBody = hasBody;
    this.#isRequestDone = false;
    this.#requestTrailers = '';
    this.#bodyWasSent = false;
    this.#replays = 0;
    this.#responseStarted = false;
    this.#status = 0;
    this.#firstByteAt = NEVER;
    this.#queueUntil = NEVER;
    this.#routeDeadlineAt = NEVER;
    this.#cell = -1;
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
    if (!arm.pool.hasUsableEndpoint && arm.fallback?.pool.hasUsableEndpoint === true) this.#fallBack();
    if (arm.mirrors.length > 0) {
      const answering = this.usedFallback ? arm.fallback?.version : arm.arm.version;
      this.#copies = prepareCopies(arm, answering ?? arm.arm.version, this.client.request, this.#run, this.#plane);
    }
    this.#lease(false);
  }

  #begin(cell: number): void {
    this.#cell = cell;
    this.#plane.requestCells.begin(cell);
  }

  #fallBack(): void {
    const fallback = (this.arm as ArmRuntime).fallback;
    if (fallback === null) return;
    this.usedFallback = true;
    this.#pool = fallback.pool;
    this.#tried = [];
  }

  #lease(fresh: boolean): void {
    this.#isWaiting = true;
    const pool = this.#pool as VersionPool;
    const start = pool.lease(this, this.#tried, this.#run.decision.key ?? null, fresh);
    if (start === 'queued') this.#queueUntil = performance.now() + pool.pendingTimeoutMs;
    if (start === 'queued' || start === 'opening') this.#setDeadline();
  }

  onLease(connection: UpstreamConnection): void {
    this.#isWaiting = false;
    this.#queueUntil = NEVER;
    this.#upstream = connection;
    const { request } = this.client;
    const wantsUpgrade = this.client.request.wantsUpgrade;
    connection.begin(this, requestHead(this, this.#hasBody), request.method, wantsUpgrade);
    this.#firstByteAt = this.#plane.sweeper.nowMs + (this.#pool as VersionPool).firstByteMs;
    this.#setDeadline();
    if (!this.#hasBody) {
      connection.isRequestDone = true;
    } else if (this.#heldBytes > 0 || this.#isRequestDone) {
      this.#sendHeld(connection);
    }
    if (!this.client.isConsuming) {
      connection.flush();
      if (!this.#isRequestDone) this.client.resumeReading();
    }
  }

  #sendHeld(connection: UpstreamConnection): void {
    const held = this.#held;
    this.#held = [];
    this.#heldBytes = 0;
    for (const piece of held) this.#sendBody(connection, piece, 0, piece.length);
    if (this.#isRequestDone) this.#sendRequestEnd(connection);
  }

  #sendBody(connection: UpstreamConnection, memory: Buffer, from: number, to: number): void {
    this.#bodyWasSent = true;
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
    for (const copy of this.#copies) copy.addBody(memory, from, to);
    if (!this.isActive) return;
    const upstream = this.#upstream;
    if (upstream !== null) {
      this.#sendBody(upstream, memory, from, to);
      if (!this.#responseStarted) this.#firstByteAt = NEVER;
      return;
    }
    this.#held.push(Buffer.from(memory.subarray(from, to)));
    this.#heldBytes += to - from;
    if (this.#heldBytes >= MAX_HELD_BYTES) this.client.pauseReading();
  }

  /** The request is whole. `trailers`: checked field lines, '' for none. */
  requestEnd(trailers: string): void {
    this.#isRequestDone = true;
    this.#requestTrailers = trailers;
    if (this.isActive && this.#hasBody && this.#upstream !== null) this.#sendRequestEnd(this.#upstream);
  }

  /** All of one read from the client was handed over. */
  afterClientRead(): void {
    const upstream = this.#upstream;
    if (upstream !== null) {
      upstream.flush();
      if (upstream.isBlocked && !this.#isRequestDone) this.#holdBack(upstream);
    }
    // Copies leave after the primary's bytes, never before.
    if (this.#isRequestDone) this.#launchCopies();
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
    this.#tried.push(pool);
    if (!(this.#pool as VersionPool).isExhausted(this.#tried)) this.#lease(false);
    else this.#noUpstream(failure);
  }

  onNoLease(failure: LeaseFailure): void {
    this.#isWaiting = false;
    this.#noUpstream(failure === 'no-endpoint' && this.#tried.length > 0 ? this.#lastFailure : failure);
  }

  /** Nothing was sent to the version meant: the fallback takes the same request, whatever its method. */
  #noUpstream(failure: ErrorCode): void {
    const fallback = (this.arm as ArmRuntime).fallback;
    if (!this.usedFallback && fallback?.pool.hasUsableEndpoint === true && failure !== 'queue-full') {
      this.#fallBack();
      this.#lease(false);
    } else {
      this.#answerError(failure);
    }
  }

  onInterim(head: ResponseHead): void {
    this.#firstByteAt = performance.now() + (this.#pool as VersionPool).firstByteMs;
    this.client.relayInterim(head);
  }

  onHead(head: ResponseHead, connection: UpstreamConnection): void {
    this.#firstByteAt = NEVER;
    this.#setDeadline();
    this.#status = head.status;
    this.#responseStarted = true;
    if (!this.#isRequestDone) this.client.closeAfterAnswer();
    const hasNoBody = this.client.request.method === 'HEAD' || head.status === 204 || head.status === 304;
    if (hasNoBody) this.#framing = 'none';
    else if (head.contentLength >= 0) this.#framing = 'length';
    else if (this.client.request.head.minorVersion === 1) this.#framing = 'chunked';
    else this.#framing = 'close';
    if (this.#framing === 'close') this.client.closeAfterAnswer();
    this.client.sendText(responseHead(this, head, this.#framing === 'chunked', hasNoBody));
    void connection;
  }

  onBody(memory: Buffer, from: number, to: number, connection: UpstreamConnection): void {
    if (this.#framing === 'chunked') this.client.sendChunk(memory, from, to, connection);
    else this.client.sendBytes(memory, from, to, connection);
  }

  onEnd(trailers: string): void {
    this.#upstream = null;
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
      this.#cut();
    } else if (failure === 'upstream-reset' && this.#mayReplay(connection)) {
      this.#replays += 1;
      this.#lease(true);
    } else {
      this.#answerError(failure);
    }
  }

  /** A connection that had served before and died before a response byte was closing already: once more, on a new one. */
  #mayReplay(connection: UpstreamConnection): boolean {
    const { request } = this.client;
    return (
      this.#replays === 0 &&
      connection.uses > 1 &&
      !this.#bodyWasSent &&
      !this.#hasBody &&
      IDEMPOTENT.has(request.method)
    );
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
    const { sweeper, tunnelIdleMs } = this.#plane;
    const ended = (): void => this.#finish(this.usedFallback ? FALLBACK : 0);
    new Tunnel(this.client, connection, sweeper, tunnelIdleMs, ended).start(memory, from, to);
  }

  /** The client left before its answer was whole. */
  clientGone(): void {
    if (!this.isActive) return;
    this.#dropUpstream();
    for (const copy of this.#copies) copy.drop('client-abort');
    this.#copies = NO_COPIES;
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
    if (this.isActive) this.#cut();
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
    if (this.#responseStarted) this.#cut();
    else this.#answerError(code);
  }

  /** The answer cannot be completed: the client must see that it is cut (RFC 9112 section 8). */
  #cut(): void {
    this.client.cut();
    this.#finish(4);
  }

  #answerError(code: ErrorCode): void {
    for (const copy of this.#copies) if (!this.#isRequestDone && this.#hasBody) copy.drop('client-abort');
    const { status } = ERRORS[code];
    this.#responseStarted = true;
    this.client.answerError(code, !this.#hasBody || this.#isRequestDone);
    this.#finish(Math.floor(status / 100) - 1);
  }

  #setDeadline(): void {
    this.deadlineAt = Math.min(this.#firstByteAt, this.#queueUntil, this.#routeDeadlineAt);
  }

  onDeadline(nowMs: number): void {
    if (!this.isActive) return;
    if (this.#routeDeadlineAt <= nowMs) {
      this.failRequest('route-timeout');
    } else if (this.#queueUntil <= nowMs) {
      this.#pool?.cancel(this);
      this.onNoLease('queue-timeout');
    } else if (this.#firstByteAt <= nowMs && !this.#isTakingBody()) {
      this.failRequest('upstream-timeout');
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
    this.#held = [];
    this.#heldBytes = 0;
    this.#record(status);
    if (this.#isRequestDone || !this.#hasBody) this.#launchCopies();
    this.client.exchangeDone();
  }

  #launchCopies(): void {
    if (this.#copies === NO_COPIES) return;
    for (const copy of this.#copies) copy.send(this.#hasBody);
    this.#copies = NO_COPIES;
  }

  #record(status: number): void {
    if (this.#cell < 0) this.#begin((this.#installed as InstalledSnapshot).refusedCell);
    // What a tunnel lasts says nothing about the version: its time is that until it was switched.
    const endedAt = this.#switchedAt > 0 ? this.#switchedAt : performance.now();
    const micros = (endedAt - this.#startedAt) * 1000;
    this.#plane.requestCells.end(this.#cell, status, micros);
    if (status === FALLBACK) {
      const fallback = this.arm?.fallback;
      if (fallback) this.#plane.fallbackCells.count(fallback.cell);
    }
  }
}
