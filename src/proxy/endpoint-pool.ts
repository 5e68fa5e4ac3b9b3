import type { Endpoint } from '../core/snapshot.ts';
import type { UpstreamConnection } from './upstream-connection.ts';

/**
 * One endpoint as this worker sees it: its idle connections and what it has under way. Lives outside the snapshots, keyed by
 * service, version and URL, so that a reload changes nothing for an endpoint that stays.
 */
export class EndpointPool {
  readonly endpoint: Endpoint;
  /** Requests under way. */
  inFlight = 0;
  /** Connections, open or being opened. */
  connections = 0;
  /** Set when no snapshot names it any more: what is under way finishes, nothing is kept. */
  isRetired = false;
  /** Why no new request goes there: 'ejected', 'unhealthy', 'draining', 'unresolved'; '' when usable. */
  unusableReason = '';
  readonly #idle: UpstreamConnection[] = [];

  constructor(endpoint: Endpoint) {
    this.endpoint = endpoint;
  }

  get isUsable(): boolean {
    return this.unusableReason === '';
  }

  get idleCount(): number {
    return this.#idle.length;
  }

  /** The connection used last, if it may still be used: the most recently used is the least likely to be closing. */
  takeIdle(nowMs: number): UpstreamConnection | null {
    for (;;) {
      const connection = this.#idle.pop();
      if (connection === undefined) return null;
      connection.slot = -1;
      if (connection.isIdle && !connection.isClosed && connection.usableUntilMs > nowMs) return connection;
      connection.destroy();
    }
  }

  putIdle(connection: UpstreamConnection): void {
    connection.slot = this.#idle.length;
    this.#idle.push(connection);
  }

  /** Takes a connection that closed out of the idle ones. */
  forget(connection: UpstreamConnection): void {
    const slot = connection.slot;
    if (slot < 0 || this.#idle[slot] !== connection) return;
    this.#idle.splice(slot, 1);
    for (let i = slot; i < this.#idle.length; i += 1) (this.#idle[i] as UpstreamConnection).slot = i;
    connection.slot = -1;
  }

  closeIdle(): void {
    while (this.#idle.length > 0) {
      const connection = this.#idle.pop() as UpstreamConnection;
      connection.slot = -1;
      connection.destroy();
    }
  }
}
