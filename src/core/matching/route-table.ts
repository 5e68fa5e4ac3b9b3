import type { Route } from '../snapshot.ts';
import type { Condition, Trial } from './condition.ts';

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
  /** 'unread': whether the first route that may match does so lies in the body. */
  find(trial: Trial): Route | 'unread' | null;
}

export function buildRouteTable(_entries: readonly RouteEntry[]): RouteTable {
  throw new Error('to be built');
}
