import { ChunkedDecoder, type ChunkSink } from '../http/chunked.ts';
import { ResponseHead } from '../http/response-head.ts';
import { DISCARD_MS, DiscardedResponse, MAX_DISCARDED_BYTES } from './discarded-response.ts';
import type { EndpointPool } from './endpoint-pool.ts';
import type { UpstreamFailure } from './failures.ts';
import type { ReadBuffers } from './read-buffers.ts';
import type { Sweeper, Timed } from './sweeper.ts';
import { UpstreamSocket } from './upstream-socket.ts';
import { WireSocket } from './wire-socket.ts';

const HEAD_END = Buffer.from('\r\n\r\n');
const MAX_HEAD_BYTES = 65_536;
const MAX_INTERIM = 10;
/** A response larger than this makes the connection read into a private buffer. */
const BULK_BYTES = 16_384;
/** What a tunnel's client sent before it left is still delivered; so long the upstream has to take it. */
const LAST_BYTES_MS = 5000;
/** After a failed write an answer that is there already is read at once; so long is waited for it. */
const LAST_ANSWER_MS = 250;

/** Who waits for a response: an exchange, or a mirror's copy. Calls come in the order of the message. */
export interface ResponseSink {
  /** A 1xx response, other than 101. */
  onInterim(head: ResponseHead): void;
  /** The final response's head. `connection` is still leased. */
  onHead(head: ResponseHead, connection: UpstreamConnection): void;
  /** 101, when the request asked for an upgrade: from here on the connection is a tunnel and the sink owns it. */
  onUpgrade(head: ResponseHead, connection: UpstreamConnection, memory: Buffer, from: number, to: number): void;
  /** Payload [from, to), framing taken off. */
  onBody(memory: Buffer, from: number, to: number, connection: UpstreamConnection): void;
  /** The response is whole; the connection has gone back to its endpoint. `trailers`: field lines, '' for none. */
  onEnd(trailers: string): void;
  /** No more comes. `anyByte`: something of the final response had been passed on. The connection is gone. */
  onFailure(failure: UpstreamFailure, connection: UpstreamConnection): void;
  /** All of one read was handed over: time to flush. */
  afterRead(connection: UpstreamConnection): void;
  /** The upstream took all that was sent: the request body may go on. */
  onUpstreamUnblocked(): void;
}

/** Who owns the connection between responses. */
export interface ConnectionOwner {
  opened(connection: UpstreamConnection): void;
  openFailed(connection: UpstreamConnection, failure: 'connect-refused' | 'connect-timeout'): void;
  /** A response is whole and the connection clean. */
  released(connection: UpstreamConnection): void;
  gone(connection: UpstreamConnection): void;
}

type Phase = 'connecting' | 'idle' | 'head' | 'length' | 'chunked' | 'until-close' | 'tunnel' | 'ending' | 'gone';

/** Bytes of a tunnel, once there is one. */
export interface TunnelEnd {
  fromUpstream(memory: Buffer, from: number, to: number): void;
  upstreamEnded(): void;
  upstreamClosed(): void;
  upstreamUnblocked(): void;
}

/** One connection to an endpoint, one request at a time, never pipelined. */
export class UpstreamConnection extends WireSocket implements ChunkSink, Timed {
  deadlineAt = Number.POSITIVE_INFINITY;
  sweepSlot = -1;
  /** Requests that were sent on it. */
  uses = 0;
  /** `performance.now()` until which it may be used again. */
  usableUntilMs = Number.POSITIVE_INFINITY;
  /** The server's keep-alive hint, less one second; ms. */
  keepAliveHintMs = Number.POSITIVE_INFINITY;
  /** The request was sent whole. */
  isRequestDone = false;
  /** Its place in the owner's list; the owner's own. */
  slot = -1;
  /** Counted as under way: leased to a sink, or being opened for one. */
  isLeased = true;
  readonly pool: EndpointPool;
  readonly #owner: ConnectionOwner;
  readonly #sweeper: Sweeper;
  readonly #head = new ResponseHead();
  readonly #decoder = new ChunkedDecoder();
  #phase: Phase = 'connecting';
  #sink: ResponseSink | null = null;
  #tunnel: TunnelEnd | null = null;
  #method = '';
  #wantsUpgrade = false;
  #remaining = 0;
  #partial: Buffer | null = null;
  #interims = 0;
  #keepAlive = false;
  #bodyBytes = 0;
  #hasWriteFailed = false;

  constructor(
    pool: EndpointPool,
    owner: ConnectionOwner,
    buffers: ReadBuffers,
    sweeper: Sweeper,
    connectTimeoutMs: number,
  ) {
    super(buffers, (onread) => {
      const { socketPath, host, port } = pool.endpoint;
      const target = socketPath !== '' ? { path: socketPath } : { host, port };
      const options = { ...target, noDelay: true, keepAlive: true, autoSelectFamily: true, onread };
      const socket = new UpstreamSocket(options);
      socket.outlivesFailedWrite = () => this.#mayStillAnswer();
      return socket.connect(options);
    });
    this.pool = pool;
    this.#owner = owner;
    this.#sweeper = sweeper;
    this.deadlineAt = performance.now() + connectTimeoutMs;
    sweeper.watch(this);
    this.socket.once('connect', () => {
      try {
        this.#connected();
      } catch (error) {
        this.faulted(error);
      }
    });
  }

  #connected(): void {
    if (this.#phase !== 'connecting') return;
    this.#phase = 'idle';
    this.deadlineAt = Number.POSITIVE_INFINITY;
    this.#owner.opened(this);
  }

  get isIdle(): boolean {
    return this.#phase === 'idle' && this.#sink === null;
  }

  /** Connect timeout, too long idle, or too long over its last bytes. */
  onDeadline(): void {
    if (this.#phase === 'connecting') {
      this.#phase = 'gone';
      this.#owner.openFailed(this, 'connect-timeout');
      this.destroy();
    } else if (this.#hasWriteFailed && this.isReadingPaused) {
      this.deadlineAt = this.#sweeper.nowMs + LAST_ANSWER_MS;
    } else if (this.isIdle || this.#phase === 'ending' || this.#hasWriteFailed) {
      this.destroy();
    } else if (this.#sink instanceof DiscardedResponse) {
      this.abandon();
    }
  }

  /** The rest of the request's body is refused; an answer may have come before the refusal. */
  #mayStillAnswer(): boolean {
    if (this.#sink === null || this.isRequestDone) return false;
    this.#hasWriteFailed = true;
    this.deadlineAt = this.#sweeper.nowMs + LAST_ANSWER_MS;
    return true;
  }

  /** Begins a request: `head` is the whole head with its empty line, perhaps with a small body behind it. */
  begin(sink: ResponseSink, head: string, method: string, wantsUpgrade: boolean): void {
    this.#sink = sink;
    this.#method = method;
    this.#wantsUpgrade = wantsUpgrade;
    this.#phase = 'head';
    this.#interims = 0;
    this.#bodyBytes = 0;
    this.isRequestDone = false;
    this.uses += 1;
    this.deadlineAt = Number.POSITIVE_INFINITY;
    this.sendText(head);
  }

  /** The sink no longer wants its response: the connection is of no use to anybody. */
  abandon(): void {
    this.#sink = null;
    this.#tunnel = null;
    this.#phase = 'gone';
    this.destroy();
  }

  /**
   * The sink no longer wants the response whose head it was just given: the rest is read for nobody, where that is little,
   * so that the connection can be used again.
   */
  discardResponse(head: ResponseHead): void {
    const isBounded = head.isChunked || (head.contentLength >= 0 && head.contentLength <= MAX_DISCARDED_BYTES);
    if (!this.isRequestDone || !isBounded) {
      this.abandon();
      return;
    }
    this.#sink = new DiscardedResponse();
    this.deadlineAt = performance.now() + DISCARD_MS;
  }

  becomeTunnel(end: TunnelEnd): void {
    this.#tunnel = end;
    this.#sink = null;
    this.#phase = 'tunnel';
    // A FIN ends one direction only; Node would answer it with ours.
    this.socket.allowHalfOpen = true;
  }

  /** The tunnel's other side is gone: what it sent is delivered, then the connection ends. */
  endTunnel(): void {
    this.#tunnel = null;
    this.#phase = 'ending';
    this.deadlineAt = this.#sweeper.nowMs + LAST_BYTES_MS;
    this.pauseReading();
    this.flush();
    this.socket.destroySoon();
  }

  faulted(error: unknown): void {
    this.#sweeper.faults.report(error);
    const sink = this.#sink;
    const tunnel = this.#tunnel;
    this.abandon();
    sink?.onFailure('internal-error', this);
    tunnel?.upstreamClosed();
  }

  protected override received(memory: Buffer, from: number, to: number): void {
    if (this.#phase === 'tunnel') {
      this.#tunnel?.fromUpstream(memory, from, to);
      if (to - from <= BULK_BYTES) this.preferSharedBuffer();
      else if (!this.isReadingPaused) this.preferPrivateBuffer();
      return;
    }
    if (this.#phase === 'ending') return;
    const sink = this.#sink;
    if (sink === null) {
      // Nobody asked: a late or forged response must never meet the next request (response queue poisoning).
      this.destroy();
      return;
    }
    if (this.#partial !== null) this.#receivedMore(memory, from, to);
    else this.#consume(memory, from, to);
    if (this.#sink === sink) sink.afterRead(this);
  }

  /** The head came in pieces: it is put together in a copy. */
  #receivedMore(memory: Buffer, from: number, to: number): void {
    const whole = Buffer.concat([this.#partial as Buffer, memory.subarray(from, to)]);
    this.#partial = null;
    this.#consume(whole, 0, whole.length);
  }

  #consume(memory: Buffer, from: number, to: number): void {
    let at = from;
    while (at < to) {
      switch (this.#phase) {
        case 'head':
          at = this.#readHead(memory, at, to);
          break;
        case 'length': {
          const end = Math.min(to, at + this.#remaining);
          this.#remaining -= end - at;
          this.#pass(memory, at, end);
          at = end;
          if (this.#remaining === 0 && this.#phase === 'length') {
            this.#complete('', at < to);
            return;
          }
          break;
        }
        case 'chunked':
          at = this.#decoder.decode(memory, at, to, this);
          if (this.#decoder.state === 'open') break;
          if (this.#decoder.state === 'done') this.#complete(this.#decoder.trailers, at < to);
          else this.#fail('upstream-bad-response');
          return;
        case 'until-close':
          this.#pass(memory, at, to);
          return;
        default:
          return;
      }
    }
  }

  /** ChunkSink: payload of the chunked response. */
  data(bytes: Uint8Array, from: number, to: number): void {
    this.#pass(bytes as Buffer, from, to);
  }

  #pass(memory: Buffer, from: number, to: number): void {
    this.#bodyBytes += to - from;
    this.#sink?.onBody(memory, from, to, this);
  }

  /** Returns where the body begins, or `to` when the head is not whole or nothing more is to be read. */
  #readHead(memory: Buffer, at: number, to: number): number {
    const end = memory.indexOf(HEAD_END, at);
    if (end < 0 || end + 4 > to) {
      if (to - at > MAX_HEAD_BYTES) this.#fail('upstream-bad-response');
      else this.#partial = Buffer.from(memory.subarray(at, to));
      return to;
    }
    const head = this.#head;
    if (end - at > MAX_HEAD_BYTES || !head.parse(memory, at, end + 2)) {
      this.#fail('upstream-bad-response');
      return to;
    }
    if (head.status < 200) return this.#readInterim(head, memory, end + 4, to);
    this.#beginBody(head, end + 4 < to);
    return end + 4;
  }

  #readInterim(head: ResponseHead, memory: Buffer, bodyAt: number, to: number): number {
    if (head.status === 101) {
      if (this.#wantsUpgrade) this.#sink?.onUpgrade(head, this, memory, bodyAt, to);
      else this.#fail('upstream-bad-response');
      return to;
    }
    this.#interims += 1;
    if (this.#interims > MAX_INTERIM || head.contentLength >= 0 || head.isChunked) {
      this.#fail('upstream-bad-response');
      return to;
    }
    this.#sink?.onInterim(head);
    return bodyAt;
  }

  /** RFC 9112 6.3: how long the response is. */
  #beginBody(head: ResponseHead, hasMoreBytes: boolean): void {
    this.#keepAlive = head.keepAlive;
    if (head.keepAliveHintSeconds >= 0) this.keepAliveHintMs = Math.max(0, head.keepAliveHintSeconds - 1) * 1000;
    const hasNoBody = this.#method === 'HEAD' || head.status === 204 || head.status === 304;
    if (hasNoBody) this.#remaining = 0;
    else if (head.isChunked) this.#remaining = -1;
    else this.#remaining = head.contentLength >= 0 ? head.contentLength : -2;
    if (this.#remaining > BULK_BYTES || this.#remaining === -2) this.preferPrivateBuffer();
    this.#sink?.onHead(head, this);
    if (this.#phase !== 'head') return;
    if (this.#remaining === 0) {
      this.#phase = 'length';
      this.#complete('', hasMoreBytes);
    } else if (this.#remaining === -1) {
      this.#decoder.reset(head.nominated);
      this.#phase = 'chunked';
    } else {
      this.#phase = this.#remaining === -2 ? 'until-close' : 'length';
    }
  }

  #complete(trailers: string, hasMoreBytes: boolean): void {
    const sink = this.#sink as ResponseSink;
    this.#sink = null;
    const isClean =
      this.#keepAlive &&
      !this.#hasWriteFailed &&
      this.isRequestDone &&
      !hasMoreBytes &&
      !this.isBlocked &&
      this.#phase !== 'until-close';
    this.#phase = isClean ? 'idle' : 'gone';
    if (this.#bodyBytes > BULK_BYTES) this.preferPrivateBuffer();
    else this.preferSharedBuffer();
    this.resumeReading();
    if (isClean) this.#owner.released(this);
    else this.destroy();
    try {
      sink.onEnd(trailers);
    } catch (error) {
      // This connection is clean and perhaps another's by now: only the one that waited for the end is at fault.
      this.#sweeper.faults.report(error);
      sink.onFailure('internal-error', this);
    }
  }

  #fail(failure: UpstreamFailure): void {
    const sink = this.#sink;
    this.#sink = null;
    this.#phase = 'gone';
    this.destroy();
    try {
      sink?.onFailure(failure, this);
    } catch (error) {
      this.#sweeper.faults.report(error);
      sink?.onFailure('internal-error', this);
    }
  }

  protected override ended(): void {
    if (this.#phase === 'tunnel') this.#tunnel?.upstreamEnded();
    else if (this.#phase === 'until-close') this.#complete('', false);
    else if (this.#sink !== null) this.#fail('upstream-reset');
    else if (this.#phase !== 'ending') this.destroy();
  }

  protected override closed(): void {
    this.#sweeper.forget(this);
    const phase = this.#phase;
    try {
      if (phase === 'connecting') {
        this.#phase = 'gone';
        this.#owner.openFailed(this, 'connect-refused');
      } else if (phase === 'tunnel') {
        this.#tunnel?.upstreamClosed();
      } else if (this.#sink !== null) {
        this.#fail('upstream-reset');
      }
    } finally {
      this.#phase = 'gone';
      this.#owner.gone(this);
    }
  }

  protected override unblocked(): void {
    if (this.#tunnel !== null) this.#tunnel.upstreamUnblocked();
    else this.#sink?.onUpstreamUnblocked();
  }
}
