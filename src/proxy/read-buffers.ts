/** Room before the bytes read, where a new head or a chunk header is put so that head and body leave in one write. */
export const HEADROOM_BYTES = 4096;
/** Bytes one read can bring; also the most that is held for one stalled side. */
const READ_BYTES = 65_536;
/** Room behind the bytes read, so that looking for the CRLF behind a chunk never leaves the memory. */
const TAILROOM_BYTES = 2;
const MAX_FREE = 64;

/** A piece of memory that a socket reads into: `view` is what the kernel fills, `memory` has room around it. */
export interface ReadBuffer {
  readonly memory: Buffer;
  readonly view: Buffer;
  readonly isShared: boolean;
}

function newReadBuffer(isShared: boolean): ReadBuffer {
  const memory = Buffer.allocUnsafeSlow(HEADROOM_BYTES + READ_BYTES + TAILROOM_BYTES);
  return { memory, view: memory.subarray(HEADROOM_BYTES, HEADROOM_BYTES + READ_BYTES), isShared };
}

/**
 * Where sockets read to. Most messages are small and leave at once, so all sockets of a worker share one buffer. A socket
 * with a large body under way gets a private one: its bytes may then stay where they are until the other side took them.
 */
export class ReadBuffers {
  readonly shared: ReadBuffer = newReadBuffer(true);
  /** Private buffers taken and not given back. */
  lent = 0;
  readonly #free: ReadBuffer[] = [];

  take(): ReadBuffer {
    this.lent += 1;
    return this.#free.pop() ?? newReadBuffer(false);
  }

  give(buffer: ReadBuffer): void {
    if (buffer.isShared) return;
    this.lent -= 1;
    if (this.#free.length < MAX_FREE) this.#free.push(buffer);
  }
}
