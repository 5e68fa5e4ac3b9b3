import { nameToLookUp } from '../core/balancing/endpoint-name.ts';
import type { NameResolver, RandomSource } from '../core/ports.ts';
import type { ListenerSpec, Mirror, PoolSettings, Service, Snapshot, Version } from '../core/snapshot.ts';
import type { AccessLog } from '../telemetry/access-log.ts';
import { DecisionRing } from '../telemetry/decision-ring.ts';
import type { FallbackCells } from '../telemetry/fallback-cells.ts';
import type { MirrorCells } from '../telemetry/mirror-cells.ts';
import type {
  ClientCount,
  EndpointReport,
  ListenerReport,
  PoolReport,
  UnhealthyEndpoint,
} from '../telemetry/reports.ts';
import type { RequestCells } from '../telemetry/request-cells.ts';
import { UnknownCells } from '../telemetry/unknown-cells.ts';
import { Comparer } from './comparer.ts';
import { Faults, tellOnStderr } from './faults.ts';
import { InstalledSnapshot, type Runtimes } from './installed-snapshot.ts';
import { Listener, type OpenedSocket } from './listener.ts';
import { MirrorBudget } from './mirror-budget.ts';
import { type MirrorCommons, MirrorRuntime } from './mirror-runtime.ts';
import { NameWatch } from './name-watch.ts';
import type { PlaneContext } from './plane-context.ts';
import { ReadBuffers } from './read-buffers.ts';
import { RequestIds } from './request-ids.ts';
import { RetryBudget } from './retry.ts';
import { Sweeper } from './sweeper.ts';
import { type PoolContext, VersionPool } from './version-pool.ts';

/** So long a snapshot waits for names that were never looked up; then it goes into force without their addresses. */
const NAME_PATIENCE_MS = 1_000;

export interface DataPlaneOptions {
  readonly random: RandomSource;
  readonly names: NameResolver;
  readonly requestCells: RequestCells;
  readonly mirrorCells: MirrorCells;
  readonly fallbackCells: FallbackCells;
  readonly unknownCells?: UnknownCells;
  /** The number of workers that share this gateway's limits. */
  readonly workers: number;
  /** Takes a few of the decisions made; without it nobody reads them. */
  readonly decisions?: DecisionRing;
  /** The socket of a listener, where it was opened elsewhere; null, or no such function: it is opened here. */
  readonly openedSocket?: (listener: ListenerSpec) => OpenedSocket | null;
  /** Told once of each kind of unexpected error that cost a connection; by default on stderr. */
  readonly onFault?: (text: string) => void;
  /** How long nothing may move on a tunnel; an hour by default. */
  readonly tunnelIdleMs?: number;
}

const TUNNEL_IDLE_MS = 3_600_000;

/** What a data plane holds at a moment: all of it goes back to where it was when load is gone. */
export interface HeldResources {
  readonly clientConnections: number;
  readonly upstreamConnections: number;
  /** Requests under way, those of them that are past their first try, and what endpoints count as theirs. */
  readonly requests: number;
  readonly retrying: number;
  readonly endpointRequests: number;
  /** Copies for shadows that have not ended, and the bytes that they and answers to be compared hold. */
  readonly copies: number;
  readonly mirroredBytes: number;
  /** Private read buffers in use. */
  readonly buffers: number;
  /** Deadlines watched. */
  readonly timed: number;
  /** Connections destroyed by an unexpected error, since the start. */
  readonly faults: number;
}

/** A snapshot that could be swapped to: everything that may fail has been done. */
export interface PreparedSnapshot {
  readonly snapshot: Snapshot;
  /** By name, in the order of the configuration; bound, some of them in use already. */
  readonly listeners: ReadonlyMap<string, Listener>;
}

/** The data plane of one worker: listeners, connections, pools. Owns every socket that carries users' traffic. */
export class DataPlane implements Runtimes {
  readonly requestCells: RequestCells;
  readonly fallbackCells: FallbackCells;
  readonly #options: DataPlaneOptions;
  readonly #faults: Faults;
  readonly #sweeper: Sweeper;
  readonly #buffers = new ReadBuffers();
  readonly #context: Omit<PlaneContext, 'installed'> & { installed: InstalledSnapshot | null };
  readonly #listeners = new Map<string, Listener>();
  /** Listeners that no snapshot names any more, until their connections have ended. */
  readonly #leaving = new Set<Listener>();
  readonly #pools = new Map<string, VersionPool>();
  readonly #poolContext: PoolContext;
  readonly #names: NameWatch;
  /** What active checks found unhealthy, by `healthKey`. */
  #unhealthy: ReadonlySet<string> = new Set();
  readonly #mirrors = new Map<string, MirrorRuntime>();
  readonly #mirroring: MirrorCommons;

  constructor(options: DataPlaneOptions) {
    this.#options = options;
    this.requestCells = options.requestCells;
    this.fallbackCells = options.fallbackCells;
    this.#faults = new Faults(options.onFault ?? tellOnStderr);
    this.#sweeper = new Sweeper(this.#faults);
    this.#context = {
      buffers: this.#buffers,
      sweeper: this.#sweeper,
      random: options.random,
      requestIds: new RequestIds(),
      requestCells: options.requestCells,
      fallbackCells: options.fallbackCells,
      unknownCells: options.unknownCells ?? new UnknownCells(),
      retries: new RetryBudget(),
      decisions: options.decisions ?? new DecisionRing(),
      accessLog: null,
      workers: options.workers,
      tunnelIdleMs: options.tunnelIdleMs ?? TUNNEL_IDLE_MS,
      installed: null,
      isDraining: false,
    };
    this.#mirroring = {
      cells: options.mirrorCells,
      budget: new MirrorBudget(),
      comparer: new Comparer(options.mirrorCells.comparisons, this.#faults),
      sweeper: this.#sweeper,
      workers: options.workers,
      copies: new Set(),
    };
    this.#names = new NameWatch(options.names, () => {
      for (const pool of this.#pools.values()) pool.endpoints.refresh();
    });
    const { buffers, sweeper, random, workers } = this.#context;
    this.#poolContext = {
      buffers,
      sweeper,
      random,
      workers,
      addressesOf: (host) => this.#names.addressesOf(host),
      isUnhealthy: (...place) => this.#unhealthy.size > 0 && this.#unhealthy.has(healthKey(...place)),
    };
  }

  /** Where requests that end from now on are logged; null: nowhere. */
  set accessLog(accessLog: AccessLog | null) {
    this.#context.accessLog = accessLog;
  }

  /** Prepares and commits in one. Rejects, with nothing changed, when an address cannot be bound. */
  async install(snapshot: Snapshot): Promise<readonly ListenerReport[]> {
    return this.commit(await this.prepare(snapshot));
  }

  /** Binds what is new; nothing else changes. Rejects when an address cannot be bound. One at a time: commit or discard it. */
  async prepare(snapshot: Snapshot): Promise<PreparedSnapshot> {
    // First, because a listener takes connections from the moment that it is bound.
    await this.#names.add(namesOf(snapshot), NAME_PATIENCE_MS);
    const listeners = this.#matchListeners(snapshot.listeners);
    const bound: Listener[] = [];
    try {
      for (const spec of snapshot.listeners) {
        if (listeners.has(spec.name) || this.#context.isDraining) continue;
        const opened = this.#options.openedSocket?.(spec) ?? null;
        const listener = new Listener(spec, this.#context as PlaneContext, opened);
        bound.push(listener);
        await listener.listen();
        listeners.set(spec.name, listener);
      }
    } catch (error) {
      for (const listener of bound) listener.stopAccepting();
      throw error;
    }
    return { snapshot, listeners };
  }

  /** Lets go of what was bound for a snapshot that does not come. */
  discard({ listeners }: PreparedSnapshot): void {
    const inUse = new Set(this.#listeners.values());
    for (const listener of listeners.values()) if (!inUse.has(listener)) listener.drain();
  }

  /** Swaps to what was prepared and lets go of what is no longer used. */
  commit({ snapshot, listeners }: PreparedSnapshot): readonly ListenerReport[] {
    this.#updatePools(snapshot);
    this.#mirroring.budget.maxBytes = Math.ceil(snapshot.mirroring.maxBytes / Math.max(1, this.#options.workers));
    this.#context.installed = new InstalledSnapshot(snapshot, this);
    this.#swapListeners(snapshot.listeners, listeners);
    this.#retireUnused(snapshot);
    this.#names.keep(namesOf(snapshot));
    this.#sweeper.overload.forgive();
    return [...this.#listeners.values()].map((listener) => listener.report());
  }

  /** The listeners that go on: by name, or by address where only the name is another. */
  #matchListeners(specs: readonly ListenerSpec[]): Map<string, Listener> {
    const matched = new Map<string, Listener>();
    const free = new Set(this.#listeners.values());
    const match = (spec: ListenerSpec, listener: Listener | undefined) => {
      if (listener === undefined || !free.delete(listener)) return;
      matched.set(spec.name, listener);
    };
    for (const spec of specs) {
      const known = this.#listeners.get(spec.name);
      if (known?.state.spec.address === spec.address) match(spec, known);
    }
    for (const spec of specs) {
      if (matched.has(spec.name) || spec.address.endsWith(':0')) continue;
      match(
        spec,
        [...free].find((listener) => listener.state.spec.address === spec.address),
      );
    }
    return matched;
  }

  #swapListeners(specs: readonly ListenerSpec[], next: ReadonlyMap<string, Listener>): void {
    const staying = new Set(next.values());
    for (const listener of this.#listeners.values()) {
      if (staying.has(listener)) continue;
      listener.drain();
      if (listener.connections.size > 0) this.#leaving.add(listener);
    }
    this.#listeners.clear();
    for (const spec of specs) {
      const listener = next.get(spec.name);
      if (listener === undefined) continue;
      this.#listeners.set(spec.name, listener);
      listener.state.spec = spec;
      listener.acceptOpened();
    }
    for (const listener of this.#leaving) if (listener.connections.size === 0) this.#leaving.delete(listener);
  }

  /** What other workers hold of a client, so that its limit is one for the whole gateway. */
  setElsewhere(counts: readonly ClientCount[]): void {
    for (const { listener, client, count } of counts)
      this.#listeners.get(listener)?.state.tally.setElsewhere(client, count);
  }

  /** The clients whose number of connections here changed since the last call. */
  takeClientCounts(): ClientCount[] {
    const counts: ClientCount[] = [];
    for (const { state } of [...this.#listeners.values(), ...this.#leaving]) {
      const listener = state.spec.name;
      for (const [client, count] of state.tally.takeChanges()) counts.push({ listener, client, count });
    }
    return counts;
  }

  #updatePools(snapshot: Snapshot): void {
    for (const service of snapshot.services.values()) {
      for (const version of service.versions) {
        this.#updatePool(poolKey(version), service, version, service.pool, snapshot.drained);
      }
    }
    this.#updateHelpers(snapshot);
    for (const mirror of snapshot.mirrors) {
      const service = snapshot.services.get(mirror.target.service) as Service;
      // A copy waits only for a connection that is still closing: there are no more copies than connections.
      const { maxInFlight } = mirror;
      const settings = { ...service.pool, maxConnections: maxInFlight, maxPending: maxInFlight };
      this.#updatePool(
        mirrorKey(mirror),
        { ...service, outlierDetection: null },
        mirror.target,
        settings,
        snapshot.drained,
      );
    }
  }

  /** Whoever stands in for a version, on whatever route. */
  #updateHelpers({ services, routes }: Snapshot): void {
    const helpers = new Map<Version, Set<Version>>();
    for (const { versions } of services.values()) for (const version of versions) helpers.set(version, new Set());
    for (const { service, fallback } of routes) {
      if (fallback === null) continue;
      for (const version of service.versions) if (version !== fallback) helpers.get(version)?.add(fallback);
    }
    for (const [version, by] of helpers) {
      this.poolOf(version).endpoints.helpers = [...by].map((helper) => this.poolOf(helper).endpoints);
    }
  }

  #updatePool(
    key: string,
    { name, balance, outlierDetection }: Service,
    version: Version,
    settings: PoolSettings,
    drained: ReadonlySet<string>,
  ): void {
    let pool = this.#pools.get(key);
    if (pool === undefined) {
      pool = new VersionPool(name, version.name, settings, this.#poolContext);
      this.#pools.set(key, pool);
    }
    const isVersionDrained = drained.has(`${name}/${version.name}`);
    pool.update(settings, {
      endpoints: version.endpoints,
      balance,
      outlierDetection,
      isDrained: (url) => isVersionDrained || drained.has(url),
    });
  }

  #retireUnused(snapshot: Snapshot): void {
    const used = new Set([...snapshot.versions.map(poolKey), ...snapshot.mirrors.map(mirrorKey)]);
    for (const [key, pool] of this.#pools) {
      if (used.has(key)) continue;
      this.#pools.delete(key);
      pool.retire();
    }
    for (const key of this.#mirrors.keys()) if (!used.has(key)) this.#mirrors.delete(key);
  }

  poolOf(version: Version): VersionPool {
    return this.#pools.get(poolKey(version)) as VersionPool;
  }

  mirrorOf(mirror: Mirror): MirrorRuntime {
    const key = mirrorKey(mirror);
    let runtime = this.#mirrors.get(key);
    if (runtime === undefined) {
      const pool = this.#pools.get(key) as VersionPool;
      runtime = new MirrorRuntime(mirror, pool, this.#mirroring);
      this.#mirrors.set(key, runtime);
    } else if (runtime.mirror !== mirror) {
      runtime.update(mirror);
    }
    return runtime;
  }

  pools(): readonly PoolReport[] {
    const reports: PoolReport[] = [];
    for (const [key, pool] of this.#pools) {
      if (key.startsWith('mirror')) continue;
      const { activeCount, idleCount, pendingCount } = pool;
      const { service, version } = pool.endpoints;
      reports.push({ service, version, active: activeCount, idle: idleCount, pending: pendingCount });
    }
    return reports;
  }

  endpoints(): readonly EndpointReport[] {
    const reports: EndpointReport[] = [];
    for (const [key, { endpoints }] of this.#pools) if (!key.startsWith('mirror')) reports.push(...endpoints.report());
    return reports;
  }

  /** All that active checks hold for unhealthy at this moment; what is not named is well. */
  setUnhealthy(unhealthy: readonly UnhealthyEndpoint[]): void {
    this.#unhealthy = new Set(
      unhealthy.map(({ service, version, url, address }) => healthKey(service, version, url, address)),
    );
    for (const pool of this.#pools.values()) pool.endpoints.refreshHealth();
  }

  held(): HeldResources {
    let clientConnections = 0;
    for (const { connections } of [...this.#listeners.values(), ...this.#leaving])
      clientConnections += connections.size;
    let upstreamConnections = 0;
    let endpointRequests = 0;
    for (const pool of this.#pools.values()) {
      upstreamConnections += pool.connections;
      for (const { inFlight } of pool.endpoints.members) endpointRequests += inFlight;
    }
    const { active: requests, retrying } = this.#context.retries;
    const { size: timed } = this.#sweeper;
    return {
      copies: this.#mirroring.copies.size,
      mirroredBytes: this.#mirroring.budget.usedBytes,
      clientConnections,
      upstreamConnections,
      requests,
      retrying,
      endpointRequests,
      buffers: this.#buffers.lent,
      timed,
      faults: this.#faults.count,
    };
  }

  /** Stops accepting; resolves when the last exchange has ended, or after `graceMs`, when the rest are cut. */
  async drain(graceMs: number): Promise<void> {
    this.#context.isDraining = true;
    const all = [...this.#listeners.values(), ...this.#leaving];
    for (const listener of all) listener.drain();
    const until = performance.now() + graceMs;
    while (all.some((listener) => listener.connections.size > 0)) {
      if (performance.now() >= until) break;
      await new Promise((resolve) => setTimeout(resolve, Math.min(20, Math.max(1, until - performance.now()))));
    }
    await this.close();
  }

  /** Cuts everything now. */
  async close(): Promise<void> {
    for (const listener of [...this.#listeners.values(), ...this.#leaving]) {
      listener.stopAccepting();
      listener.destroyAll();
    }
    for (const copy of this.#mirroring.copies) copy.shutDown();
    this.#mirroring.comparer.close();
    for (const pool of this.#pools.values()) pool.retire();
    this.#pools.clear();
    this.#names.close();
    this.#sweeper.close();
  }
}

function healthKey(service: string, version: string, url: string, address: string): string {
  return JSON.stringify([service, version, url, address]);
}

function namesOf({ versions }: Snapshot): Set<string> {
  const names = versions.flatMap(({ endpoints }) => endpoints.map(nameToLookUp));
  return new Set(names.filter((name) => name !== null));
}

function poolKey(version: Version): string {
  return JSON.stringify([version.service, version.name]);
}

/** Begins with `mirror`, which no version's key does: their keys begin with a bracket. */
function mirrorKey(mirror: Mirror): string {
  const { route, rule, target, name } = mirror;
  return `mirror${JSON.stringify([route, rule, target.service, target.name, name])}`;
}
