import type { RequestView } from '../request-view.ts';
import type { Condition } from './condition.ts';
import { valueCondition } from './value-condition.ts';
import type { ValueMatcher } from './value-matcher.ts';

/** `host:`, over the authority's host: lower case, without port. */
export function hostCondition(matcher: ValueMatcher): Condition {
  return valueCondition({ subject: 'host', matcher, readCost: 0, headerNames: [], read: hostOf });
}

/** A matcher for a list of host patterns, as in `match.hosts`. */
export function hostPatterns(patterns: readonly string[]): ValueMatcher {
  return {
    text: patterns.length === 1 ? `= ${patterns[0]}` : `in [${patterns.join(', ')}]`,
    cost: 1,
    test: (host) => matchesAny(patterns, host ?? ''),
  };
}

function matchesAny(patterns: readonly string[], host: string): boolean {
  for (let i = 0; i < patterns.length; i++) {
    if (hostPatternMatches(patterns[i] as string, host)) return true;
  }
  return false;
}

/** `a.example` matches itself, `*.example` one or more labels before `.example` and not `example` itself, `*` everything. */
export function hostPatternMatches(pattern: string, host: string): boolean {
  if (pattern === '*') return true;
  if (!pattern.startsWith('*.')) return host === pattern;
  return host.length > pattern.length - 1 && host.endsWith(pattern.slice(1));
}

function hostOf(request: RequestView): string | undefined {
  return request.host === '' ? undefined : request.host;
}
