import type { DownstreamConnection } from './downstream-connection.ts';
import type { RequestTally } from './request-tally.ts';
import type { Sweeper, Timed } from './sweeper.ts';
import type { TunnelEnd, UpstreamConnection } from './upstream-connection.ts';

/** Once one side has ended its half, the other is expected to follow: so long it may be silent. */
const HALF_CLOSED_MS = 30_000;

/**
 * After a 101 both connections are one stream of bytes each way, with back-pressure (RFC 9110 7.8). A side's FIN is passed
 * on behind its bytes and the other direction goes on; a side that is lost takes the other with it, once what it sent is
 * delivered. A tunnel on which nothing moves for `idleMs` is closed.
 */
export class Tunnel implements TunnelEnd, Timed {
  deadlineAt: number;
  sweepSlot = -1;
  readonly #client: DownstreamConnection;
  readonly #upstream: UpstreamConnection;
  readonly #sweeper: Sweeper;
  readonly #tally: RequestTally;
  readonly #onEnd: () => void;
  #idleMs: number;
  #isEnded = false;

  constructor(
    client: DownstreamConnection,
    upstream: UpstreamConnection,
    tally: RequestTally,
    sweeper: Sweeper,
    idleMs: number,
    onEnd: () => void,
  ) {
    this.#client = client;
    this.#upstream = upstream;
    this.#tally = tally;
    this.#sweeper = sweeper;
    this.#idleMs = idleMs;
    this.#onEnd = onEnd;
    this.deadlineAt = sweeper.nowMs + idleMs;
    sweeper.watch(this);
  }

  /** Bytes [from, to) of `memory` came right behind the 101. */
  start(memory: Buffer, from: number, to: number): void {
    this.#upstream.becomeTunnel(this);
    const early = this.#client.becomeTunnel(this);
    this.#tally.bytesOut += to - from;
    if (to > from) this.#client.sendBytes(memory, from, to, this.#upstream);
    this.#client.flush();
    if (this.#client.isBlocked) this.#upstream.pauseReading();
    if (early !== null) this.fromClient(early, 0, early.length);
    if (this.#client.hasEnded) this.clientEnded();
    if (!this.#upstream.isBlocked) this.#client.resumeReading();
  }

  fromClient(memory: Buffer, from: number, to: number): void {
    this.#moved();
    this.#tally.bytesIn += to - from;
    this.#upstream.sendBytes(memory, from, to, this.#client);
    this.#upstream.flush();
    if (this.#upstream.isBlocked) this.#client.pauseReading();
  }

  fromUpstream(memory: Buffer, from: number, to: number): void {
    this.#moved();
    this.#tally.bytesOut += to - from;
    this.#client.sendBytes(memory, from, to, this.#upstream);
    this.#client.flush();
    if (this.#client.isBlocked) this.#upstream.pauseReading();
  }

  clientUnblocked(): void {
    this.#moved();
    this.#upstream.resumeReading();
  }

  upstreamUnblocked(): void {
    this.#moved();
    this.#client.resumeReading();
  }

  #moved(): void {
    this.deadlineAt = this.#sweeper.nowMs + this.#idleMs;
  }

  clientEnded(): void {
    this.#halfClosed();
    this.#upstream.finish();
  }

  upstreamEnded(): void {
    this.#halfClosed();
    this.#client.finish();
  }

  #halfClosed(): void {
    this.#idleMs = Math.min(this.#idleMs, HALF_CLOSED_MS);
    this.#moved();
  }

  clientClosed(): void {
    if (this.#isEnded) return;
    this.#end();
    this.#upstream.endTunnel();
  }

  upstreamClosed(): void {
    if (this.#isEnded) return;
    this.#end();
    this.#client.endTunnel();
  }

  /** Nothing has moved for too long. */
  onDeadline(): void {
    this.#end();
    this.#upstream.endTunnel();
    this.#client.endTunnel();
  }

  faulted(error: unknown): void {
    this.#sweeper.faults.report(error);
    this.#end();
    this.#upstream.abandon();
    this.#client.destroy();
  }

  #end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#sweeper.forget(this);
    this.#onEnd();
  }
}
