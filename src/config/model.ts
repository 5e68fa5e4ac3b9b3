import type { BodySource } from '../core/body/body-source.ts';
import type { PlacePart } from '../core/matching/place.ts';
import type {
  HealthCheck,
  ListenerLimits,
  ListenerTimeouts,
  OutlierDetection,
  PathPolicy,
  PoolSettings,
} from '../core/snapshot.ts';
import type { TimeWindow } from '../core/time/time-window.ts';

/**
 * The validated configuration as plain data: defaults filled in, durations in ms, sizes in bytes, scalars as the text written
 * in the file, maps as arrays in file order. It survives JSON and structured clone unchanged: this is what travels to the
 * workers, and every worker compiles the same snapshot from it.
 */
export interface Config {
  readonly version: 1;
  /** As written; relative to the directory of the configuration file. */
  readonly state: string;
  readonly graceMs: number;
  readonly listeners: readonly ListenerConfig[];
  readonly admin: AdminConfig;
  readonly accessLog: AccessLogConfig | null;
  readonly mirroring: { readonly maxBytes: number };
  readonly geo: GeoConfig;
  readonly services: readonly ServiceConfig[];
  readonly routes: readonly RouteConfig[];
  readonly switches: readonly { readonly name: string; readonly on: boolean }[];
}

/** Where places come from. */
export interface GeoConfig {
  /** Whether a database is asked at all, and which: a path as written, null the one that comes with the gateway. */
  readonly database: { readonly path: string | null } | null;
  /** Lower-case names of headers that trusted peers set; they outrank the database. */
  readonly headers: Readonly<Record<PlacePart, string | null>>;
}

export interface ListenerConfig {
  readonly name: string;
  readonly address: string;
  readonly trustedProxies: readonly string[];
  readonly proxyProtocol: boolean;
  readonly limits: ListenerLimits;
  readonly timeouts: ListenerTimeouts;
  readonly path: PathPolicy;
  readonly underscores: 'drop' | 'keep' | 'reject';
}

export interface AdminConfig {
  readonly address: string;
  /** null: no tokens; then only loopback addresses are allowed and every caller is operator. */
  readonly tokens: { readonly viewer: string | null; readonly operator: string | null } | null;
  readonly metrics: 'token' | 'open';
}

export interface AccessLogConfig {
  /** 'stdout' or a file path. */
  readonly to: string;
  readonly only: 'all' | 'errors' | { readonly samplePercent: number };
}

export interface ServiceConfig {
  readonly name: string;
  readonly protocol: 'http1' | 'h2';
  readonly versions: readonly VersionConfig[];
  readonly balance: BalanceConfig;
  readonly pool: PoolSettings;
  readonly healthCheck: HealthCheck | null;
  readonly outlierDetection: OutlierDetection | null;
}

export type BalanceConfig =
  | { readonly kind: 'round-robin' | 'least-request' | 'random' }
  | { readonly kind: 'hash'; readonly source: Exclude<StickyConfig, { readonly kind: 'body' }> };

export interface VersionConfig {
  readonly name: string;
  readonly endpoints: readonly { readonly url: string; readonly weight: number }[];
}

export interface RouteConfig {
  readonly name: string;
  readonly match: RouteMatchConfig;
  readonly service: string;
  /** Default filled in: the first version in `split`. */
  readonly stable: string;
  readonly override: OverrideConfig | null;
  readonly rules: readonly RuleConfig[];
  readonly split: readonly SplitEntryConfig[];
  readonly sticky: readonly StickyConfig[];
  /** Default filled in: the route's name. */
  readonly salt: string;
  readonly mirrors: readonly MirrorConfig[];
  readonly fallback: string | null;
  readonly timeoutMs: number | null;
  readonly retry: RetryConfig | null;
  readonly maxMatchBodyBytes: number;
  readonly decisionHeaders: boolean;
  readonly lane: boolean;
  readonly headers: HeaderRulesConfig;
}

/** Every part must hold; an empty list or null holds always. Hosts lower case: `a.example`, `*.example.com`, `*`. */
export interface RouteMatchConfig {
  readonly hosts: readonly string[];
  readonly path: PathMatcherConfig | null;
  readonly methods: readonly string[];
  /** Further conditions written beside hosts, path and methods (headers, query, cookie, client ...); null: none. */
  readonly when: ConditionConfig | null;
}

export type PathMatcherConfig =
  /** By path segments: `/a` matches `/a` and `/a/b`, not `/ab`. */
  | { readonly kind: 'path-prefix'; readonly value: string }
  | { readonly kind: 'value'; readonly match: ValueMatcherConfig };

export type ValueMatcherConfig =
  | { readonly kind: 'exact' | 'prefix' | 'suffix' | 'contains' | 'regex'; readonly value: string }
  | { readonly kind: 'in'; readonly values: readonly string[] }
  | { readonly kind: 'in-file'; readonly file: string }
  | { readonly kind: 'present'; readonly present: boolean }
  | { readonly kind: 'not'; readonly of: ValueMatcherConfig };

export type ConditionConfig =
  | { readonly kind: 'all' | 'any'; readonly of: readonly ConditionConfig[] }
  | { readonly kind: 'not'; readonly of: ConditionConfig }
  | { readonly kind: 'path'; readonly match: PathMatcherConfig }
  | { readonly kind: 'method' | 'host'; readonly match: ValueMatcherConfig }
  | { readonly kind: 'header' | 'cookie' | 'query'; readonly name: string; readonly match: ValueMatcherConfig }
  | { readonly kind: 'client'; readonly cidrs: readonly string[] }
  | { readonly kind: 'body'; readonly source: BodySource; readonly value: ValueMatcherConfig }
  /** `value` in the case in which places are compared: codes upper, cities lower. */
  | { readonly kind: 'place'; readonly part: PlacePart; readonly value: ValueMatcherConfig }
  /** `text`: as written, for people. */
  | { readonly kind: 'time'; readonly window: TimeWindow; readonly zone: string; readonly text: string }
  | { readonly kind: 'switch'; readonly name: string }
  | { readonly kind: 'percent'; readonly percent: number };

export interface RuleConfig {
  readonly name: string;
  readonly when: ConditionConfig;
  /** Exactly one of `to` and `split`. */
  readonly to: string | null;
  readonly split: readonly SplitEntryConfig[] | null;
  readonly mirrors: readonly MirrorConfig[] | null;
  readonly timeoutMs: number | null;
  readonly retry: RetryConfig | null;
  readonly headers: HeaderRulesConfig | null;
}

export interface RetryConfig {
  /** Tries after the first. */
  readonly attempts: number;
  /** `connect-failure`, `reset-before-response`, or a status of three digits. */
  readonly on: readonly string[];
  readonly methods: readonly string[];
  /** How long one try may take to begin its answer; null: no limit of its own. */
  readonly perTryMs: number | null;
  /** The version that gets the further tries; null: the same one. */
  readonly to: string | null;
}

export interface SplitEntryConfig {
  readonly version: string;
  readonly weight: number;
}

export type StickyConfig =
  | { readonly kind: 'header' | 'cookie' | 'query' | 'visitor-cookie'; readonly name: string }
  | { readonly kind: 'client-address' }
  | { readonly kind: 'body'; readonly source: BodySource };

export interface OverrideConfig {
  readonly header: string | null;
  readonly cookie: string | null;
  /** CIDRs; null: everybody. */
  readonly from: readonly string[] | null;
}

export interface MirrorConfig {
  readonly to: string;
  readonly percent: number;
  readonly methods: readonly string[];
  readonly timeoutMs: number;
  readonly maxBodyBytes: number;
  readonly maxInFlight: number;
  readonly credentials: 'drop' | 'keep';
  readonly hostSuffix: string;
  readonly headers: HeaderOperationsConfig;
  readonly compare: CompareConfig | null;
}

export interface CompareConfig {
  /** `status`, `body`, `header:NAME`, or a JSON pointer in which `*` is any one step. */
  readonly ignore: readonly string[];
  /** Lower-case names of the only headers compared; null: all but those that always differ. */
  readonly headers: readonly string[] | null;
  /** The version that gets a second copy, to tell noise by. */
  readonly baseline: string | null;
  readonly maxAnswerBytes: number;
}

export interface HeaderRulesConfig {
  readonly request: HeaderOperationsConfig;
  readonly response: HeaderOperationsConfig;
}

export interface HeaderOperationsConfig {
  readonly set: readonly { readonly name: string; readonly value: string }[];
  readonly add: readonly { readonly name: string; readonly value: string }[];
  readonly remove: readonly string[];
}

/**
 * What was changed at run time and lies over the file: live weights, flipped switches. Plain data, travels with the
 * configuration; `applyLive` in live.ts lays it over the file's values.
 */
export interface LiveState {
  /** Route name -> version name -> weight. */
  readonly weights: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Switch name -> on. */
  readonly switches: Readonly<Record<string, boolean>>;
  /** What gets no new request: endpoint URLs as written, and versions as `service/version`. Absent: nothing. */
  readonly drained?: readonly string[];
  /** Route name -> mirror's version -> fields that are not compared, beside those that the file names. Absent: none. */
  readonly ignored?: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
}
