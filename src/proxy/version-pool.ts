import type { PoolSettings } from '../core/snapshot.ts';
import type { StickySource } from '../core/splitting/sticky-key.ts';
import type { EndpointPool } from './endpoint-pool.ts';
import { type EndpointContext, type EndpointPlan, EndpointSet, type EndpointWish } from './endpoint-set.ts';
import type { LeaseFailure } from './failures.ts';
import type { ReadBuffers } from './read-buffers.ts';
import { type ConnectionOwner, UpstreamConnection } from './upstream-connection.ts';

/** Who asks for a connection. Exactly one of the calls follows a lease, perhaps before `lease` returns. */
export interface LeaseWaiter extends EndpointWish {
  onLease(connection: UpstreamConnection, pool: EndpointPool): void;
  /** Nothing was sent to this endpoint; another may be tried. */
  onConnectFailure(failure: 'connect-refused' | 'connect-timeout', pool: EndpointPool): void;
  /** There is no connection to be had. */
  onNoLease(failure: LeaseFailure): void;
}

/** How a lease went: `leased` and `failed` were told to the waiter before `lease` returned. */
export type LeaseStart = 'leased' | 'opening' | 'queued' | 'failed';

/** What a version's pool needs from its worker. */
export interface PoolContext extends EndpointContext {
  readonly buffers: ReadBuffers;
  /** Workers that share the limits. */
  readonly workers: number;
}

/**
 * The connections to one version: one pool per endpoint, and over all of them the most connections and the queue that the
 * service allows. Survives reloads; `update` gives it the new settings and endpoints.
 */
export class VersionPool implements ConnectionOwner {
  readonly endpoints: EndpointSet;
  /** Open or being opened, to whatever endpoint, those that have left the configuration included. */
  connections = 0;
  readonly #context: PoolContext;
  /** Connections being opened, each with who waits for it. */
  readonly #opening = new Map<UpstreamConnection, LeaseWaiter>();
  readonly #pending: LeaseWaiter[] = [];
  #settings: PoolSettings;

  constructor(service: string, version: string, settings: PoolSettings, context: PoolContext) {
    this.#settings = settings;
    this.#context = context;
    this.endpoints = new EndpointSet(service, version, context, () => this.#servePending());
  }

  /** Takes over the settings and endpoints of a new snapshot; endpoints no longer named finish what they have. */
  update(settings: PoolSettings, plan: EndpointPlan): void {
    this.#settings = settings;
    this.endpoints.update(plan);
  }

  get version(): string {
    return this.endpoints.version;
  }

  get hasUsableEndpoint(): boolean {
    return this.endpoints.hasUsable;
  }

  /** True while too few endpoints are usable to carry the load. */
  get isPanicking(): boolean {
    return this.endpoints.isPanicking;
  }

  /** What the balancer wants a key from; null: it goes by none. */
  get hashSource(): StickySource | null {
    return this.endpoints.hashSource;
  }

  get pendingCount(): number {
    return this.#pending.length;
  }

  /** Connections that are not idle: in use, or being opened. */
  get activeCount(): number {
    return this.connections - this.idleCount;
  }

  get idleCount(): number {
    return this.endpoints.idleCount;
  }

  /** Leases a connection to an endpoint that the waiter can have. `fresh`: only a connection never used before will do. */
  lease(waiter: LeaseWaiter, fresh: boolean): LeaseStart {
    const pool = this.endpoints.pick(waiter);
    if (pool === null) {
      waiter.onNoLease('no-endpoint');
      return 'failed';
    }
    if (!fresh) {
      const idle = pool.takeIdle(this.#context.sweeper.nowMs);
      if (idle !== null) {
        this.#hand(idle, waiter);
        return 'leased';
      }
    }
    if (this.#makesRoom()) {
      this.#open(pool, waiter);
      return 'opening';
    }
    if (this.#pending.length < this.#share(this.#settings.maxPending)) {
      this.#pending.push(waiter);
      return 'queued';
    }
    waiter.onNoLease('queue-full');
    return 'failed';
  }

  /** True when the waiter has tried all that it can have. */
  isExhausted(wish: EndpointWish): boolean {
    return !this.endpoints.has(wish);
  }

  /** The waiter no longer waits. Returns the endpoint that was being connected to for it, if any. */
  cancel(waiter: LeaseWaiter): EndpointPool | null {
    const at = this.#pending.indexOf(waiter);
    if (at >= 0) this.#pending.splice(at, 1);
    for (const [connection, other] of this.#opening) {
      if (other !== waiter) continue;
      this.#opening.set(connection, NOBODY);
      return connection.pool;
    }
    return null;
  }

  get firstByteMs(): number {
    return this.#settings.firstByteMs;
  }

  get pendingTimeoutMs(): number {
    return this.#settings.pendingTimeoutMs;
  }

  #share(limit: number): number {
    return Math.ceil(limit / Math.max(1, this.#context.workers));
  }

  #open(pool: EndpointPool, waiter: LeaseWaiter): void {
    pool.inFlight += 1;
    pool.connections += 1;
    this.connections += 1;
    const { buffers, sweeper } = this.#context;
    const connection = new UpstreamConnection(pool, this, buffers, sweeper, this.#settings.connectTimeoutMs);
    this.#opening.set(connection, waiter);
  }

  #hand(connection: UpstreamConnection, waiter: LeaseWaiter): void {
    connection.pool.inFlight += 1;
    connection.isLeased = true;
    this.#give(connection, waiter);
  }

  opened(connection: UpstreamConnection): void {
    const waiter = this.#opening.get(connection);
    this.#opening.delete(connection);
    if (waiter === undefined || waiter === NOBODY) this.released(connection);
    else this.#give(connection, waiter);
  }

  /** A fault of one waiter must cost neither it its answer nor others their connections. */
  #give(connection: UpstreamConnection, waiter: LeaseWaiter): void {
    try {
      waiter.onLease(connection, connection.pool);
    } catch (error) {
      this.#context.sweeper.faults.report(error);
      connection.abandon();
      waiter.onNoLease('internal-error');
    }
  }

  openFailed(connection: UpstreamConnection, failure: 'connect-refused' | 'connect-timeout'): void {
    const waiter = this.#opening.get(connection);
    this.#opening.delete(connection);
    this.#endLease(connection);
    connection.pool.ejection?.failed();
    if (waiter === undefined || waiter === NOBODY) return;
    try {
      waiter.onConnectFailure(failure, connection.pool);
    } catch (error) {
      this.#context.sweeper.faults.report(error);
      waiter.onNoLease('internal-error');
    }
  }

  /** A response is whole: the connection serves a request that is waiting, or waits for the next one. */
  released(connection: UpstreamConnection): void {
    this.#endLease(connection);
    const { pool } = connection;
    const idleMs = Math.min(this.#settings.idleTimeoutMs, connection.keepAliveHintMs);
    if (pool.isRetired || pool.isDraining || idleMs <= 0) {
      connection.destroy();
      return;
    }
    const waiter = this.#pending.length === 0 ? null : this.#takePendingFor(pool);
    if (waiter !== null) {
      this.#hand(connection, waiter);
      return;
    }
    connection.usableUntilMs = this.#context.sweeper.nowMs + idleMs;
    connection.deadlineAt = connection.usableUntilMs;
    pool.putIdle(connection);
    this.#servePending();
  }

  /** The first in the queue that can have this endpoint. One with a key has its own, and may have been tried by others. */
  #takePendingFor(pool: EndpointPool): LeaseWaiter | null {
    const at = this.#pending.findIndex((waiter) => {
      if (waiter.tried.includes(pool) || !(pool.isUsable || waiter.takesUnusable)) return false;
      return waiter.balanceKey === null || this.endpoints.pick(waiter) === pool;
    });
    return at < 0 ? null : (this.#pending.splice(at, 1)[0] ?? null);
  }

  #endLease(connection: UpstreamConnection): void {
    if (!connection.isLeased) return;
    connection.isLeased = false;
    connection.pool.inFlight -= 1;
  }

  gone(connection: UpstreamConnection): void {
    this.#endLease(connection);
    const { pool } = connection;
    pool.forget(connection);
    pool.connections -= 1;
    this.connections -= 1;
    this.#servePending();
  }

  /** Opens connections for those in the queue while there is room, and sends away those for whom no endpoint is left. */
  #servePending(): void {
    for (let waiter = this.#pending[0]; waiter !== undefined; waiter = this.#pending[0]) {
      const pool = this.endpoints.pick(waiter);
      if (pool !== null && !this.#makesRoom()) return;
      this.#pending.shift();
      if (pool === null) waiter.onNoLease('no-endpoint');
      else this.#open(pool, waiter);
    }
  }

  /** At the limit, an idle connection makes room. */
  #makesRoom(): boolean {
    return this.connections < this.#share(this.#settings.maxConnections) || this.#closeOneIdle();
  }

  #closeOneIdle(): boolean {
    for (const pool of this.endpoints.members) {
      const idle = pool.takeIdle(0);
      if (idle === null) continue;
      idle.destroy();
      return true;
    }
    return false;
  }

  /** No snapshot names this version any more. */
  retire(): void {
    this.endpoints.update({ ...NO_ENDPOINTS });
    for (const waiter of this.#pending.splice(0)) waiter.onNoLease('no-endpoint');
  }
}

const NO_ENDPOINTS: EndpointPlan = {
  endpoints: [],
  balance: { kind: 'random' },
  outlierDetection: null,
  isDrained: () => false,
};
const NOBODY: LeaseWaiter = {
  tried: [],
  balanceKey: null,
  takesUnusable: false,
  onLease: () => undefined,
  onConnectFailure: () => undefined,
  onNoLease: () => undefined,
};
