import type { Condition } from '../../../src/core/matching/condition.ts';
import { buildRouteTable, type RouteEntry, type RoutePath } from '../../../src/core/matching/route-table.ts';
import type {
  Arm,
  HeaderRules,
  Mirror,
  Overlay,
  Override,
  Route,
  Rule,
  Service,
  Snapshot,
  Version,
} from '../../../src/core/snapshot.ts';
import { buildMirrorSample } from '../../../src/core/splitting/sample.ts';
import { buildSplit, type Split } from '../../../src/core/splitting/split.ts';
import type { StickySource } from '../../../src/core/splitting/sticky-key.ts';

export type Weights = Readonly<Record<string, number>>;

export interface SampleRule {
  readonly name: string;
  readonly when: Condition;
  readonly to?: string;
  readonly split?: Weights;
}

export interface SampleRoute {
  readonly name?: string;
  readonly hosts?: readonly string[];
  readonly path?: RoutePath;
  readonly methods?: readonly string[];
  readonly match?: Condition | null;
  readonly versions?: readonly string[];
  readonly stable?: string;
  readonly candidate?: string | null;
  readonly overlay?: { readonly kind: Overlay['kind']; readonly version: string };
  readonly override?: Override;
  readonly lane?: boolean;
  readonly rules?: readonly SampleRule[];
  readonly split?: Weights;
  readonly sticky?: readonly StickySource[];
  readonly salt?: string;
  readonly mirrors?: readonly { readonly to: string; readonly percent: number }[];
}

/** A snapshot of these routes, each with a service of its own, compiled as the configuration would be. */
export function sampleSnapshot(...samples: readonly SampleRoute[]): Snapshot {
  const arms: Arm[] = [];
  const entries = samples.map((sample, index) => buildEntry(sample, index, arms));
  const routes = entries.map((entry) => entry.route);
  return {
    generation: 1,
    listeners: [],
    services: new Map(routes.map((route) => [route.service.name, route.service])),
    versions: routes.flatMap((route) => route.service.versions),
    routes,
    table: buildRouteTable(entries),
    arms,
    mirrors: [],
    headerNames: [],
    switches: new Map(),
    drained: new Set(),
    mirroring: { maxBytes: 0 },
    graceMs: 0,
  };
}

function buildEntry(sample: SampleRoute, index: number, arms: Arm[]): RouteEntry {
  const split = sample.split ?? { v1: 95, v2: 5 };
  const service = buildService(`service-${index}`, sample.versions ?? Object.keys(split));
  const find = (name: string): Version => service.versions.find((version) => version.name === name) as Version;
  const salt = sample.salt ?? sample.name ?? `route-${index}`;
  const rules: Rule[] = [];
  const ownArms: Arm[] = [];
  const route: Route = {
    index,
    name: sample.name ?? `route-${index}`,
    service,
    stable: find(sample.stable ?? Object.keys(split)[0] ?? 'v1'),
    candidate: sample.candidate ? find(sample.candidate) : null,
    overlay: sample.overlay ? { kind: sample.overlay.kind, version: find(sample.overlay.version) } : null,
    override: sample.override ?? null,
    rules,
    arms: ownArms,
    // Filled in below: an arm needs its route, and a split its arms.
    split: null as unknown as Split,
    sticky: sample.sticky ?? [],
    visitorCookie: sample.sticky?.find((source) => source.kind === 'visitor-cookie')?.name ?? null,
    salt,
    mirrors: (sample.mirrors ?? []).map((mirror, at) => buildMirror(at, salt, find(mirror.to), mirror.percent)),
    fallback: null,
    timeoutMs: null,
    retry: null,
    headers: noHeaders,
    decisionHeaders: false,
    lane: sample.lane ?? false,
    maxMatchBodyBytes: 65536,
  };
  const armFor = (rule: Rule | null, version: Version): Arm => {
    const arm = { index: arms.length, route, rule, version };
    arms.push(arm);
    return arm;
  };
  for (const version of service.versions) ownArms.push(armFor(null, version));
  Object.assign(route, {
    split: buildSplit(
      splitEntries(split, (name) => ownArms.find((arm) => arm.version === find(name)) as Arm),
      salt,
    ),
  });
  sample.rules?.forEach((rule, at) => {
    const built = { ...noRule, index: at, name: rule.name, when: rule.when };
    const armOfRule = (name: string): Arm => armFor(built, find(name));
    if (rule.to !== undefined) Object.assign(built, { to: armOfRule(rule.to) });
    else Object.assign(built, { split: buildSplit(splitEntries(rule.split ?? {}, armOfRule), `${salt}/${rule.name}`) });
    rules.push(built);
  });
  const path = sample.path ?? { kind: 'other', value: '', condition: null };
  return { route, hosts: sample.hosts ?? [], path, methods: sample.methods ?? [], when: sample.match ?? null };
}

function splitEntries(weights: Weights, armFor: (version: string) => Arm) {
  return Object.entries(weights).map(([name, weight]) => ({ arm: armFor(name), name, weight }));
}

/** Arms for a split alone, without a route behind them. */
export function sampleSplit(weights: Weights, salt = 'salt'): Split {
  const route = {} as Route;
  const versions = Object.keys(weights).map((name, index): Version => ({ index, service: 's', name, endpoints: [] }));
  const arms = versions.map((version, index): Arm => ({ index, route, rule: null, version }));
  return buildSplit(
    splitEntries(weights, (name) => arms.find((arm) => arm.version.name === name) as Arm),
    salt,
  );
}

function buildService(name: string, versions: readonly string[]): Service {
  return {
    name,
    protocol: 'http1',
    versions: versions.map((version, index) => ({ index, service: name, name: version, endpoints: [] })),
    pool: {
      maxConnections: 1,
      maxPending: 1,
      pendingTimeoutMs: 1,
      connectTimeoutMs: 1,
      firstByteMs: 1,
      idleTimeoutMs: 1,
    },
    balance: { kind: 'least-request' },
    healthCheck: null,
    outlierDetection: null,
  };
}

function buildMirror(index: number, salt: string, target: Version, percent: number): Mirror {
  return {
    index,
    name: target.name,
    route: salt,
    rule: null,
    target,
    sample: buildMirrorSample({ percent, salt, target: target.name }),
    methods: new Set(['GET', 'HEAD', 'OPTIONS']),
    timeoutMs: 5000,
    maxBodyBytes: 262_144,
    maxInFlight: 64,
    credentials: 'drop',
    hostSuffix: '',
    headers: noHeaders.request,
    compare: null,
  };
}

const noHeaders: HeaderRules = {
  request: { set: [], add: [], remove: [] },
  response: { set: [], add: [], remove: [] },
};
const noRule = { to: null, split: null, mirrors: null, headers: null, timeoutMs: null, retry: null };
