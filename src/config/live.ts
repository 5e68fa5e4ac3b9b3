import type { Config, LiveState, MirrorConfig, RouteConfig, ServiceConfig, SplitEntryConfig } from './model.ts';

/** Lays what was changed at run time over the file's values. What names nothing that is there any more is left out. */
export function applyLive(config: Config, live: LiveState): Config {
  const services = new Map(config.services.map((service) => [service.name, service]));
  const drained = new Set(live.drained);
  const routes = config.routes.map((route) => {
    const weighted = withIgnored(withLiveWeights(route, live, services.get(route.service)), live);
    return drained.size === 0 ? weighted : withoutDrained(weighted, drained);
  });
  const switches = config.switches.map(({ name, on }) => ({ name, on: ownValue(live.switches, name) ?? on }));
  return { ...config, routes, switches };
}

function withLiveWeights(route: RouteConfig, live: LiveState, service: ServiceConfig | undefined): RouteConfig {
  const weights = ownValue(live.weights, route.name);
  if (weights === undefined) return route;
  const split: SplitEntryConfig[] = route.split.map(({ version }) => ({
    version,
    weight: ownValue(weights, version) ?? 0,
  }));
  const inFile = new Set(route.split.map(({ version }) => version));
  for (const { name } of service?.versions ?? []) {
    const weight = ownValue(weights, name);
    if (weight !== undefined && !inFile.has(name)) split.push({ version: name, weight });
  }
  // Nobody may be left without a version because the one with the weight is gone.
  return split.some(({ weight }) => weight > 0) ? { ...route, split } : route;
}

/** Fields that an operator has called noise, beside those that the file names. */
function withIgnored(route: RouteConfig, live: LiveState): RouteConfig {
  const ignored = ownValue(live.ignored ?? {}, route.name);
  if (ignored === undefined) return route;
  const extended = (mirror: MirrorConfig): MirrorConfig => {
    const more = ownValue(ignored, mirror.to) ?? [];
    if (mirror.compare === null || more.length === 0) return mirror;
    return { ...mirror, compare: { ...mirror.compare, ignore: [...new Set([...mirror.compare.ignore, ...more])] } };
  };
  const rules = route.rules.map((rule) =>
    rule.mirrors === null ? rule : { ...rule, mirrors: rule.mirrors.map(extended) },
  );
  return { ...route, mirrors: route.mirrors.map(extended), rules };
}

/** How a drained version is named among what is drained. */
export function drainedVersion(service: string, version: string): string {
  return `${service}/${version}`;
}

/** A drained version has no share. Where that leaves nobody with one, the shares stay: whoever helps out then acts. */
function withoutDrained(route: RouteConfig, drained: ReadonlySet<string>): RouteConfig {
  const without = (split: readonly SplitEntryConfig[]): readonly SplitEntryConfig[] => {
    if (!split.some(({ version }) => drained.has(drainedVersion(route.service, version)))) return split;
    const left = split.map(({ version, weight }) => ({
      version,
      weight: drained.has(drainedVersion(route.service, version)) ? 0 : weight,
    }));
    return left.some(({ weight }) => weight > 0) ? left : split;
  };
  const rules = route.rules.map((rule) => (rule.split === null ? rule : { ...rule, split: without(rule.split) }));
  return { ...route, split: without(route.split), rules };
}

function ownValue<Value>(record: Readonly<Record<string, Value>>, key: string): Value | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}
