import type { ResponseSink, UpstreamConnection } from './upstream-connection.ts';

/** So much, and so long, is read of an answer that nobody wants, to save its connection. */
export const MAX_DISCARDED_BYTES = 65_536;
export const DISCARD_MS = 1_000;

/** Reads an answer to its end for nobody: another try took its place. */
export class DiscardedResponse implements ResponseSink {
  #bytes = 0;

  onBody(_memory: Buffer, from: number, to: number, connection: UpstreamConnection): void {
    this.#bytes += to - from;
    if (this.#bytes > MAX_DISCARDED_BYTES) connection.abandon();
  }

  onInterim(): void {}
  onHead(): void {}
  onUpgrade(): void {}
  onEnd(): void {}
  onFailure(): void {}
  afterRead(): void {}
  onUpstreamUnblocked(): void {}
}
