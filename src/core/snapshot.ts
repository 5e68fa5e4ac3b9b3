import type { IgnoredFields } from './comparing/ignored-fields.ts';
import type { CidrSet } from './matching/cidr.ts';
import type { Condition } from './matching/condition.ts';
import type { RouteTable } from './matching/route-table.ts';
import type { MirrorSample } from './splitting/sample.ts';
import type { Split } from './splitting/split.ts';
import type { StickySource } from './splitting/sticky-key.ts';

/**
 * One compiled generation of the configuration: immutable, complete, checked. A request takes it once and keeps it to the
 * end. Nothing in it changes; run-time facts (health, connections, counters) live outside, keyed by stable identity.
 */
export interface Snapshot {
  readonly generation: number;
  readonly listeners: readonly ListenerSpec[];
  readonly services: ReadonlyMap<string, Service>;
  /** Every version of every service; `version.index` is the place here. */
  readonly versions: readonly Version[];
  readonly routes: readonly Route[];
  readonly table: RouteTable;
  /** Every (route, rule, version) a request can be meant for; `arm.index` is the place here. */
  readonly arms: readonly Arm[];
  /** Every mirror of every route and rule; `mirror.index` is the place here. */
  readonly mirrors: readonly Mirror[];
  /** Lower-case names of the header fields that any route looks at. The wire looks at no others. */
  readonly headerNames: readonly string[];
  readonly switches: ReadonlyMap<string, boolean>;
  /** What gets no new request: endpoint URLs as written, and versions as `service/version`. */
  readonly drained: ReadonlySet<string>;
  readonly mirroring: { readonly maxBytes: number };
  readonly graceMs: number;
}

export interface ListenerSpec {
  readonly name: string;
  /** `host:port`; port 0 asks for a free one. */
  readonly address: string;
  readonly trustedProxies: CidrSet;
  readonly proxyProtocol: boolean;
  readonly limits: ListenerLimits;
  readonly timeouts: ListenerTimeouts;
  readonly path: PathPolicy;
  readonly underscores: 'drop' | 'keep' | 'reject';
}

export interface ListenerLimits {
  /** Bytes of one request head, request line included. */
  readonly headerBytes: number;
  readonly headerCount: number;
  readonly targetBytes: number;
  readonly bodyBytes: number;
  readonly connections: number;
  readonly connectionsPerClient: number;
}

/** All in milliseconds. `bodyMs` and `sendMs` bound the longest gap, never a total. */
export interface ListenerTimeouts {
  readonly headerMs: number;
  readonly bodyMs: number;
  readonly idleMs: number;
  readonly sendMs: number;
}

export interface PathPolicy {
  readonly dotSegments: 'reject' | 'resolve' | 'keep';
  readonly encodedSlash: 'keep' | 'reject';
  readonly mergeSlashes: boolean;
}

export interface Service {
  readonly name: string;
  readonly protocol: 'http1' | 'h2';
  readonly versions: readonly Version[];
  readonly pool: PoolSettings;
  readonly balance: Balance;
  readonly healthCheck: HealthCheck | null;
  readonly outlierDetection: OutlierDetection | null;
}

export type Balance =
  | { readonly kind: 'round-robin' }
  | { readonly kind: 'least-request' }
  | { readonly kind: 'random' }
  | { readonly kind: 'hash'; readonly source: StickySource };

export interface PoolSettings {
  /** Per version, for the whole gateway. */
  readonly maxConnections: number;
  readonly maxPending: number;
  readonly pendingTimeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly firstByteMs: number;
  readonly idleTimeoutMs: number;
}

export interface HealthCheck {
  readonly path: string;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly unhealthyAfter: number;
  readonly healthyAfter: number;
}

export interface OutlierDetection {
  readonly consecutiveFailures: number;
  readonly ejectForMs: number;
  readonly maxEjectedPercent: number;
}

export interface Version {
  readonly index: number;
  readonly service: string;
  readonly name: string;
  readonly endpoints: readonly Endpoint[];
}

export interface Endpoint {
  /** Stable identity, as written in the file: `http://10.0.0.11:9000`, `unix:/run/app.sock`. */
  readonly url: string;
  readonly tls: boolean;
  /** A name or an address without brackets; '' for a unix socket. */
  readonly host: string;
  readonly port: number;
  /** The socket's path; '' unless the endpoint is a unix socket. */
  readonly socketPath: string;
  readonly weight: number;
}

export interface Route {
  readonly index: number;
  readonly name: string;
  readonly service: Service;
  readonly stable: Version;
  /** What `always` of an override means: the only other version in the split; null when there is no such one. */
  readonly candidate: Version | null;
  /** Set while a release in force has aborted or taken over; wins over lane, override, rules and split. */
  readonly overlay: Overlay | null;
  readonly override: Override | null;
  readonly rules: readonly Rule[];
  /** The arms without a rule, one for each version of the service, in the service's order. */
  readonly arms: readonly Arm[];
  readonly split: Split;
  /** First present wins; empty: random per request. */
  readonly sticky: readonly StickySource[];
  /** The name of the cookie to mint when no earlier source gave a key; null: none. */
  readonly visitorCookie: string | null;
  readonly salt: string;
  readonly mirrors: readonly Mirror[];
  readonly fallback: Version | null;
  /** Until the response is complete, tries included; null: no limit. */
  readonly timeoutMs: number | null;
  readonly retry: Retry | null;
  readonly headers: HeaderRules;
  readonly decisionHeaders: boolean;
  readonly lane: boolean;
  readonly maxMatchBodyBytes: number;
}

export interface Rule {
  readonly index: number;
  readonly name: string;
  readonly when: Condition;
  /** Exactly one of `to` and `split` is set. */
  readonly to: Arm | null;
  readonly split: Split | null;
  /** What the rule carries replaces the route's; null: the route's holds. */
  readonly mirrors: readonly Mirror[] | null;
  readonly headers: HeaderRules | null;
  readonly timeoutMs: number | null;
  readonly retry: Retry | null;
}

/** Further tries of a request that failed before the client got a byte of an answer. */
export interface Retry {
  /** Tries after the first, on whatever occasion. */
  readonly attempts: number;
  /** Nothing was sent: holds for every method. */
  readonly onConnectFailure: boolean;
  /** The connection was lost, or too slow to answer, before a byte of the response. */
  readonly onReset: boolean;
  readonly onStatus: ReadonlySet<number>;
  /** Methods that may be sent twice, their body held whole. */
  readonly methods: ReadonlySet<string>;
  /** How long one try may take to begin its answer; null: no limit of its own. */
  readonly perTryMs: number | null;
  /** Who gets the further tries; null: the version that was chosen. */
  readonly to: Version | null;
}

/**
 * What a release in force lays over a route. Take-over: everybody gets `version`. Abort: wherever `version` (the candidate)
 * would be chosen, stable is; everything else stays.
 */
export interface Overlay {
  readonly kind: 'abort' | 'take-over';
  readonly version: Version;
}

/** Who was meant: the unit that is counted, judged and shown. One object per (route, rule, version) of a snapshot. */
export interface Arm {
  readonly index: number;
  readonly route: Route;
  /** null: the route's own split, an override or an overlay chose. */
  readonly rule: Rule | null;
  readonly version: Version;
}

export interface Override {
  /** Lower-case header name; null: none. */
  readonly header: string | null;
  readonly cookie: string | null;
  /** Whose override is honoured; null: everybody's. */
  readonly from: CidrSet | null;
}

/** Applied in the order remove, set, add. Names lower case for comparison, `text` spelling as written. */
export interface HeaderRules {
  readonly request: HeaderOperations;
  readonly response: HeaderOperations;
}

export interface HeaderOperations {
  readonly set: readonly HeaderLine[];
  readonly add: readonly HeaderLine[];
  /** Lower-case names. */
  readonly remove: readonly string[];
}

export interface HeaderLine {
  readonly name: string;
  /** Byte string; checked at load, holds no CR, LF or NUL. */
  readonly value: string;
}

export interface Mirror {
  readonly index: number;
  /** The label: the target version's name; of a baseline `TARGET/baseline`. */
  readonly name: string;
  readonly route: string;
  /** The rule that carries it; null: it is the route's own. */
  readonly rule: string | null;
  readonly target: Version;
  readonly sample: MirrorSample;
  readonly methods: ReadonlySet<string>;
  readonly timeoutMs: number;
  readonly maxBodyBytes: number;
  readonly maxInFlight: number;
  readonly credentials: 'drop' | 'keep';
  /** Appended to the host that the copy names; '' as a rule. */
  readonly hostSuffix: string;
  readonly headers: HeaderOperations;
  /** null: answers are thrown away unseen. */
  readonly compare: MirrorCompare | null;
}

/** How a shadow's answers are compared with the primary's. */
export interface MirrorCompare {
  readonly ignored: IgnoredFields;
  /** Gets a second copy, so that what differs by itself is known; null: nobody does. Has no `compare` of its own. */
  readonly baseline: Mirror | null;
  /** Answers with a larger body are not compared. */
  readonly maxAnswerBytes: number;
}
