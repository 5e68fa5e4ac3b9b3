import type { ConditionConfig, Config, StickyConfig } from './model.ts';

/** The names of the cookies that any decision may look at: in conditions, as sticky keys, as overrides. */
export function decisionCookies(config: Config): readonly string[] {
  const names = new Set<string>();
  const addSources = (sources: readonly StickyConfig[]) => {
    for (const source of sources) {
      if (source.kind === 'cookie' || source.kind === 'visitor-cookie') names.add(source.name);
    }
  };
  for (const { match, rules, sticky, override } of config.routes) {
    addSources(sticky);
    if (override?.cookie) names.add(override.cookie);
    for (const condition of [match.when, ...rules.map(({ when }) => when)]) addConditions(condition, names);
  }
  for (const { balance } of config.services) if (balance.kind === 'hash') addSources([balance.source]);
  return [...names];
}

function addConditions(condition: ConditionConfig | null, names: Set<string>): void {
  if (condition === null) return;
  switch (condition.kind) {
    case 'all':
    case 'any':
      for (const part of condition.of) addConditions(part, names);
      break;
    case 'not':
      addConditions(condition.of, names);
      break;
    case 'cookie':
      names.add(condition.name);
      break;
    default:
  }
}
