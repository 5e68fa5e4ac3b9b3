import type net from 'node:net';
import { DecisionRun } from '../core/splitting/decide.ts';
import { ChunkedDecoder, type ChunkSink } from '../http/chunked.ts';
import { errorAnswer } from '../http/error-page.ts';
import { ProxyHeaderReader } from '../http/proxy-protocol.ts';
import type { ResponseHead } from '../http/response-head.ts';
import { BodyPace } from './body-pace.ts';
import { DownstreamRequest } from './downstream-request.ts';
import { Exchange } from './exchange.ts';
import { ERRORS, type ErrorCode } from './failures.ts';
import { HeadBuffer } from './head-buffer.ts';
import type { InstalledSnapshot } from './installed-snapshot.ts';
import type { ListenerState } from './listener-state.ts';
import type { PlaneContext } from './plane-context.ts';
import { SendPace } from './send-pace.ts';
import type { Timed } from './sweeper.ts';
import type { Tunnel } from './tunnel.ts';
import { WireSocket } from './wire-socket.ts';

const HEAD_END = Buffer.from('\r\n\r\n');
const NEVER = Number.POSITIVE_INFINITY;
/** A request line without its target: the longest method, the version, two blanks. */
const LINE_REST_BYTES = 64;
/** A request body larger than this makes the connection read into a private buffer. */
const BULK_BYTES = 16_384;
/** After a final answer to a request not read whole: what is still read, and how long, so that the answer is not lost to a RST. */
const LINGER_BYTES = 67_108_864;
const LINGER_MS = 2000;
const LINGER_TOTAL_MS = 10_000;
/** So much of what is pipelined is read ahead of its turn: enough to see a client leave that has sent a little too much. */
const AHEAD_BYTES = 16_384;
/** A client that has sent FIN may still be reading; one that has left looks the same. So long it is given the benefit of the doubt. */
const HALF_CLOSED_MS = 900;

/**
 * proxy-header: waiting for what a trusted proxy says first · head: waiting for a request or in the midst of its head · length, chunked: its body · answering: the request is whole, the
 * answer is not · linger: answered before the request was whole, the rest is thrown away · tunnel · closed
 */
type Phase = 'proxy-header' | 'head' | 'length' | 'chunked' | 'answering' | 'linger' | 'tunnel' | 'closed';

/** One client's connection (RFC 9112 section 9): its requests one after another, pipelined ones in order. */
export class DownstreamConnection extends WireSocket implements ChunkSink, Timed {
  deadlineAt = NEVER;
  sweepSlot = -1;
  readonly request: DownstreamRequest;
  readonly isEncrypted = false;
  /** True while the bytes of one read are being worked through: writes wait for its end. */
  isConsuming = false;
  /** The client's address by which the listener counts it; '' while it is not known. */
  countedFor: string;
  readonly #listener: ListenerState;
  readonly #plane: PlaneContext;
  readonly #exchange: Exchange;
  readonly #onClosed: (connection: DownstreamConnection) => void;
  #phase: Phase = 'head';
  #head: HeadBuffer | null = null;
  #decoder: ChunkedDecoder | null = null;
  #stash: Buffer | null = null;
  #remaining = 0;
  #bodyBytes = 0;
  #keepAlive = true;
  #isHalfClosed = false;
  #lingered = 0;
  #lingersUntil = NEVER;
  #proxyHeader: ProxyHeaderReader | null = null;
  /** The one empty line that may stand before a request line has been seen. */
  #hasSkippedLine = false;
  readonly #bodyPace = new BodyPace();
  readonly #sendPace = new SendPace();
  #tunnel: Tunnel | null = null;

  constructor(
    open: (onread: net.OnReadOpts) => net.Socket,
    peer: string,
    isProxied: boolean,
    listener: ListenerState,
    plane: PlaneContext,
    onClosed: (connection: DownstreamConnection) => void,
  ) {
    super(plane.buffers, open);
    this.#listener = listener;
    this.#plane = plane;
    this.#onClosed = onClosed;
    this.request = new DownstreamRequest(listener, peer, plane.requestIds);
    this.#exchange = new Exchange(this, plane, new DecisionRun(plane.random));
    this.countedFor = isProxied ? '' : peer;
    if (isProxied) {
      this.#proxyHeader = new ProxyHeaderReader();
      this.#phase = 'proxy-header';
    }
    this.deadlineAt = plane.sweeper.nowMs + listener.spec.timeouts.headerMs;
    plane.sweeper.watch(this);
    plane.sweeper.watch(this.#exchange);
  }

  get isIdle(): boolean {
    return this.#phase === 'head' && (this.#head === null || this.#head.length === 0);
  }

  /** The client has sent FIN. */
  get hasEnded(): boolean {
    return this.#isHalfClosed;
  }

  get dateLine(): string {
    return this.#plane.sweeper.dateLine;
  }

  // ---- reading ----

  protected override received(memory: Buffer, from: number, to: number): void {
    this.#consume(memory, from, to);
  }

  #consume(memory: Buffer, from: number, to: number): void {
    this.isConsuming = true;
    let at = from;
    while (at < to && !this.isClosed) {
      switch (this.#phase) {
        case 'head':
          // A client that does not read its answers gets no further ones: they would pile up here.
          if (this.isBlocked) {
            this.#keepForLater(memory, at, to);
            at = to;
          } else {
            at = this.#readHead(memory, at, to);
          }
          break;
        case 'length':
          at = this.#readLength(memory, at, to);
          break;
        case 'chunked':
          at = this.#readChunked(memory, at, to);
          break;
        case 'answering':
          this.#keepForLater(memory, at, to);
          at = to;
          break;
        case 'linger':
          this.#discard(to - at);
          at = to;
          break;
        case 'tunnel':
          this.#tunnel?.fromClient(memory, at, to);
          at = to;
          break;
        case 'proxy-header':
          at = this.#readProxyHeader(memory, at, to);
          break;
        case 'closed':
          at = to;
          break;
      }
    }
    this.isConsuming = false;
    this.#exchange.afterClientRead();
    this.flush();
  }

  /**
   * The PROXY protocol forbids guessing whether its header is there: a proxy that is trusted to name its clients must do so
   * on every connection. Whom it names is the peer from here on.
   */
  #readProxyHeader(memory: Buffer, from: number, to: number): number {
    const reader = this.#proxyHeader as ProxyHeaderReader;
    const at = reader.read(memory, from, to);
    if (reader.state === 'open') return to;
    if (reader.state === 'failed') {
      this.#refuse('bad-proxy-header');
      return to;
    }
    const client = reader.connection?.sourceAddress ?? this.request.clientAddress;
    this.#proxyHeader = null;
    if (!this.#listener.admitClient(client)) {
      this.destroy();
      return to;
    }
    this.countedFor = client;
    this.request.comesFrom(client);
    this.#phase = 'head';
    return at;
  }

  /** Returns where the body begins, or `to` when the head is not whole yet. */
  #readHead(memory: Buffer, from: number, to: number): number {
    const held = this.#head;
    if (held !== null && held.length > 0) return this.#readMoreHead(held, memory, from, to);
    let at = from;
    // One empty line before a request line is what some clients send after a body (RFC 9112 2.2).
    if (memory[at] === 13 && to - at >= 2 && memory[at + 1] === 10 && !this.#hasSkippedLine) {
      at += 2;
      this.#hasSkippedLine = true;
    }
    if (at === to) return to;
    const end = memory.indexOf(HEAD_END, at);
    if (end >= 0 && end + 4 <= to) return this.#beginRequest(memory, at, end) ? end + 4 : to;
    this.#holdHead(memory, at, to);
    return to;
  }

  #holdHead(memory: Buffer, from: number, to: number): void {
    this.#head ??= new HeadBuffer();
    this.#head.add(memory, from, to);
    this.#checkPartialHead(this.#head);
    if (this.#phase === 'head') this.deadlineAt = Math.min(this.deadlineAt, this.#headDeadline());
  }

  #headDeadline(): number {
    return this.#plane.sweeper.nowMs + this.#listener.spec.timeouts.headerMs;
  }

  #readMoreHead(held: HeadBuffer, memory: Buffer, from: number, to: number): number {
    const before = held.length;
    held.add(memory, from, to);
    let start = 0;
    if (held.bytes[0] === 13 && held.length >= 2 && held.bytes[1] === 10 && !this.#hasSkippedLine) start = 2;
    const end = held.bytes.subarray(0, held.length).indexOf(HEAD_END, Math.max(start, before - 3));
    if (end < 0) {
      this.#checkPartialHead(held);
      return to;
    }
    const bytes = held.bytes;
    const rest = from + (end + 4 - before);
    this.#head = null;
    return this.#beginRequest(bytes, start, end) ? rest : to;
  }

  /** What can be told from a head that is not whole: too large, or already malformed. */
  #checkPartialHead(held: HeadBuffer): void {
    const { limits } = this.#listener.spec;
    const { bytes, length } = held;
    const lineEnd = bytes.subarray(0, length).indexOf(10, bytes[0] === 13 ? 2 : 0);
    if (lineEnd < 0 && length > limits.targetBytes + LINE_REST_BYTES) this.#refuse('target-too-long');
    else if (length > limits.headerBytes) this.#refuse('head-too-large');
    else if (hasBareLineEnd(bytes, length)) this.#refuse('bad-field');
  }

  /** A head lies at [start, end), `end` at its closing CRLFCRLF. False when the request was refused. */
  #beginRequest(bytes: Buffer, start: number, end: number): boolean {
    const installed = this.#plane.installed;
    const { limits } = this.#listener.spec;
    this.#hasSkippedLine = false;
    if (end + 4 - start > limits.headerBytes) {
      this.#refuse(
        bytes.indexOf(13, start) - start > limits.targetBytes + LINE_REST_BYTES ? 'target-too-long' : 'head-too-large',
      );
      return false;
    }
    const { request } = this;
    const refused = request.read(bytes, start, end + 2, installed) ?? this.#bodyRefusal();
    if (refused !== null) {
      this.#refuse(refused);
      return false;
    }
    if (this.#plane.sweeper.overload.isShedding) this.#shed(installed);
    else this.#startExchange(installed);
    return this.#phase !== 'closed';
  }

  #bodyRefusal(): ErrorCode | null {
    return this.request.head.contentLength > this.#listener.spec.limits.bodyBytes ? 'body-too-large' : null;
  }

  /** Refused for want of capacity; a connection that owes us nothing more may stay, a new one would cost more. */
  #shed(installed: InstalledSnapshot): void {
    const { head } = this.request;
    if (head.isChunked || head.contentLength > 0) {
      this.#refuse('overloaded');
      return;
    }
    this.#keepAlive = head.keepAlive && !this.#listener.isLeaving;
    this.#phase = 'answering';
    this.deadlineAt = NEVER;
    this.#exchange.refuse(installed, 'overloaded', false);
  }

  #startExchange(installed: InstalledSnapshot): void {
    const { head } = this.request;
    this.#keepAlive = head.keepAlive && !this.#listener.isLeaving;
    this.#bodyBytes = 0;
    this.#remaining = head.contentLength;
    const hasBody = head.isChunked || head.contentLength >= 0;
    const isWhole = !head.isChunked && head.contentLength <= 0;
    this.#phase = isWhole ? 'answering' : head.isChunked ? 'chunked' : 'length';
    if (isWhole) this.#awaitAnswer();
    else this.#beginBody();
    if (head.isChunked) {
      this.#decoder ??= new ChunkedDecoder();
      this.#decoder.reset(head.nominated);
    } else if (head.contentLength > BULK_BYTES) {
      this.preferPrivateBuffer();
    }
    this.#exchange.start(installed, hasBody);
    if (isWhole && this.#exchange.isActive) this.#exchange.requestEnd('');
  }

  #readLength(memory: Buffer, at: number, to: number): number {
    const end = Math.min(to, at + this.#remaining);
    this.#remaining -= end - at;
    this.#exchange.requestBody(memory, at, end);
    if (this.#phase !== 'length') return end;
    if (this.#remaining === 0) this.#requestIsWhole('');
    else this.#renewBodyDeadline(end - at);
    return end;
  }

  #readChunked(memory: Buffer, at: number, to: number): number {
    const decoder = this.#decoder as ChunkedDecoder;
    const before = this.#bodyBytes;
    const next = decoder.decode(memory, at, to, this);
    if (this.#phase !== 'chunked') return to;
    if (decoder.state === 'failed') {
      this.#failBody('bad-chunk');
      return to;
    }
    if (decoder.state === 'done') this.#requestIsWhole(decoder.trailers);
    else this.#renewBodyDeadline(this.#bodyBytes - before);
    return next;
  }

  /** ChunkSink: payload of a chunked request. */
  data(bytes: Uint8Array, from: number, to: number): void {
    if (this.#phase !== 'chunked') return;
    this.#bodyBytes += to - from;
    if (this.#bodyBytes > this.#listener.spec.limits.bodyBytes) this.#failBody('body-too-large');
    else this.#exchange.requestBody(bytes as Buffer, from, to);
  }

  #beginBody(): void {
    this.deadlineAt = this.#bodyPace.begin(this.#plane.sweeper.nowMs, this.#listener.spec.timeouts.bodyMs);
  }

  #renewBodyDeadline(bytes: number): void {
    this.deadlineAt = this.#bodyPace.came(bytes, this.#plane.sweeper.nowMs, this.#listener.spec.timeouts.bodyMs);
  }

  /** The request is whole: from here on only a client that leaves, or does not read, is waited for in vain. */
  #awaitAnswer(): void {
    if (this.isBlocked) this.#awaitSending();
    else this.deadlineAt = this.#isHalfClosed ? this.#plane.sweeper.nowMs + HALF_CLOSED_MS : NEVER;
  }

  #requestIsWhole(trailers: string): void {
    this.#phase = 'answering';
    this.#awaitAnswer();
    this.preferSharedBuffer();
    this.resumeReading();
    if (this.#exchange.isActive) this.#exchange.requestEnd(trailers);
  }

  #failBody(code: ErrorCode): void {
    this.#keepAlive = false;
    this.#exchange.failRequest(code);
  }

  /** Pipelined bytes wait for their turn; not many more are read meanwhile. */
  #keepForLater(memory: Buffer, from: number, to: number): void {
    const bytes = Buffer.from(memory.subarray(from, to));
    this.#stash = this.#stash === null ? bytes : Buffer.concat([this.#stash, bytes]);
    if (this.#stash.length >= AHEAD_BYTES) this.pauseReading();
  }

  #discard(bytes: number): void {
    this.#lingered += bytes;
    if (this.#lingered > LINGER_BYTES) this.destroy();
    else this.deadlineAt = Math.min(this.#plane.sweeper.nowMs + LINGER_MS, this.#lingersUntil);
  }

  // ---- answering ----

  /** A malformed or oversized head: answered, counted, and the connection is of no further use. */
  #refuse(code: ErrorCode): void {
    this.#keepAlive = false;
    this.#head = null;
    this.#phase = 'answering';
    this.deadlineAt = NEVER;
    this.#exchange.refuse(this.#plane.installed, code);
  }

  closeAfterAnswer(): void {
    this.#keepAlive = false;
  }

  /** The Connection line of the answer; '' where the version's default says it already (RFC 9112 9.3). */
  connectionLine(): string {
    if (this.#listener.isLeaving) this.#keepAlive = false;
    if (!this.#keepAlive) return 'Connection: close\r\n';
    return this.request.head.minorVersion === 0 ? 'Connection: keep-alive\r\n' : '';
  }

  /** Asks for the body on our own account (RFC 9110 10.1.1). */
  sendContinue(): void {
    this.sendText('HTTP/1.1 100 Continue\r\n\r\n');
    this.flush();
  }

  relayInterim(head: ResponseHead): void {
    if (this.request.head.minorVersion === 0) return;
    this.sendText(
      `HTTP/1.1 ${head.status} ${head.status === 100 ? 'Continue' : head.status === 103 ? 'Early Hints' : ''}\r\n${head.kept}\r\n`,
    );
    this.flush();
  }

  /** Returns the bytes of the answer's body. */
  answerError(code: ErrorCode, isRequestWhole: boolean): number {
    const { status, message } = ERRORS[code];
    if (!isRequestWhole) this.#keepAlive = false;
    if (this.#listener.isLeaving) this.#keepAlive = false;
    const answer = errorAnswer({
      status,
      code,
      message,
      requestId: this.request.requestId,
      accept: this.request.head.firstHeader('accept') ?? '',
      keepAlive: this.#keepAlive,
      head: this.request.method === 'HEAD',
      date: this.dateLine.slice(6, -2),
      ...(status === 405 ? { lines: 'Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n' } : {}),
      ...(status === 503 ? { lines: 'Retry-After: 1\r\n' } : {}),
    });
    this.sendText(answer);
    this.flush();
    return answer.length - answer.indexOf('\r\n\r\n') - 4;
  }

  acceptsUpgrade(head: ResponseHead): boolean {
    return head.upgrade.toLowerCase() === this.request.head.upgrade.toLowerCase() && head.websocketAccept !== '';
  }

  becomeTunnel(tunnel: Tunnel): Buffer | null {
    this.#phase = 'tunnel';
    this.#tunnel = tunnel;
    this.deadlineAt = NEVER;
    const early = this.#stash;
    this.#stash = null;
    return early;
  }

  /** The answer must be seen to be cut: no clean end of any framing. */
  cut(): void {
    this.#keepAlive = false;
    this.#phase = 'closed';
    this.reset();
  }

  /** Bytes were sent to the client. */
  progressed(): void {
    if (this.#phase !== 'answering') return;
    if (this.isBlocked) this.#awaitSending();
    else if (this.#isHalfClosed) this.deadlineAt = this.#plane.sweeper.nowMs + HALF_CLOSED_MS;
  }

  /** The client has yet to take what was sent: it may rest for the longest gap. */
  #awaitSending(): void {
    const { sendMs } = this.#listener.spec.timeouts;
    this.deadlineAt = this.#sendPace.begin(this.unsentBytes, this.#plane.sweeper.nowMs, sendMs);
  }

  /** The tunnel's other side has ended: what it sent is delivered, then the connection ends. */
  endTunnel(): void {
    this.#tunnel = null;
    this.#keepAlive = false;
    this.#endConnection();
  }

  /** The exchange has ended: on to the next request, or to the end of the connection. */
  exchangeDone(): void {
    if (this.#phase === 'tunnel' || this.#phase === 'closed' || this.isClosed) return;
    if (!this.#keepAlive || (this.#isHalfClosed && this.#stash === null)) {
      this.#endConnection();
      return;
    }
    this.#phase = 'head';
    if (this.isBlocked) this.#awaitSending();
    else this.deadlineAt = this.#plane.sweeper.nowMs + this.#listener.spec.timeouts.idleMs;
    if (!this.isConsuming) this.#goOn();
  }

  /** Works through what was pipelined behind the request just answered. */
  #goOn(): void {
    if (this.isBlocked) return;
    const stash = this.#stash;
    if (stash !== null) {
      this.#stash = null;
      this.#consume(stash, 0, stash.length);
    }
    if (this.#stash !== null) return;
    // Its half is closed: the rest of what it sent can never become a request.
    if (this.#isHalfClosed && this.#phase === 'head') this.#endConnection();
    else this.resumeReading();
  }

  #endConnection(): void {
    const wasWhole = this.#phase === 'answering' && this.#stash === null;
    this.#phase = 'linger';
    this.#stash = null;
    this.#head = null;
    this.finish();
    this.#lingersUntil = this.#plane.sweeper.nowMs + LINGER_TOTAL_MS;
    if (this.isBlocked) this.#awaitSending();
    else this.deadlineAt = this.#plane.sweeper.nowMs + LINGER_MS;
    if (wasWhole && this.#isHalfClosed) return;
    this.resumeReading();
  }

  // ---- the socket's own events ----

  protected override ended(): void {
    this.#isHalfClosed = true;
    if (this.#phase === 'tunnel') {
      this.#tunnel?.clientEnded();
    } else if (this.#phase === 'answering') {
      if (!this.isBlocked) this.deadlineAt = this.#plane.sweeper.nowMs + HALF_CLOSED_MS;
    } else if (this.#phase === 'head') {
      // What waits here waits for a client that reads: it gets the answers to all that it asked.
      if (this.#stash === null) this.#endConnection();
    } else if (this.#phase !== 'linger' || !this.isBlocked) {
      this.destroy();
    }
  }

  protected override unblocked(): void {
    if (this.#phase === 'tunnel') {
      this.#tunnel?.clientUnblocked();
    } else if (this.#exchange.isActive) {
      this.#exchange.clientUnblocked();
      if (this.#phase === 'answering') this.#awaitAnswer();
    } else if (this.#phase === 'linger') {
      this.deadlineAt = this.#plane.sweeper.nowMs + LINGER_MS;
    } else if (this.#phase === 'head') {
      this.deadlineAt = this.#plane.sweeper.nowMs + this.#listener.spec.timeouts.idleMs;
      this.#goOn();
    }
  }

  protected override closed(): void {
    const tunnel = this.#tunnel;
    this.#phase = 'closed';
    this.#plane.sweeper.forget(this);
    this.#plane.sweeper.forget(this.#exchange);
    this.#onClosed(this);
    if (tunnel !== null) tunnel.clientClosed();
    this.#exchange.clientGone();
  }

  onDeadline(): void {
    switch (this.#phase) {
      case 'head':
        if (this.isBlocked) this.#cutUnread();
        else if (this.isIdle) this.destroy();
        else this.#refuse('head-timeout');
        break;
      case 'length':
      case 'chunked':
        // Paused by us: the time is not the client's.
        if (this.isReadingPaused) this.#beginBody();
        else this.#failBody('body-timeout');
        break;
      case 'answering':
        if (this.isBlocked) this.#cutUnread();
        else this.reset();
        break;
      case 'linger':
        if (this.isBlocked) this.#cutUnread();
        else this.destroy();
        break;
      default:
        this.destroy();
    }
  }

  /** A client that reads nothing is cut so that it can be seen: what it has is not the whole. */
  #cutUnread(): void {
    const { sendMs } = this.#listener.spec.timeouts;
    const lookAt = this.#sendPace.look(this.unsentBytes, this.#plane.sweeper.nowMs, sendMs);
    if (lookAt === null) this.reset();
    else this.deadlineAt = lookAt;
  }

  override resumeReading(): void {
    // What was missed while we did not read is no fault of the client's.
    if (this.isReadingPaused && (this.#phase === 'length' || this.#phase === 'chunked')) this.#beginBody();
    super.resumeReading();
  }

  faulted(error: unknown): void {
    this.#plane.sweeper.faults.report(error);
    this.#phase = 'closed';
    this.reset();
  }

  /** Stops taking requests: closes at once when idle, else after the answer under way. */
  drain(): void {
    this.#keepAlive = false;
    const isWaiting = this.isIdle || this.#phase === 'proxy-header';
    if (isWaiting && !this.#exchange.isActive) this.#endConnection();
  }
}

/** RFC 9112 2.2: a line ends with CRLF; a bare CR or LF can only be a mistake or an attack, so there is no point in waiting for more. */
function hasBareLineEnd(bytes: Buffer, length: number): boolean {
  for (let at = bytes.indexOf(10); at >= 0 && at < length; at = bytes.indexOf(10, at + 1)) {
    if (at === 0 || bytes[at - 1] !== 13) return true;
  }
  return false;
}
