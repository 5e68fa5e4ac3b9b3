import type { Config } from '../config/model.ts';
import { weightsOf } from './live.ts';
import { comparedMirrors } from './mirror-ignores.ts';

/** Since which generation each thing that can be steered is as it is now: what a caller must have seen to change it. */
export interface ObjectRevisions {
  /** Of a route's weights. */
  readonly routes: ReadonlyMap<string, number>;
  readonly switches: ReadonlyMap<string, number>;
  /** Of what a mirror's comparison ignores, by `mirrorObject`. */
  readonly mirrors: ReadonlyMap<string, number>;
  /** What the revisions above stand for, to be compared with the next. */
  readonly values: ReadonlyMap<string, string>;
}

/** The revisions as they are kept: of ten thousand routes nearly all have the same. */
export interface StoredRevisions {
  /** Of every route that is not named. */
  readonly routesElse: number;
  readonly routes: Readonly<Record<string, number>>;
  readonly switches: Readonly<Record<string, number>>;
  readonly mirrors?: Readonly<Record<string, number>>;
}

export const NO_REVISIONS: ObjectRevisions = {
  routes: new Map(),
  switches: new Map(),
  mirrors: new Map(),
  values: new Map(),
};
export const NO_STORED_REVISIONS: StoredRevisions = { routesElse: 0, routes: {}, switches: {} };

/** The revisions after `generation`, which put `effective` in force: its own number for whatever differs from before. */
export function nextRevisions(before: ObjectRevisions, generation: number, effective: Config): ObjectRevisions {
  const values = valuesOf(effective);
  const revisionOf = (key: string, earlier: number | undefined): number =>
    earlier !== undefined && before.values.get(key) === values.get(key) ? earlier : generation;
  const routes = new Map<string, number>();
  for (const { name } of effective.routes) routes.set(name, revisionOf(routeKey(name), before.routes.get(name)));
  const switches = new Map<string, number>();
  for (const { name } of effective.switches) switches.set(name, revisionOf(switchKey(name), before.switches.get(name)));
  const mirrors = new Map<string, number>();
  for (const { object } of comparedMirrors(effective)) {
    mirrors.set(object, revisionOf(mirrorKey(object), before.mirrors.get(object)));
  }
  return { routes, switches, mirrors, values };
}

export function storeRevisions({ routes, switches, mirrors }: ObjectRevisions): StoredRevisions {
  const counts = new Map<number, number>();
  for (const revision of routes.values()) counts.set(revision, (counts.get(revision) ?? 0) + 1);
  const [routesElse] = [...counts].reduce((most, one) => (one[1] > most[1] ? one : most), [0, 0]);
  const others = [...routes].filter(([, revision]) => revision !== routesElse);
  return {
    routesElse,
    routes: Object.fromEntries(others),
    switches: Object.fromEntries(switches),
    ...(mirrors.size > 0 ? { mirrors: Object.fromEntries(mirrors) } : {}),
  };
}

/** The revisions of an earlier life, which ended with `effective` in force. */
export function restoreRevisions(stored: StoredRevisions, effective: Config): ObjectRevisions {
  const routes = new Map<string, number>();
  for (const { name } of effective.routes) {
    const revision = Object.hasOwn(stored.routes, name) ? stored.routes[name]! : stored.routesElse;
    if (revision > 0) routes.set(name, revision);
  }
  const switches = new Map(Object.entries(stored.switches));
  const mirrors = new Map(Object.entries(stored.mirrors ?? {}));
  return { routes, switches, mirrors, values: valuesOf(effective) };
}

function valuesOf(effective: Config): Map<string, string> {
  const values = new Map<string, string>();
  for (const { name, split } of effective.routes) values.set(routeKey(name), JSON.stringify(weightsOf(split)));
  for (const { name, on } of effective.switches) values.set(switchKey(name), `${on}`);
  for (const { object, ignore } of comparedMirrors(effective)) values.set(mirrorKey(object), JSON.stringify(ignore));
  return values;
}

function routeKey(name: string): string {
  return `route ${name}`;
}

function switchKey(name: string): string {
  return `switch ${name}`;
}

function mirrorKey(object: string): string {
  return `mirror ${object}`;
}
