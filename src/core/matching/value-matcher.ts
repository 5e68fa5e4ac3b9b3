import { fromByteString, toByteString } from '../byte-string.ts';
import type { CompiledRegex } from '../ports.ts';
import type { TextList } from './text-list.ts';

/**
 * A test of one value. Values are byte strings; undefined means absent, for which only `present(false)` and `negated` hold.
 * The builders take texts as written in the configuration and turn them into byte strings once.
 */
export interface ValueMatcher {
  /** As a person would read it after the thing tested: `= 1`, `in [a, b]`, `starts with /api`. */
  readonly text: string;
  /** 0 a comparison, 1 a scan or a lookup, 2 a pattern. */
  readonly cost: 0 | 1 | 2;
  test(value: string | undefined): boolean;
}

const VALUES_SHOWN = 5;

/** The whole value is this text. */
export function exactly(text: string): ValueMatcher {
  const wanted = toByteString(text);
  return { text: `= ${text}`, cost: 0, test: (value) => value === wanted };
}

/** The whole value is one of these, at a cost that does not grow with their number. */
export function oneOf(values: Iterable<string>): ValueMatcher {
  const wanted = new Set<string>();
  for (const value of values) wanted.add(toByteString(value));
  return {
    text: `in ${listText(wanted)}`,
    cost: 1,
    test: (value) => value !== undefined && wanted.has(value),
  };
}

/** The whole value stands in a list, which texts call by its name. */
export function inList(list: TextList, name: string): ValueMatcher {
  return { text: `in ${name}`, cost: 1, test: (value) => value !== undefined && list.has(value) };
}

export function startsWith(text: string): ValueMatcher {
  const prefix = toByteString(text);
  return { text: `starts with ${text}`, cost: 0, test: (value) => value?.startsWith(prefix) ?? false };
}

export function endsWith(text: string): ValueMatcher {
  const suffix = toByteString(text);
  return { text: `ends with ${text}`, cost: 0, test: (value) => value?.endsWith(suffix) ?? false };
}

export function containing(text: string): ValueMatcher {
  const part = toByteString(text);
  return { text: `contains ${text}`, cost: 1, test: (value) => value?.includes(part) ?? false };
}

/** The whole value, read as UTF-8 text, matches the pattern. */
export function matchingRegex(pattern: string, compiled: CompiledRegex): ValueMatcher {
  return {
    text: `matches ${pattern}`,
    cost: 2,
    test: (value) => value !== undefined && compiled.matches(fromByteString(value)),
  };
}

/** The value is there (or, with false, is not there), whatever it is. An empty value is there. */
export function present(expected: boolean): ValueMatcher {
  return {
    text: expected ? 'is present' : 'is absent',
    cost: 0,
    test: (value) => (value !== undefined) === expected,
  };
}

/** Holds exactly when `matcher` does not, so for an absent value too. */
export function negated(matcher: ValueMatcher): ValueMatcher {
  return { text: `not ${matcher.text}`, cost: matcher.cost, test: (value) => !matcher.test(value) };
}

function listText(values: ReadonlySet<string>): string {
  const shown: string[] = [];
  for (const value of values) {
    if (shown.length === VALUES_SHOWN) break;
    shown.push(fromByteString(value));
  }
  const more = values.size - shown.length;
  return more > 0 ? `[${shown.join(', ')}, ... ${more} more]` : `[${shown.join(', ')}]`;
}
