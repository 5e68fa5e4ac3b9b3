import type { BodyBytes } from '../core/request-view.ts';
import type { DownstreamConnection } from './downstream-connection.ts';
import { HeadBuffer } from './head-buffer.ts';

/** The body of a request that has none. */
const EMPTY: BodyBytes = { bytes: new Uint8Array(0), contentType: '', contentEncoding: '' };
const NOTHING = Buffer.alloc(0);

/** `held`: kept, more is needed · `last`: kept, and now there is enough · `enough`: there is enough, and this piece was not kept. */
export type Taken = 'held' | 'last' | 'enough';

/**
 * Holds a request's body back while the decision waits for it. What it held travels on as it came. A body that comes in one
 * piece is looked at where it lies.
 */
export class BodyGate {
  /** A decision waits. */
  isShut = false;
  readonly #client: DownstreamConnection;
  #limitBytes = 0;
  #held: HeadBuffer | null = null;

  constructor(client: DownstreamConnection) {
    this.#client = client;
  }

  /** A new request. */
  reset(hasBody: boolean): void {
    this.isShut = false;
    this.#held = null;
    this.#client.request.body = hasBody ? 'unread' : EMPTY;
  }

  /** The decision needs a body of at most so many bytes. False: it is larger, which is all that can be known of it. */
  shut(limitBytes: number): boolean {
    const { request } = this.#client;
    const { head } = request;
    if (head.contentLength > limitBytes) {
      request.body = null;
      return false;
    }
    this.isShut = true;
    this.#limitBytes = limitBytes;
    // Nobody else can answer it: there is no version yet that could be asked.
    if (head.expect === 'continue' && head.minorVersion === 1 && head.contentLength !== 0) {
      request.isContinued = true;
      this.#client.sendContinue();
    }
    return true;
  }

  /** The next piece of the body. Once there is enough, the request's body is set and the gate is open. */
  take(memory: Buffer, from: number, to: number): Taken {
    const { request } = this.#client;
    const { contentLength } = request.head;
    const bytes = (this.#held?.length ?? 0) + to - from;
    if (bytes > this.#limitBytes) {
      this.isShut = false;
      request.body = null;
      return 'enough';
    }
    if (bytes === contentLength && this.#held === null) {
      this.#open(memory.subarray(from, to));
      return 'enough';
    }
    this.#held ??= new HeadBuffer();
    this.#held.add(memory, from, to);
    if (bytes !== contentLength) return 'held';
    this.#open(this.#heldBytes());
    return 'last';
  }

  /** The request is whole. */
  end(): void {
    if (this.isShut) this.#open(this.#heldBytes());
  }

  /** What was held: from now on the caller's. */
  release(): Buffer {
    const bytes = this.#heldBytes();
    this.#held = null;
    return bytes;
  }

  #heldBytes(): Buffer {
    const held = this.#held;
    return held === null ? NOTHING : held.bytes.subarray(0, held.length);
  }

  #open(bytes: Uint8Array): void {
    const { request } = this.#client;
    const { head } = request;
    this.isShut = false;
    request.body = {
      bytes,
      contentType: head.firstHeader('content-type') ?? '',
      contentEncoding: head.header('content-encoding') ?? '',
    };
  }
}
