import type { Config } from '../config/model.ts';
import { weightsOf } from './live.ts';

/** Since which generation each thing that can be steered is as it is now: what a caller must have seen to change it. */
export interface ObjectRevisions {
  /** Of a route's weights. */
  readonly routes: ReadonlyMap<string, number>;
  readonly switches: ReadonlyMap<string, number>;
  /** What the revisions above stand for, to be compared with the next. */
  readonly values: ReadonlyMap<string, string>;
}

export const NO_REVISIONS: ObjectRevisions = { routes: new Map(), switches: new Map(), values: new Map() };

/** The revisions after `generation`, which put `effective` in force: its own number for whatever differs from before. */
export function nextRevisions(before: ObjectRevisions, generation: number, effective: Config): ObjectRevisions {
  const values = new Map<string, string>();
  const revisionOf = (key: string, value: string, earlier: number | undefined): number => {
    values.set(key, value);
    return earlier !== undefined && before.values.get(key) === value ? earlier : generation;
  };
  const routes = new Map<string, number>();
  for (const { name, split } of effective.routes) {
    const value = JSON.stringify(weightsOf(split));
    routes.set(name, revisionOf(`route ${name}`, value, before.routes.get(name)));
  }
  const switches = new Map<string, number>();
  for (const { name, on } of effective.switches) {
    switches.set(name, revisionOf(`switch ${name}`, `${on}`, before.switches.get(name)));
  }
  return { routes, switches, values };
}
