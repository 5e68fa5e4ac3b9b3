/** What is held of a body that may be sent twice; the client is paused beyond it where there is nowhere to send to. */
export const MAX_HELD_BYTES = 65_536;

/**
 * What of a request's body is held: until there is a connection to send it on, and, where it may be sent twice, until its
 * answer begins.
 */
export class HeldBody {
  bytes = 0;
  #pieces: Buffer[] = [];
  /** Pieces sent already, held to be sent again. */
  #sent = 0;
  /** What is sent stays here. */
  #keeps = false;
  #isWhole = true;

  /** `keeps`: the body may have to be sent twice. */
  begin(keeps: boolean): void {
    this.clear();
    this.#keeps = keeps;
    this.#isWhole = true;
  }

  clear(): void {
    if (this.#pieces.length > 0) this.#pieces = [];
    this.bytes = 0;
    this.#sent = 0;
    this.#keeps = false;
  }

  /** Every byte that came can still be sent from the start. */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  get isFull(): boolean {
    return this.bytes >= MAX_HELD_BYTES;
  }

  /** Holds bytes that cannot be sent yet. */
  add(memory: Buffer, from: number, to: number): void {
    this.#pieces.push(Buffer.from(memory.subarray(from, to)));
    this.bytes += to - from;
  }

  /** These bytes are being sent. */
  pass(memory: Buffer, from: number, to: number): void {
    if (!this.#keeps) {
      this.#isWhole = false;
      return;
    }
    this.add(memory, from, to);
    this.#sent = this.#pieces.length;
    if (this.bytes > MAX_HELD_BYTES) this.#letGo();
  }

  /** The pieces not sent yet, which the caller sends now. */
  takeUnsent(): readonly Buffer[] {
    const unsent = this.#pieces.slice(this.#sent);
    this.#sent = this.#pieces.length;
    if (!this.#keeps || this.bytes > MAX_HELD_BYTES) this.#letGo();
    return unsent;
  }

  /** All that is held is to be sent again. */
  rewind(): void {
    this.#sent = 0;
  }

  #letGo(): void {
    if (this.bytes > 0) this.#isWhole = false;
    this.clear();
  }
}
