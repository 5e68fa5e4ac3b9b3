import type net from 'node:net';
import { HEADROOM_BYTES, type ReadBuffer, type ReadBuffers } from './read-buffers.ts';

/** Below this a body piece is worth copying into the head's string, for one write in all. */
const TEXT_BYTES = 8192;
/** Node encodes strings under 16 KiB on the stack and writes them at once. */
const MAX_TEXT = 15_000;
const CRLF_BYTES = 2;

/**
 * A TCP or Unix socket as both sides of the proxy use it: reads come straight from the kernel into a shared or private buffer
 * (net's `onread`), and what is written during one read leaves in as few writes as possible.
 */
export abstract class WireSocket {
  readonly socket: net.Socket;
  /** True while bytes written wait for the other side to take them; the source should pause. */
  isBlocked = false;
  isClosed = false;
  protected readonly buffers: ReadBuffers;
  #current: ReadBuffer;
  #next: Buffer | undefined;
  /** The private buffer is in use by a stalled side. Another is taken when reading goes on, not before: it would lie idle. */
  #isBufferOwed = false;
  #isReading = true;
  #pinned: ReadBuffer[] = [];
  #out = '';
  readonly #onWritten = (): void => {
    try {
      this.#written();
    } catch (error) {
      this.faulted(error);
    }
  };

  /** `open` makes the socket with the `onread` option handed in; the first buffer is the shared one. */
  constructor(buffers: ReadBuffers, open: (onread: net.OnReadOpts) => net.Socket) {
    this.buffers = buffers;
    this.#current = buffers.shared;
    this.#next = buffers.shared.view;
    this.socket = open({
      // Node asks after every read and keeps the old buffer when it gets none.
      buffer: () => {
        if (this.#isBufferOwed && this.#isReading) this.preferPrivateBuffer();
        const next = this.#next;
        this.#next = undefined;
        return next as Buffer;
      },
      callback: (count: number) => {
        try {
          this.received(this.#current.memory, HEADROOM_BYTES, HEADROOM_BYTES + count);
        } catch (error) {
          this.faulted(error);
        }
        return true;
      },
    });
    this.socket.on('error', () => undefined);
    this.socket.on('end', () => this.#guard(() => this.ended()));
    this.socket.on('close', () => this.#guard(() => this.#closed()));
    this.socket.on('drain', this.#onWritten);
  }

  /** Bytes [from, to) of `memory` have come. They are gone when this returns, unless the buffer was pinned by `sendBytes`. */
  protected abstract received(memory: Buffer, from: number, to: number): void;
  /** The peer sent FIN. */
  protected abstract ended(): void;
  protected abstract closed(): void;
  /** Everything written was taken; the source may go on. */
  protected abstract unblocked(): void;
  /** Its own code, or that of whom it talks to, threw: reports it and ends the connection, so that nobody waits for it in vain. */
  abstract faulted(error: unknown): void;

  #guard(step: () => void): void {
    try {
      step();
    } catch (error) {
      this.faulted(error);
    }
  }

  /** Reads into a private buffer from the next read on: a large body is under way. */
  protected preferPrivateBuffer(): void {
    if (!this.#current.isShared) return;
    this.#useBuffer(this.buffers.take());
  }

  /** Back to the shared buffer: only small things are expected now. */
  protected preferSharedBuffer(): void {
    this.#isBufferOwed = false;
    if (this.#current.isShared) return;
    this.buffers.give(this.#current);
    this.#useBuffer(this.buffers.shared);
  }

  #useBuffer(buffer: ReadBuffer): void {
    this.#isBufferOwed = false;
    this.#current = buffer;
    this.#next = buffer.view;
  }

  /** Adds text (a byte string) to what leaves with the next `flush`. */
  sendText(text: string): void {
    this.#out += text;
    if (this.#out.length > MAX_TEXT) this.flush();
  }

  /**
   * Adds bytes [from, to) of the memory that `source` read into. Small pieces are copied; large ones leave at once, together
   * with what was added before, from where they lie: `source` gets another buffer if the kernel does not take them all.
   */
  sendBytes(memory: Buffer, from: number, to: number, source: WireSocket): void {
    if (to - from <= TEXT_BYTES) {
      this.sendText(memory.toString('latin1', from, to));
      return;
    }
    const head = this.#out;
    this.#out = '';
    if (memory === source.#current.memory && !source.#current.isShared && head.length <= HEADROOM_BYTES) {
      const start = from - head.length;
      if (head.length > 0) memory.write(head, start, 'latin1');
      this.#writeBytes(memory.subarray(start, to));
      if (this.socket.writableLength > 0) {
        this.isBlocked = true;
        source.#pinTo(this);
      }
      return;
    }
    this.#sendCopy(head, memory, from, to);
  }

  /** One chunk (RFC 9112 7.1) with the payload [from, to). */
  sendChunk(memory: Buffer, from: number, to: number, source: WireSocket): void {
    this.sendText(`${(to - from).toString(16)}\r\n`);
    // Its own CRLF, when it came in the same read, travels on with it. It is never written there: the decoder has yet to check it.
    if (memory[to] === 13 && memory[to + 1] === 10) {
      this.sendBytes(memory, from, to + CRLF_BYTES, source);
      return;
    }
    this.sendBytes(memory, from, to, source);
    this.sendText('\r\n');
  }

  #sendCopy(head: string, memory: Buffer, from: number, to: number): void {
    const copy = Buffer.allocUnsafe(head.length + to - from);
    copy.write(head, 0, 'latin1');
    memory.copy(copy, head.length, from, to);
    this.#writeBytes(copy);
    if (this.socket.writableLength > 0) this.isBlocked = true;
  }

  #writeBytes(bytes: Buffer): void {
    if (!this.isClosed) this.socket.write(bytes, this.#onWritten);
  }

  /** `sink` still writes from our current buffer: it keeps it until all is written, we go on with another. */
  #pinTo(sink: WireSocket): void {
    sink.#pinned.push(this.#current);
    this.#useBuffer(this.buffers.shared);
    this.#isBufferOwed = true;
  }

  /** Hands everything added so far to the kernel. */
  flush(): void {
    if (this.#out === '') return;
    const text = this.#out;
    this.#out = '';
    if (this.isClosed) return;
    if (!this.socket.write(text, 'latin1')) this.isBlocked = true;
  }

  #written(): void {
    if (this.socket.writableLength > 0) return;
    for (const buffer of this.#pinned) this.buffers.give(buffer);
    this.#pinned.length = 0;
    if (!this.isBlocked) return;
    this.isBlocked = false;
    if (!this.isClosed) this.unblocked();
  }

  /** Bytes that the kernel has not taken yet. Falls in the midst of one write too, where Node's insides let it be seen. */
  get unsentBytes(): number {
    const { _handle: handle } = this.socket as unknown as { _handle: { writeQueueSize?: number } | null };
    return handle?.writeQueueSize ?? this.socket.writableLength;
  }

  get isReadingPaused(): boolean {
    return !this.#isReading;
  }

  pauseReading(): void {
    if (!this.#isReading) return;
    this.#isReading = false;
    this.socket.pause();
  }

  resumeReading(): void {
    if (this.#isReading || this.isClosed) return;
    this.#isReading = true;
    this.socket.resume();
  }

  /** Sends what is there, then FIN. */
  finish(): void {
    this.flush();
    this.socket.end();
  }

  /** Gone at once, nothing more is sent. */
  destroy(): void {
    this.socket.destroy();
  }

  /** Sends RST instead of FIN, so that a cut message can never pass for a whole one. */
  reset(): void {
    this.#out = '';
    this.socket.resetAndDestroy();
  }

  #closed(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    // The handle is closed: the kernel writes from none of them any more.
    for (const buffer of this.#pinned) this.buffers.give(buffer);
    this.#pinned.length = 0;
    this.buffers.give(this.#current);
    this.#current = this.buffers.shared;
    this.closed();
  }
}
