import type { Balancer } from '../core/balancing/balancer.ts';
import type { RandomSource } from '../core/ports.ts';
import type { Endpoint, PoolSettings } from '../core/snapshot.ts';
import { EndpointPool } from './endpoint-pool.ts';
import type { LeaseFailure } from './failures.ts';
import type { ReadBuffers } from './read-buffers.ts';
import type { Sweeper } from './sweeper.ts';
import { type ConnectionOwner, UpstreamConnection } from './upstream-connection.ts';

/** Who asks for a connection. Exactly one of the calls follows a lease, perhaps before `lease` returns. */
export interface LeaseWaiter {
  onLease(connection: UpstreamConnection, pool: EndpointPool): void;
  /** Nothing was sent to this endpoint; another may be tried. */
  onConnectFailure(failure: 'connect-refused' | 'connect-timeout', pool: EndpointPool): void;
  /** There is no connection to be had. */
  onNoLease(failure: LeaseFailure): void;
}

/** How a lease went: `leased` and `failed` were told to the waiter before `lease` returned. */
export type LeaseStart = 'leased' | 'opening' | 'queued' | 'failed';

/** What a version's pool needs from its worker. */
export interface PoolContext {
  readonly buffers: ReadBuffers;
  readonly sweeper: Sweeper;
  readonly random: RandomSource;
  /** Workers that share the limits. */
  readonly workers: number;
}

/**
 * The connections to one version: one pool per endpoint, and over all of them the most connections and the queue that the
 * service allows. Survives reloads; `update` gives it the new settings and endpoints.
 */
export class VersionPool implements ConnectionOwner {
  readonly service: string;
  readonly version: string;
  endpoints: readonly EndpointPool[] = [];
  connections = 0;
  readonly #context: PoolContext;
  readonly #pools = new Map<string, EndpointPool>();
  /** Connections being opened, each with who waits for it. */
  readonly #opening = new Map<UpstreamConnection, LeaseWaiter>();
  readonly #pending: LeaseWaiter[] = [];
  #settings: PoolSettings;
  #balancer: Balancer | null = null;
  readonly #isUsable = (i: number): boolean => this.#isCandidate(i);
  readonly #inFlight = (i: number): number => (this.endpoints[i] as EndpointPool).inFlight;
  #tried: readonly EndpointPool[] = [];

  constructor(service: string, version: string, settings: PoolSettings, context: PoolContext) {
    this.service = service;
    this.version = version;
    this.#settings = settings;
    this.#context = context;
  }

  /** Takes over the settings and endpoints of a new snapshot; endpoints no longer named finish what they have. */
  update(settings: PoolSettings, endpoints: readonly Endpoint[], balancer: Balancer): void {
    this.#settings = settings;
    this.#balancer = balancer;
    const kept: EndpointPool[] = [];
    for (const endpoint of endpoints) {
      const pool = this.#pools.get(endpoint.url) ?? new EndpointPool(endpoint);
      pool.isRetired = false;
      this.#pools.set(endpoint.url, pool);
      kept.push(pool);
    }
    for (const [url, pool] of this.#pools) {
      if (kept.includes(pool)) continue;
      this.#pools.delete(url);
      pool.isRetired = true;
      pool.closeIdle();
    }
    this.endpoints = kept;
  }

  get hasUsableEndpoint(): boolean {
    for (const pool of this.endpoints) if (pool.isUsable) return true;
    return false;
  }

  get pendingCount(): number {
    return this.#pending.length;
  }

  get activeCount(): number {
    let active = 0;
    for (const pool of this.endpoints) active += pool.inFlight;
    return active;
  }

  get idleCount(): number {
    let idle = 0;
    for (const pool of this.endpoints) idle += pool.idleCount;
    return idle;
  }

  /**
   * Leases a connection to a usable endpoint not in `tried`. `fresh`: only a connection never used before will do.
   */
  lease(waiter: LeaseWaiter, tried: readonly EndpointPool[], key: string | null, fresh: boolean): LeaseStart {
    const pool = this.#pick(tried, key);
    if (pool === null) {
      waiter.onNoLease('no-endpoint');
      return 'failed';
    }
    if (!fresh) {
      const idle = pool.takeIdle(this.#context.sweeper.nowMs);
      if (idle !== null) {
        pool.inFlight += 1;
        idle.isLeased = true;
        this.#hand(idle, waiter);
        return 'leased';
      }
    }
    if (this.connections < this.#share(this.#settings.maxConnections) || this.#closeOneIdle()) {
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

  /** True when every usable endpoint is in `tried`. */
  isExhausted(tried: readonly EndpointPool[]): boolean {
    for (const pool of this.endpoints) if (pool.isUsable && !tried.includes(pool)) return false;
    return true;
  }

  /** The waiter no longer waits. */
  cancel(waiter: LeaseWaiter): void {
    const at = this.#pending.indexOf(waiter);
    if (at >= 0) this.#pending.splice(at, 1);
    for (const [connection, other] of this.#opening) {
      if (other !== waiter) continue;
      this.#opening.set(connection, NOBODY);
      return;
    }
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

  #pick(tried: readonly EndpointPool[], key: string | null): EndpointPool | null {
    const only = this.endpoints.length === 1 ? this.endpoints[0] : undefined;
    if (only !== undefined) return only.isUsable && !tried.includes(only) ? only : null;
    if (this.#balancer === null) return null;
    this.#tried = tried;
    const at = this.#balancer.next(this.#isUsable, this.#inFlight, key, this.#context.random);
    return at < 0 ? null : (this.endpoints[at] as EndpointPool);
  }

  #isCandidate(i: number): boolean {
    const pool = this.endpoints[i] as EndpointPool;
    return pool.isUsable && !this.#tried.includes(pool);
  }

  #open(pool: EndpointPool, waiter: LeaseWaiter): void {
    pool.inFlight += 1;
    pool.connections += 1;
    this.connections += 1;
    const { buffers, sweeper } = this.#context;
    const connection = new UpstreamConnection(pool, this, buffers, sweeper, this.#settings.connectTimeoutMs);
    this.#opening.set(connection, waiter);
  }

  opened(connection: UpstreamConnection): void {
    const waiter = this.#opening.get(connection);
    this.#opening.delete(connection);
    if (waiter === undefined || waiter === NOBODY) this.released(connection);
    else this.#hand(connection, waiter);
  }

  /** A fault of one waiter must cost neither it its answer nor others their connections. */
  #hand(connection: UpstreamConnection, waiter: LeaseWaiter): void {
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
    if (waiter !== undefined && waiter !== NOBODY) waiter.onConnectFailure(failure, connection.pool);
  }

  /** A response is whole: the connection waits for the next request, or serves one that is waiting. */
  released(connection: UpstreamConnection): void {
    this.#endLease(connection);
    const pool = connection.pool;
    const idleMs = Math.min(this.#settings.idleTimeoutMs, connection.keepAliveHintMs);
    if (pool.isRetired || !pool.isUsable || idleMs <= 0) {
      connection.destroy();
      return;
    }
    const waiter = this.#pending.shift();
    if (waiter !== undefined) {
      pool.inFlight += 1;
      connection.isLeased = true;
      this.#hand(connection, waiter);
      return;
    }
    connection.usableUntilMs = this.#context.sweeper.nowMs + idleMs;
    connection.deadlineAt = connection.usableUntilMs;
    pool.putIdle(connection);
  }

  #endLease(connection: UpstreamConnection): void {
    if (!connection.isLeased) return;
    connection.isLeased = false;
    connection.pool.inFlight -= 1;
  }

  gone(connection: UpstreamConnection): void {
    this.#endLease(connection);
    const pool = connection.pool;
    pool.forget(connection);
    pool.connections -= 1;
    this.connections -= 1;
    if (this.#pending.length === 0) return;
    const next = this.#pick(NONE, null);
    if (next === null) return;
    const waiter = this.#pending.shift();
    if (waiter !== undefined) this.#open(next, waiter);
  }

  /** At the limit, an idle connection to another endpoint makes room. */
  #closeOneIdle(): boolean {
    for (const pool of this.endpoints) {
      const idle = pool.takeIdle(0);
      if (idle === null) continue;
      idle.destroy();
      return true;
    }
    return false;
  }

  /** No snapshot names this version any more. */
  retire(): void {
    this.update(this.#settings, [], NO_BALANCER);
    for (const waiter of this.#pending.splice(0)) waiter.onNoLease('no-endpoint');
  }
}

const NONE: readonly EndpointPool[] = [];
const NO_BALANCER: Balancer = { next: () => -1 };
const NOBODY: LeaseWaiter = { onLease: () => undefined, onConnectFailure: () => undefined, onNoLease: () => undefined };
