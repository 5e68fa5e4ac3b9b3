const FIRST_BYTES = 2048;

/** Puts together a head that comes in pieces; grows by doubling, so that a head sent byte by byte costs no more than its size. */
export class HeadBuffer {
  bytes: Buffer = Buffer.alloc(0);
  length = 0;

  add(memory: Buffer, from: number, to: number): void {
    const size = this.length + to - from;
    if (size > this.bytes.length) {
      const grown = Buffer.allocUnsafe(Math.max(FIRST_BYTES, size, this.bytes.length * 2));
      this.bytes.copy(grown, 0, 0, this.length);
      this.bytes = grown;
    }
    memory.copy(this.bytes, this.length, from, to);
    this.length = size;
  }

  clear(): void {
    this.length = 0;
    if (this.bytes.length > FIRST_BYTES) this.bytes = Buffer.alloc(0);
  }
}
