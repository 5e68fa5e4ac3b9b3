import type { DownstreamConnection } from './downstream-connection.ts';
import type { TunnelEnd, UpstreamConnection } from './upstream-connection.ts';

/**
 * After a 101 both connections are one stream of bytes each way, with back-pressure. A side's FIN is passed on once its
 * bytes are out; when both have ended, or either is lost, the tunnel ends (RFC 9110 7.8).
 */
export class Tunnel implements TunnelEnd {
  readonly #client: DownstreamConnection;
  readonly #upstream: UpstreamConnection;
  readonly #onEnd: () => void;
  #isEnded = false;

  constructor(client: DownstreamConnection, upstream: UpstreamConnection, onEnd: () => void) {
    this.#client = client;
    this.#upstream = upstream;
    this.#onEnd = onEnd;
  }

  /** Bytes [from, to) of `memory` came right behind the 101. */
  start(memory: Buffer, from: number, to: number): void {
    this.#upstream.becomeTunnel(this);
    const early = this.#client.becomeTunnel(this);
    if (to > from) this.#client.sendBytes(memory, from, to, this.#upstream);
    this.#client.flush();
    if (early !== null) {
      this.#upstream.sendBytes(early, 0, early.length, this.#client);
      this.#upstream.flush();
    }
    this.#client.resumeReading();
  }

  fromClient(memory: Buffer, from: number, to: number): void {
    this.#upstream.sendBytes(memory, from, to, this.#client);
    this.#upstream.flush();
    if (this.#upstream.isBlocked) this.#client.pauseReading();
  }

  fromUpstream(memory: Buffer, from: number, to: number): void {
    this.#client.sendBytes(memory, from, to, this.#upstream);
    this.#client.flush();
    if (this.#client.isBlocked) this.#upstream.pauseReading();
  }

  clientUnblocked(): void {
    this.#upstream.resumeReading();
  }

  upstreamUnblocked(): void {
    this.#client.resumeReading();
  }

  clientEnded(): void {
    this.#upstream.finish();
  }

  upstreamEnded(): void {
    this.#client.finish();
  }

  clientClosed(): void {
    this.#upstream.abandon();
    this.#end();
  }

  upstreamClosed(): void {
    this.#client.finish();
    this.#end();
  }

  #end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#onEnd();
  }
}
