import fs from 'node:fs';

export interface LineWriterOptions {
  /** A file's path; or the number of a descriptor that others opened, which is never closed here. */
  readonly to: string | number;
  /** For messages: `access log /var/log/edge.jsonl`. */
  readonly name: string;
  /** Told once an outage, never once a line. */
  readonly notify: (level: 'warning' | 'info', text: string) => void;
  /** Until `release` lines are kept and not written. */
  readonly isHeld?: boolean;
  /** Bytes that may wait for the disk or the reader; beyond, lines are dropped. */
  readonly maxWaitingBytes?: number;
}

/** Lines to be written at once, in a buffer that is used again: strings that wait would cost the collector dear. */
interface Chunk {
  readonly bytes: Buffer;
  /** Where what is still to be written begins and ends. */
  from: number;
  to: number;
  lines: number;
}

const MAX_WAITING_BYTES = 4_194_304;
const FILE_CHUNK_BYTES = 65_536;
/** Chunks kept to be used again. */
const SPARE_CHUNKS = 4;
/** What a pipe takes whole or not at all, so that several processes may write to one. */
const PIPE_CHUNK_BYTES = 4096;
const FLUSH_AFTER_MS = 100;
/** How often a path is looked at: renamed files are let go of, failed ones tried again. */
const LOOK_EVERY_MS = 1000;
/** After a full pipe: the first pause, and the longest that it grows to while the reader takes nothing. */
const BUSY_PAUSE_MS = 1;
const LONGEST_BUSY_PAUSE_MS = 32;
const CLOSE_TIMEOUT_MS = 1000;
/** A reader that is forever too slow is not complained about forever. */
const QUIET_MS = 60_000;

/**
 * Appends lines of ASCII to a file or a descriptor, off the event loop and in batches: one write a batch, cut at line ends.
 * Whatever becomes of the disk, a call costs the same, memory is bounded, and lines that had to be dropped are counted.
 */
export class LineWriter {
  /** Lines that were never written. */
  dropped = 0;
  readonly #to: string | number;
  readonly #name: string;
  readonly #notify: LineWriterOptions['notify'];
  readonly #maxWaitingBytes: number;
  readonly #chunkBytes: number;
  readonly #watch: NodeJS.Timeout | null;
  #fd: number;
  /** Opened anew, to be used from the next chunk on; -1: none. */
  #nextFd = -1;
  #inode = '';
  #isMissing = false;
  #isOpening = false;
  #isWriting = false;
  /** Part of the first chunk is written: the rest belongs into the same file. */
  #isMidChunk = false;
  #isHeld: boolean;
  /** The reader is gone for good. */
  #isBroken = false;
  #isClosing = false;
  #isClosed = false;
  #filling: Chunk | null = null;
  /** All of them full but the last one, however long they wait. */
  readonly #queue: Chunk[] = [];
  readonly #spare: Chunk[] = [];
  #waitingBytes = 0;
  #timer: NodeJS.Timeout | null = null;
  #pause: NodeJS.Timeout | null = null;
  #busyPauseMs = BUSY_PAUSE_MS;
  #fault = '';
  #droppedBefore = 0;
  readonly #saidAtMs = new Map<string, number>();
  #hasWarned = false;
  #whenEmpty: (() => void) | null = null;

  constructor(options: LineWriterOptions) {
    const { to } = options;
    this.#to = to;
    this.#name = options.name;
    this.#notify = options.notify;
    this.#isHeld = options.isHeld ?? false;
    this.#maxWaitingBytes = options.maxWaitingBytes ?? MAX_WAITING_BYTES;
    this.#chunkBytes = typeof to === 'string' ? FILE_CHUNK_BYTES : PIPE_CHUNK_BYTES;
    this.#fd = typeof to === 'string' ? -1 : to;
    this.#watch = typeof to === 'string' ? setInterval(() => this.#look(), LOOK_EVERY_MS).unref() : null;
    if (typeof to === 'string') this.reopen();
  }

  /** `line` is ASCII and ends with its line end. */
  write(line: string): void {
    if (this.#isBroken || this.#isClosing || this.#waitingBytes + line.length > this.#maxWaitingBytes) {
      this.#drop(1);
      return;
    }
    this.#waitingBytes += line.length;
    const chunk = this.#chunkFor(line.length);
    chunk.bytes.write(line, chunk.to, 'latin1');
    chunk.to += line.length;
    chunk.lines += 1;
    this.#timer ??= setTimeout(() => this.#onTimer(), FLUSH_AFTER_MS).unref();
  }

  #chunkFor(length: number): Chunk {
    const current = this.#filling;
    if (current !== null && current.to + length <= current.bytes.length) return current;
    this.#flush();
    const size = Math.max(length, this.#chunkBytes);
    const spare = size === this.#chunkBytes ? this.#spare.pop() : undefined;
    this.#filling = spare ?? { bytes: Buffer.allocUnsafeSlow(size), from: 0, to: 0, lines: 0 };
    return this.#filling;
  }

  /** Ends the holding back of `isHeld`. */
  release(): void {
    this.#isHeld = false;
    this.#pump();
  }

  /** Opens the path again: whoever rotates files has put another one there. */
  reopen(): void {
    const to = this.#to;
    if (typeof to !== 'string' || this.#isOpening || this.#isClosing) return;
    this.#isOpening = true;
    fs.open(to, 'a', 0o640, (error, fd) => {
      if (error !== null) return this.#opened(error, -1, '');
      fs.fstat(fd, (statError, stats) => this.#opened(null, fd, statError === null ? inodeOf(stats) : ''));
    });
  }

  /** Writes what waits, as far as that is possible within a second, and lets go of the file. */
  async close(): Promise<void> {
    if (this.#isClosing) return;
    this.#flush();
    this.release();
    this.#isClosing = true;
    if (this.#watch !== null) clearInterval(this.#watch);
    if (this.#waitingBytes > 0 && !this.#isBroken) await this.#emptied();
    this.#isClosed = true;
    this.#dropWaiting();
    for (const timer of [this.#timer, this.#pause]) if (timer !== null) clearTimeout(timer);
    // A write that hangs still has the descriptor: closing it could hit another file of that number.
    if (typeof this.#to === 'string' && !this.#isWriting) for (const fd of [this.#fd, this.#nextFd]) closeQuietly(fd);
  }

  #emptied(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, CLOSE_TIMEOUT_MS);
      this.#whenEmpty = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** What waits behind other chunks goes on filling: memory is bounded by bytes, not by buffers. */
  #onTimer(): void {
    this.#timer = null;
    if (this.#queue.length === 0) this.#flush();
    else this.#timer = setTimeout(() => this.#onTimer(), FLUSH_AFTER_MS).unref();
  }

  #flush(): void {
    if (this.#filling === null) return;
    this.#queue.push(this.#filling);
    this.#filling = null;
    this.#pump();
  }

  #pump(): void {
    const chunk = this.#queue[0];
    if (chunk === undefined || this.#isWriting || this.#isHeld || this.#fd < 0 || this.#pause !== null) return;
    this.#isWriting = true;
    const { bytes, from, to } = chunk;
    fs.write(this.#fd, bytes, from, to - from, null, (error, written) => this.#written(error, written, chunk));
  }

  #written(error: NodeJS.ErrnoException | null, written: number, chunk: Chunk): void {
    this.#isWriting = false;
    if (error !== null) {
      this.#failed(error.code ?? error.message);
    } else {
      this.#waitingBytes -= written;
      this.#busyPauseMs = BUSY_PAUSE_MS;
      chunk.from += written;
      this.#isMidChunk = chunk.from < chunk.to;
      if (!this.#isMidChunk) this.#chunkDone(chunk);
    }
    this.#pump();
  }

  #chunkDone(chunk: Chunk): void {
    this.#queue.shift();
    if (this.#spare.length < SPARE_CHUNKS && chunk.bytes.length === this.#chunkBytes) {
      this.#spare.push(Object.assign(chunk, { from: 0, to: 0, lines: 0 }));
    }
    this.#swap();
    if (this.#waitingBytes > 0) return;
    this.#recovered();
    this.#whenEmpty?.();
  }

  #failed(code: string): void {
    if (code === 'EPIPE' || code === 'EBADF') {
      this.#isBroken = true;
      this.#say('warning', `${this.#name}: its reader is gone; lines are dropped from here on`);
      this.#dropWaiting();
      this.#whenEmpty?.();
      return;
    }
    // A full pipe is no fault: its reader is slow.
    if (code === 'EAGAIN' || code === 'EBUSY') {
      this.#pauseFor(this.#busyPauseMs);
      this.#busyPauseMs = Math.min(2 * this.#busyPauseMs, LONGEST_BUSY_PAUSE_MS);
    } else {
      this.#complain(code);
      this.#pauseFor(LOOK_EVERY_MS);
    }
  }

  #pauseFor(ms: number): void {
    this.#pause = setTimeout(() => {
      this.#pause = null;
      this.#pump();
    }, ms).unref();
  }

  #opened(error: NodeJS.ErrnoException | null, fd: number, inode: string): void {
    this.#isOpening = false;
    if (error !== null) {
      this.#complain(error.code ?? error.message);
      return;
    }
    if (this.#isClosed) {
      closeQuietly(fd);
      return;
    }
    this.#inode = inode;
    this.#isMissing = false;
    closeQuietly(this.#nextFd);
    this.#nextFd = fd;
    if (!this.#isWriting && !this.#isMidChunk) this.#swap();
    this.#pump();
  }

  #swap(): void {
    if (this.#nextFd < 0) return;
    closeQuietly(this.#fd);
    this.#fd = this.#nextFd;
    this.#nextFd = -1;
  }

  /** Is the open file still the one at the path? One that is only gone for a moment is being rotated. */
  #look(): void {
    if (this.#fd < 0) {
      this.reopen();
      return;
    }
    fs.stat(this.#to as string, (error, stats) => {
      if (error === null && inodeOf(stats) === this.#inode) this.#isMissing = false;
      else if (error === null || this.#isMissing) this.reopen();
      else this.#isMissing = true;
    });
  }

  #drop(lines: number): void {
    if (this.#droppedBefore === this.dropped) {
      this.#say('warning', `${this.#name}: lines are dropped: ${this.#fault === '' ? 'it is too slow' : this.#fault}`);
    }
    this.dropped += lines;
  }

  #dropWaiting(): void {
    let lines = this.#filling?.lines ?? 0;
    for (const chunk of this.#queue) lines += chunk.lines;
    this.#queue.length = 0;
    this.#filling = null;
    this.#waitingBytes = 0;
    if (lines > 0) this.#drop(lines);
  }

  #complain(code: string): void {
    const fault = FAULTS[code] ?? code;
    if (this.#fault === fault) return;
    this.#fault = fault;
    this.#say('warning', `${this.#name} cannot be written: ${fault}; requests go on, lines wait and are then dropped`);
  }

  #recovered(): void {
    const dropped = this.dropped - this.#droppedBefore;
    if (this.#fault === '' && dropped === 0) return;
    this.#fault = '';
    this.#droppedBefore = this.dropped;
    this.#say('info', `${this.#name} is written again; ${dropped} lines were dropped`);
  }

  #say(level: 'warning' | 'info', text: string): void {
    if (level === 'info') {
      if (this.#hasWarned) this.#notify(level, text);
      this.#hasWarned = false;
      return;
    }
    const nowMs = performance.now();
    if (nowMs - (this.#saidAtMs.get(text) ?? Number.NEGATIVE_INFINITY) < QUIET_MS) return;
    this.#saidAtMs.set(text, nowMs);
    this.#hasWarned = true;
    this.#notify(level, text);
  }
}

const FAULTS: Readonly<Record<string, string>> = {
  ENOSPC: 'no space is left on the device',
  EDQUOT: 'the quota is used up',
  EACCES: 'permission denied',
  ENOENT: 'there is no such directory',
  EISDIR: 'it is a directory',
  EROFS: 'the file system is read-only',
  EIO: 'the device fails',
};

function inodeOf({ dev, ino }: fs.Stats): string {
  return `${dev}:${ino}`;
}

function closeQuietly(fd: number): void {
  if (fd >= 0) fs.close(fd, () => undefined);
}
