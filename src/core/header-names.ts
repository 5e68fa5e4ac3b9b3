import type { Condition } from './matching/condition.ts';
import type { Route } from './snapshot.ts';
import { laneHeader } from './splitting/asked-arm.ts';
import { headersOf } from './splitting/sticky-key.ts';

/** The loop marker on mirrored copies. */
export const mirrorHeader = 'x-gray-mirror';

/**
 * The lower-case names of all header fields that deciding on this route, and on a match `when` beside it, may look at; the
 * snapshot's `headerNames` is the union over its routes.
 */
export function headerNamesOf(route: Route, match: readonly (Condition | null)[] = []): readonly string[] {
  const names = new Set<string>();
  for (const condition of match) for (const name of condition?.headerNames ?? []) names.add(name);
  for (const rule of route.rules) for (const name of rule.when.headerNames) names.add(name);
  for (const name of headersOf(route.sticky)) names.add(name);
  const { balance } = route.service;
  if (balance.kind === 'hash') for (const name of headersOf([balance.source])) names.add(name);
  if (route.override?.header) names.add(route.override.header);
  if (route.override?.cookie) names.add('cookie');
  if (route.lane) names.add(laneHeader);
  if (route.mirrors.length > 0 || route.rules.some((rule) => rule.mirrors?.length)) names.add(mirrorHeader);
  return [...names];
}
