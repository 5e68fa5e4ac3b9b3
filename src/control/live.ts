import { drainedVersion } from '../config/live.ts';
import type { Config, LiveState, SplitEntryConfig } from '../config/model.ts';
import { carryIgnored } from './mirror-ignores.ts';

/** A route's weights by version, as given: relative, not normalised. */
export type Weights = Readonly<Record<string, number>>;

export function weightsOf(split: readonly SplitEntryConfig[]): Weights {
  return Object.fromEntries(split.map(({ version, weight }) => [version, weight]));
}

/** What became of the live state when another configuration came. */
export interface CarriedLive {
  readonly live: LiveState;
  /** One sentence for each live value that was dropped. */
  readonly dropped: readonly string[];
}

/**
 * The live values that outlive a change of the file: those of routes and switches that are still there and that the change
 * did not touch. `before` null: nothing is known of an earlier file, so nothing counts as touched.
 */
export function carryLive(live: LiveState, before: Config | null, after: Config): CarriedLive {
  const dropped: string[] = [];
  const weights: Record<string, Weights> = {};
  for (const [name, given] of Object.entries(live.weights)) {
    const reason = whyWeightsDrop(name, given, before, after);
    if (reason === null) weights[name] = given;
    else dropped.push(`the live weights of route ${name} are dropped: ${reason}`);
  }
  const switches: Record<string, boolean> = {};
  for (const [name, on] of Object.entries(live.switches)) {
    const reason = whySwitchDrops(name, before, after);
    if (reason === null) switches[name] = on;
    else dropped.push(`the live state of switch ${name} is dropped: ${reason}`);
  }
  const drained = (live.drained ?? []).filter((target) => isDrainable(target, after));
  for (const target of live.drained ?? []) {
    if (!drained.includes(target)) dropped.push(`${target} is no longer drained: it is gone`);
  }
  const ignored = carryIgnored(live.ignored ?? {}, after, dropped);
  return {
    live: {
      weights,
      switches,
      ...(drained.length > 0 ? { drained } : {}),
      ...(Object.keys(ignored).length > 0 ? { ignored } : {}),
    },
    dropped,
  };
}

/** Whether an endpoint's URL, or `service/version`, names something. */
export function isDrainable(target: string, { services }: Config): boolean {
  return services.some(({ name, versions }) =>
    versions.some(
      (version) => target === drainedVersion(name, version.name) || version.endpoints.some(({ url }) => url === target),
    ),
  );
}

export function isSameWeights(one: Weights, other: Weights): boolean {
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...names].every((name) => (one[name] ?? 0) === (other[name] ?? 0));
}

function whyWeightsDrop(name: string, given: Weights, before: Config | null, after: Config): string | null {
  const route = after.routes.find((candidate) => candidate.name === name);
  if (route === undefined) return 'the route is gone';
  const earlier = before?.routes.find((candidate) => candidate.name === name);
  if (earlier !== undefined && JSON.stringify(earlier.split) !== JSON.stringify(route.split))
    return 'the file changed its split';
  const versions = after.services.find((service) => service.name === route.service)?.versions ?? [];
  const missing = Object.keys(given).find((version) => !versions.some((known) => known.name === version));
  return missing === undefined ? null : `version ${missing} is gone`;
}

function whySwitchDrops(name: string, before: Config | null, after: Config): string | null {
  const later = after.switches.find((candidate) => candidate.name === name);
  if (later === undefined) return 'the switch is gone';
  const earlier = before?.switches.find((candidate) => candidate.name === name);
  return earlier !== undefined && earlier.on !== later.on ? 'the file changed it' : null;
}
