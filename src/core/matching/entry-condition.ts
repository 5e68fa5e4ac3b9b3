import { allOf } from './combine.ts';
import type { Condition } from './condition.ts';
import { hostCondition, hostPatterns } from './host.ts';
import { methodCondition } from './method.ts';
import { pathCondition, pathPrefixCondition } from './path.ts';
import type { RouteEntry, RoutePath } from './route-table.ts';
import { exactly, oneOf } from './value-matcher.ts';

/** What a route's match says, as one condition: the meaning that the table's index must keep, and what explain shows. */
export function entryCondition(entry: RouteEntry): Condition {
  const { hosts, methods, when } = entry;
  const parts: Condition[] = [];
  if (hosts.length > 0) parts.push(hostCondition(hostPatterns(hosts)));
  const path = routePathCondition(entry.path);
  if (path !== null) parts.push(path);
  if (methods.length > 0)
    parts.push(methodCondition(methods.length === 1 ? exactly(methods[0] as string) : oneOf(methods)));
  if (when !== null) parts.push(when);
  return allOf(parts);
}

function routePathCondition(path: RoutePath): Condition | null {
  if (path.kind === 'prefix') return pathPrefixCondition(path.value);
  return path.kind === 'exact' ? pathCondition(exactly(path.value)) : path.condition;
}
