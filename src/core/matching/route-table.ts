import { toByteString } from '../byte-string.ts';
import type { Route } from '../snapshot.ts';
import { allOf } from './combine.ts';
import type { Condition, Trial } from './condition.ts';
import { endsSegment, segmentPrefix } from './path.ts';

/** What a route matches. Every part must hold. */
export interface RouteEntry {
  readonly route: Route;
  /** Lower-case patterns: `a.example`, `*.example.com`, `*`; empty: every host. */
  readonly hosts: readonly string[];
  readonly path: RoutePath;
  /** Empty: every method. */
  readonly methods: readonly string[];
  /** What else must hold; null: nothing. */
  readonly when: Condition | null;
}

/** `prefix` (by segments) and `exact` are looked up by `value`, as written; `other` is tested by `condition`, null: every path. */
export interface RoutePath {
  readonly kind: 'prefix' | 'exact' | 'other';
  readonly value: string;
  readonly condition: Condition | null;
}

/** Finds the first route in file order that matches, at a cost that hardly grows with their number. */
export interface RouteTable {
  /** In file order. */
  readonly entries: readonly RouteEntry[];
  /** The largest body that any of the routes looks at, in bytes. */
  readonly maxMatchBodyBytes: number;
  /** 'unread': whether the first route that may match does so lies in the body. */
  find(trial: Trial): Route | 'unread' | null;
}

export function buildRouteTable(entries: readonly RouteEntry[]): RouteTable {
  return new IndexedRouteTable(entries);
}

/** An entry in the lists of the index: what its list does not say already. */
interface Candidate {
  /** Its place in file order. */
  readonly order: number;
  readonly methods: readonly string[] | null;
  readonly condition: Condition | null;
}

/**
 * How far a search has come, in one number so that it costs no memory: twice the order of the first candidate found so far,
 * plus one if that one is unread.
 */
type Found = number;
const nothingFound: Found = Number.MAX_SAFE_INTEGER;

/** Entries by host: exact name, the suffix of a wildcard, or any; each with its entries by path. */
class IndexedRouteTable implements RouteTable {
  readonly entries: readonly RouteEntry[];
  readonly maxMatchBodyBytes: number;
  readonly #anyHost = new PathIndex();
  readonly #exactHosts = new Map<string, PathIndex>();
  /** By `.example.com`. */
  readonly #hostSuffixes = new Map<string, PathIndex>();
  /** The lengths that occur among the suffixes: a hostile host is not looked up at each of its dots. */
  readonly #suffixLengths: readonly number[];

  constructor(entries: readonly RouteEntry[]) {
    this.entries = entries;
    this.maxMatchBodyBytes = entries.reduce((most, { route }) => Math.max(most, route.maxMatchBodyBytes), 0);
    entries.forEach((entry, order) => {
      for (const index of this.#indexesFor(entry.hosts)) index.add(entry, order);
    });
    this.#suffixLengths = lengthsOf(this.#hostSuffixes);
    for (const index of [this.#anyHost, ...this.#exactHosts.values(), ...this.#hostSuffixes.values()]) index.seal();
  }

  find(trial: Trial): Route | 'unread' | null {
    const { host } = trial.request;
    let found = this.#anyHost.find(trial, nothingFound);
    if (this.#exactHosts.size > 0) found = this.#exactHosts.get(host)?.find(trial, found) ?? found;
    for (let i = 0; i < this.#suffixLengths.length; i++) {
      const at = host.length - (this.#suffixLengths[i] as number);
      if (at <= 0) break;
      if (host[at] === '.') found = this.#hostSuffixes.get(host.slice(at))?.find(trial, found) ?? found;
    }
    if (found === nothingFound) return null;
    return found % 2 === 1 ? 'unread' : (this.entries[found / 2] as RouteEntry).route;
  }

  #indexesFor(hosts: readonly string[]): Set<PathIndex> {
    if (hosts.length === 0) return new Set([this.#anyHost]);
    return new Set(
      hosts.map((host) => {
        if (host === '*') return this.#anyHost;
        return host.startsWith('*.')
          ? ensure(this.#hostSuffixes, host.slice(1), newPathIndex)
          : ensure(this.#exactHosts, host, newPathIndex);
      }),
    );
  }
}

/** The entries of one host by path: exact, by segment prefix, or tested one by one; each list in file order. */
class PathIndex {
  readonly #exact = new Map<string, Candidate[]>();
  readonly #prefixes = new Map<string, Candidate[]>();
  readonly #others: Candidate[] = [];
  #prefixLengths: readonly number[] = [];

  add(entry: RouteEntry, order: number): void {
    const { kind, value } = entry.path;
    const pathCondition = kind === 'other' ? entry.path.condition : null;
    const conditions = [pathCondition, entry.when].filter((condition) => condition !== null);
    const candidate: Candidate = {
      order,
      methods: entry.methods.length === 0 ? null : entry.methods,
      condition: conditions.length === 0 ? null : allOf(conditions),
    };
    if (kind === 'exact') ensure(this.#exact, toByteString(value), newList).push(candidate);
    else if (kind === 'prefix') ensure(this.#prefixes, segmentPrefix(value), newList).push(candidate);
    else this.#others.push(candidate);
  }

  seal(): void {
    this.#prefixLengths = lengthsOf(this.#prefixes);
  }

  find(trial: Trial, before: Found): Found {
    const { path } = trial.request;
    let found = before;
    if (this.#exact.size > 0) found = firstOf(this.#exact.get(path), trial, found);
    for (let i = 0; i < this.#prefixLengths.length; i++) {
      const length = this.#prefixLengths[i] as number;
      if (length > path.length) break;
      if (endsSegment(path, length)) found = firstOf(this.#prefixes.get(path.slice(0, length)), trial, found);
    }
    return firstOf(this.#others, trial, found);
  }
}

/** The first of the candidates that matches or is unread, if it comes before what was found already. */
function firstOf(candidates: readonly Candidate[] | undefined, trial: Trial, found: Found): Found {
  if (candidates === undefined) return found;
  for (let i = 0; i < candidates.length; i++) {
    const candidate = candidates[i] as Candidate;
    const place = candidate.order * 2;
    if (place > found) return found;
    if (candidate.methods !== null && !candidate.methods.includes(trial.request.method)) continue;
    if (candidate.condition === null) return place;
    const truth = candidate.condition.test(trial);
    if (truth === 'true') return place;
    if (truth === 'unread') return place + 1;
  }
  return found;
}

/** The lengths that occur among the keys, ascending. */
function lengthsOf(byText: ReadonlyMap<string, unknown>): readonly number[] {
  return [...new Set([...byText.keys()].map((text) => text.length))].sort((a, b) => a - b);
}

function ensure<T>(map: Map<string, T>, key: string, make: () => T): T {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}

const newPathIndex = (): PathIndex => new PathIndex();
const newList = (): Candidate[] => [];
