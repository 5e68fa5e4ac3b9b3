import type { Balancer } from '../core/balancing/balancer.ts';
import { buildBalancer } from '../core/balancing/build-balancer.ts';
import { nameToLookUp } from '../core/balancing/endpoint-name.ts';
import type { RandomSource } from '../core/ports.ts';
import type { Balance, Endpoint, OutlierDetection } from '../core/snapshot.ts';
import type { StickySource } from '../core/splitting/sticky-key.ts';
import type { EndpointReport } from '../telemetry/reports.ts';
import { Ejection, type EjectionLimit } from './ejection.ts';
import { EndpointPool } from './endpoint-pool.ts';
import type { Sweeper } from './sweeper.ts';

/** What the endpoints of a version need from their worker. */
export interface EndpointContext {
  readonly sweeper: Sweeper;
  readonly random: RandomSource;
  /** null: the name was never resolved. */
  addressesOf(host: string): readonly string[] | null;
  isUnhealthy(service: string, version: string, url: string, address: string): boolean;
}

/** What a snapshot says of a version's endpoints. */
export interface EndpointPlan {
  readonly endpoints: readonly Endpoint[];
  readonly balance: Balance;
  /** null: endpoints are never ejected. */
  readonly outlierDetection: OutlierDetection | null;
  isDrained(url: string): boolean;
}

/** What a try asks of the endpoint that it gets. */
export interface EndpointWish {
  /** Those that have failed this request. */
  readonly tried: readonly EndpointPool[];
  /** What a consistent hash goes by; null: nothing. */
  readonly balanceKey: string | null;
  /** Any endpoint will do that is not draining: few are usable, and nothing else can help out. */
  readonly takesUnusable: boolean;
}

/** Below this part of usable endpoints the rest could not carry the load: better all of them than a few that break down. */
const PANIC_BELOW = 0.5;

/** The endpoints of one version: which there are, which can be used, and whose turn it is. */
export class EndpointSet implements EjectionLimit {
  readonly service: string;
  readonly version: string;
  /** Those that take requests: weight above 0, names resolved. */
  members: readonly EndpointPool[] = [];
  hasUsable = false;
  /** Too few are usable. Whoever has nobody else to turn to then takes them all; reports show what is really usable. */
  isPanicking = false;
  /** What the balancer wants a key from; null: it goes by none. */
  hashSource: StickySource | null = null;
  /** The versions that stand in for this one. While one of them is usable, all endpoints may be ejected. */
  helpers: readonly EndpointSet[] = [];
  readonly #context: EndpointContext;
  readonly #onChange: () => void;
  readonly #pools = new Map<string, EndpointPool>();
  #plan: EndpointPlan = NO_PLAN;
  #balancer: Balancer = NO_BALANCER;
  #balancedBy = '';
  #wish: EndpointWish = NO_WISH;
  #isRefreshing = false;
  readonly #isCandidate = (place: number): boolean => isEligible(this.members[place] as EndpointPool, this.#wish);
  readonly #inFlight = (place: number): number => (this.members[place] as EndpointPool).inFlight;

  /** `onChange` is called after the endpoints, or what can be used of them, have changed. */
  constructor(service: string, version: string, context: EndpointContext, onChange: () => void) {
    this.service = service;
    this.version = version;
    this.#context = context;
    this.#onChange = onChange;
  }

  update(plan: EndpointPlan): void {
    this.#plan = plan;
    this.refresh();
  }

  /** Names have got other addresses, or the plan is a new one. What stays keeps its state. */
  refresh(): void {
    this.#isRefreshing = true;
    const kept = new Set<EndpointPool>();
    const members: EndpointPool[] = [];
    for (const endpoint of this.#plan.endpoints) {
      for (const pool of this.#poolsOf(endpoint)) {
        kept.add(pool);
        if (endpoint.weight > 0) members.push(pool);
      }
    }
    for (const [key, pool] of this.#pools) if (!kept.has(pool)) this.#retire(key, pool);
    this.#balance(members);
    this.#isRefreshing = false;
    this.#judge();
  }

  #poolsOf(endpoint: Endpoint): EndpointPool[] {
    const name = nameToLookUp(endpoint);
    const addresses = name === null ? [''] : (this.#context.addressesOf(name) ?? []);
    return addresses.map((address) => {
      const key = `${endpoint.url} ${address}`;
      const pool = this.#pools.get(key) ?? new EndpointPool(endpoint, address, () => this.#judge());
      pool.endpoint = address === '' ? endpoint : { ...endpoint, host: address };
      this.#pools.set(key, pool);
      this.#setFacts(pool);
      return pool;
    });
  }

  #setFacts(pool: EndpointPool): void {
    const { outlierDetection, isDrained } = this.#plan;
    pool.set('draining', isDrained(pool.endpoint.url));
    pool.set('unhealthy', this.#isUnhealthy(pool));
    if (outlierDetection === null) {
      pool.ejection?.close();
      pool.ejection = null;
    } else if (pool.ejection === null) {
      pool.ejection = new Ejection(pool, outlierDetection, this, this.#context.sweeper);
    } else {
      pool.ejection.update(outlierDetection);
    }
  }

  #isUnhealthy(pool: EndpointPool): boolean {
    return this.#context.isUnhealthy(this.service, this.version, pool.endpoint.url, pool.address);
  }

  /** Health checks have said something new. */
  refreshHealth(): void {
    for (const pool of this.#pools.values()) pool.set('unhealthy', this.#isUnhealthy(pool));
  }

  #retire(key: string, pool: EndpointPool): void {
    this.#pools.delete(key);
    pool.isRetired = true;
    pool.ejection?.close();
    pool.ejection = null;
    pool.closeIdle();
  }

  /** The balancer is kept while nothing changes, so that a reload does not begin its rounds anew. */
  #balance(members: readonly EndpointPool[]): void {
    const { balance } = this.#plan;
    const balanced = members.map(({ endpoint, address }) => {
      return { url: address === '' ? endpoint.url : `${endpoint.url} ${address}`, weight: endpoint.weight };
    });
    const balancedBy = JSON.stringify([balance, balanced]);
    this.members = members;
    this.hashSource = balance.kind === 'hash' && members.length > 1 ? balance.source : null;
    if (balancedBy === this.#balancedBy) return;
    this.#balancedBy = balancedBy;
    this.#balancer = buildBalancer(balance, balanced, this.service);
  }

  #judge(): void {
    if (this.#isRefreshing) return;
    let usable = 0;
    let eligible = 0;
    for (const pool of this.members) {
      if (!pool.isDraining) eligible += 1;
      if (pool.isUsable) usable += 1;
    }
    this.hasUsable = usable > 0;
    this.isPanicking = usable < eligible * PANIC_BELOW;
    this.#onChange();
  }

  /** The endpoint whose turn it is; null: there is none that this wish can have. */
  pick(wish: EndpointWish): EndpointPool | null {
    const { members } = this;
    if (members.length === 1) {
      const only = members[0] as EndpointPool;
      return isEligible(only, wish) ? only : null;
    }
    this.#wish = wish;
    const place = this.#balancer.next(this.#isCandidate, this.#inFlight, wish.balanceKey, this.#context.random);
    return place < 0 ? null : (members[place] as EndpointPool);
  }

  has(wish: EndpointWish): boolean {
    for (const pool of this.members) if (isEligible(pool, wish)) return true;
    return false;
  }

  mayEject({ maxEjectedPercent }: OutlierDetection): boolean {
    const { members } = this;
    const ejected = members.filter((pool) => pool.has('ejected')).length;
    if ((ejected + 1) * 100 <= maxEjectedPercent * members.length) return true;
    return this.helpers.some((helper) => helper.hasUsable);
  }

  /** One row for each endpoint of the configuration; a name's has its addresses. */
  report(): EndpointReport[] {
    const { service, version } = this;
    return this.#plan.endpoints.map((endpoint) => {
      const { url } = endpoint;
      const pools = this.#reportedPools(endpoint);
      const usable = pools.some((pool) => pool.isUsable);
      const reason = usable
        ? ''
        : (pools[0]?.unusableReason ?? (this.#plan.isDrained(url) ? 'draining' : 'unresolved'));
      if (nameToLookUp(endpoint) === null) return { service, version, url, usable, reason };
      const addresses = pools.map(({ address, isUsable, unusableReason }) => {
        return { address, usable: isUsable, reason: unusableReason };
      });
      return { service, version, url, usable, reason, addresses };
    });
  }

  #reportedPools({ url }: Endpoint): readonly EndpointPool[] {
    return [...this.#pools.values()].filter((pool) => pool.endpoint.url === url);
  }

  get idleCount(): number {
    let idle = 0;
    for (const pool of this.members) idle += pool.idleCount;
    return idle;
  }
}

function isEligible(pool: EndpointPool, { tried, takesUnusable }: EndpointWish): boolean {
  return (pool.isUsable || (takesUnusable && !pool.isDraining)) && (tried.length === 0 || !tried.includes(pool));
}

const NO_PLAN: EndpointPlan = {
  endpoints: [],
  balance: { kind: 'random' },
  outlierDetection: null,
  isDrained: () => false,
};
const NO_BALANCER: Balancer = { next: () => -1 };
const NO_WISH: EndpointWish = { tried: [], balanceKey: null, takesUnusable: false };
