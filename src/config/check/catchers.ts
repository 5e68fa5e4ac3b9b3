import type { ConditionConfig, PathMatcherConfig, ValueMatcherConfig } from '../model.ts';

/**
 * The conditions that certainly end the search before the one under hand. Asked whether they leave anything over, it says
 * yes whenever it is not sure: what it calls caught is caught for every request.
 */
export class Catchers {
  readonly #keys = new Set<string>();
  #catchesAll = false;

  /** From now on a request for which the condition holds gets no further. */
  add(condition: ConditionConfig): void {
    if (isAlwaysTrue(condition)) this.#catchesAll = true;
    // Each rule draws for itself: the share of one says nothing about the share of another.
    if (hasDraw(condition)) return;
    this.#keys.add(keyOf(condition));
    if (condition.kind === 'any') for (const part of condition.of) this.add(part);
    if (condition.kind === 'all' && condition.of.length === 1) this.add(condition.of[0]!);
    for (const key of simpleKeysOf(condition) ?? []) this.#keys.add(key);
  }

  /** Is every request for which the condition holds caught already? */
  covers(condition: ConditionConfig): boolean {
    if (this.#catchesAll || this.#keys.has(keyOf(condition))) return true;
    if (condition.kind === 'all') return condition.of.some((part) => this.covers(part));
    if (condition.kind === 'any') return condition.of.every((part) => this.covers(part));
    if (condition.kind === 'path') return this.#coversPath(condition.match);
    const keys = simpleKeysOf(condition);
    return keys?.every((key) => this.#keys.has(key)) ?? false;
  }

  #coversPath(match: PathMatcherConfig): boolean {
    const paths = pathsOf(match);
    if (paths === null) return false;
    const isPrefix = match.kind === 'path-prefix';
    return paths.every(
      (path) =>
        (!isPrefix && this.#keys.has(exactPathKey(path))) ||
        ancestorsOf(path).some((each) => this.#keys.has(prefixPathKey(each))),
    );
  }
}

/** `/a/b` lies under `/a/b`, `/a` and `/`; the `*` of OPTIONS under nothing. */
export function ancestorsOf(path: string): string[] {
  if (!path.startsWith('/')) return [];
  const found: string[] = [];
  let rest = withoutSlash(path);
  while (rest !== '') {
    found.push(rest);
    rest = rest.slice(0, Math.max(0, rest.lastIndexOf('/')));
  }
  found.push('');
  return found;
}

/** The paths that a matcher lists; null when it is not a list of paths or a prefix. */
export function pathsOf(match: PathMatcherConfig): readonly string[] | null {
  return match.kind === 'path-prefix' ? [match.value] : valuesOf(match.match);
}

export function withoutSlash(path: string): string {
  return path.endsWith('/') ? path.slice(0, -1) : path;
}

function valuesOf(match: ValueMatcherConfig): readonly string[] | null {
  if (match.kind === 'exact') return [match.value];
  return match.kind === 'in' ? match.values : null;
}

/** One key for each value that makes the condition true; null when it is not a list of values. */
function simpleKeysOf(condition: ConditionConfig): readonly string[] | null {
  switch (condition.kind) {
    case 'path': {
      if (condition.match.kind === 'path-prefix') return [prefixPathKey(withoutSlash(condition.match.value))];
      return pathsOf(condition.match)?.map(exactPathKey) ?? null;
    }
    case 'method':
    case 'host':
      return valuesOf(condition.match)?.map((value) => JSON.stringify([condition.kind, value])) ?? null;
    case 'header':
    case 'cookie':
    case 'query':
      return valuesOf(condition.match)?.map((value) => JSON.stringify([condition.kind, condition.name, value])) ?? null;
    case 'client':
      return condition.cidrs.map((cidr) => JSON.stringify(['client', cidr]));
    default:
      return null;
  }
}

function exactPathKey(path: string): string {
  return JSON.stringify(['path', path]);
}

function prefixPathKey(path: string): string {
  return JSON.stringify(['path-prefix', path]);
}

/** The same for conditions that say the same, whatever the order of their parts. */
export function keyOf(condition: ConditionConfig): string {
  if (condition.kind === 'not') return `not(${keyOf(condition.of)})`;
  if (condition.kind !== 'all' && condition.kind !== 'any') return JSON.stringify(condition);
  return `${condition.kind}(${condition.of.map(keyOf).sort().join(',')})`;
}

function isAlwaysTrue(condition: ConditionConfig): boolean {
  switch (condition.kind) {
    case 'all':
      return condition.of.every(isAlwaysTrue);
    case 'any':
      return condition.of.some(isAlwaysTrue);
    case 'percent':
      return condition.percent >= 100;
    default:
      return false;
  }
}

function hasDraw(condition: ConditionConfig): boolean {
  if (condition.kind === 'all' || condition.kind === 'any') return condition.of.some(hasDraw);
  return condition.kind === 'not' ? hasDraw(condition.of) : condition.kind === 'percent';
}
