import type { Config, LiveState } from '../config/model.ts';
import { switchInForce, weightsInForce } from './live.ts';

/** Since which generation each thing that can be steered is as it is now: what a caller must have seen to change it. */
export interface ObjectRevisions {
  /** Of a route's weights. */
  readonly routes: ReadonlyMap<string, number>;
  readonly switches: ReadonlyMap<string, number>;
  /** What the revisions above stand for, to be compared with the next. */
  readonly values: ReadonlyMap<string, string>;
}

export const NO_REVISIONS: ObjectRevisions = { routes: new Map(), switches: new Map(), values: new Map() };

/** The revisions after `generation`: its own number for whatever differs from before. */
export function nextRevisions(
  before: ObjectRevisions,
  generation: number,
  config: Config,
  live: LiveState,
): ObjectRevisions {
  const values = new Map<string, string>();
  const revisionOf = (key: string, value: string, earlier: number | undefined): number => {
    values.set(key, value);
    return earlier !== undefined && before.values.get(key) === value ? earlier : generation;
  };
  const routes = new Map<string, number>();
  for (const route of config.routes) {
    const value = JSON.stringify(weightsInForce(route, live));
    routes.set(route.name, revisionOf(`route ${route.name}`, value, before.routes.get(route.name)));
  }
  const switches = new Map<string, number>();
  for (const { name, on } of config.switches) {
    const value = JSON.stringify(switchInForce(name, on, live));
    switches.set(name, revisionOf(`switch ${name}`, value, before.switches.get(name)));
  }
  return { routes, switches, values };
}
