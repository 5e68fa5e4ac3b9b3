/** What a message without a length ends with, when it is chunked. */
const LAST_CHUNK = '0\r\n\r\n';

/**
 * Finds the end of one HTTP/1.1 message after the other on a connection, requests or answers; the next must not begin before
 * the last is complete. It trusts what it reads: both ends belong to the bench.
 */
export class MessageReader {
  /** Start line and fields of the last message whose head was complete. */
  head = '';
  #begun = '';
  #inBody = false;
  /** Bytes of the body still to come; NaN: chunked. */
  #left = 0;
  #tail = '';

  /** Takes what came; true when a message is complete with it. */
  feed(bytes: Buffer, length: number): boolean {
    if (this.#inBody) return this.#body(bytes, 0, length);
    const known = this.#begun.length;
    this.#begun += bytes.toString('latin1', 0, Math.min(length, 16_384));
    const end = this.#begun.indexOf('\r\n\r\n', Math.max(0, known - 3));
    if (end < 0) return false;
    this.#open(this.#begun.slice(0, end));
    return this.#body(bytes, end + 4 - known, length);
  }

  #open(head: string): void {
    this.head = head;
    const length = /\r\ncontent-length:[ \t]*(\d+)/i.exec(head)?.[1];
    const isChunked = length === undefined && /\r\ntransfer-encoding:[ \t]*chunked/i.test(head);
    this.#left = isChunked ? Number.NaN : Number(length ?? 0);
    this.#inBody = true;
    this.#begun = '';
    this.#tail = '';
  }

  #body(bytes: Buffer, from: number, length: number): boolean {
    if (Number.isNaN(this.#left)) {
      // The tail of what came so far is enough: our bodies are padding, and never look like a last chunk.
      this.#tail = (this.#tail + bytes.toString('latin1', Math.max(from, length - 7), length)).slice(-7);
      this.#inBody = !(this.#tail === LAST_CHUNK || this.#tail.endsWith(`\r\n${LAST_CHUNK}`));
    } else {
      this.#left -= length - from;
      this.#inBody = this.#left > 0;
    }
    return !this.#inBody;
  }
}
