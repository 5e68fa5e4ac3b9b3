import type { Endpoint } from '../core/snapshot.ts';
import type { Ejection } from './ejection.ts';
import type { UpstreamConnection } from './upstream-connection.ts';

/** Why no new request goes to an endpoint, in the order in which one is told. */
const REASONS = ['draining', 'unhealthy', 'ejected'] as const;
export type UnusableReason = (typeof REASONS)[number];

/**
 * One endpoint as this worker sees it: its idle connections and what it has under way. Where the configuration names a host,
 * each of its addresses is one. Lives outside the snapshots, so that a reload changes nothing for an endpoint that stays.
 */
export class EndpointPool {
  /** As configured; its `host` is what to connect to. */
  endpoint: Endpoint;
  /** The address behind the name; '' where the configuration has none to look up. */
  readonly address: string;
  /** Requests under way. */
  inFlight = 0;
  /** Connections, open or being opened. */
  connections = 0;
  /** Set when no snapshot names it any more: what is under way finishes, nothing is kept. */
  isRetired = false;
  isUsable = true;
  isDraining = false;
  /** null: nothing of the kind is configured. */
  ejection: Ejection | null = null;
  readonly #reasons = new Set<UnusableReason>();
  readonly #changed: () => void;
  readonly #idle: UpstreamConnection[] = [];

  /** `changed` is called whenever the endpoint has become usable, or unusable. */
  constructor(endpoint: Endpoint, address: string, changed: () => void) {
    this.endpoint = endpoint;
    this.address = address;
    this.#changed = changed;
  }

  /** '' when usable. */
  get unusableReason(): UnusableReason | '' {
    return REASONS.find((reason) => this.#reasons.has(reason)) ?? '';
  }

  has(reason: UnusableReason): boolean {
    return this.#reasons.has(reason);
  }

  set(reason: UnusableReason, holds: boolean): void {
    if (this.#reasons.has(reason) === holds) return;
    if (holds) this.#reasons.add(reason);
    else this.#reasons.delete(reason);
    this.isUsable = this.#reasons.size === 0;
    this.isDraining = this.#reasons.has('draining');
    // What was kept open to a server in trouble is the first thing not to be trusted.
    if (!this.isUsable) this.closeIdle();
    this.#changed();
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
