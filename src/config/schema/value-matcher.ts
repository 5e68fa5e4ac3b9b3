import { z } from 'zod';
import type { ValueMatcherConfig } from '../model.ts';
import { problem } from './problem.ts';
import { filledText, flag, text } from './scalars.ts';
import { listOf, onlyKey, refuse, section } from './shape.ts';

/** Names the file of an `in`: one value a line. */
const listFile = section('in', { file: filledText.describe('A file with one value a line; # begins a comment.') });

const inMatcher = z
  .union([listOf(text), listFile])
  .transform(
    (given): ValueMatcherConfig =>
      'file' in given ? { kind: 'in-file', file: given.file } : { kind: 'in', values: given },
  );

const textMatchers = {
  exact: text.optional().describe('The whole value is this text.'),
  suffix: text.optional().describe('The value ends with this text.'),
  contains: text.optional().describe('The value contains this text.'),
  regex: text.optional().describe('The whole value matches this pattern (RE2 syntax, linear time).'),
  in: inMatcher.optional().describe('The value is one of these, or a line of a file.'),
  present: flag.optional().describe('The value is there, or with false is not there.'),
};

const nestedMatcher: z.ZodType<ValueMatcherConfig> = z.lazy(() => valueMatcher);

/** The keys of a value matcher that is a map. */
export const matcherKeys = {
  ...textMatchers,
  prefix: text.optional().describe('The value begins with this text.'),
  not: nestedMatcher.optional().describe('Turns a matcher round; holds for an absent value too.'),
};

const matcherMap = section('a value matcher', matcherKeys);

/** A text means exactly that, a list any of these, a map one of the matchers. */
export const valueMatcher: z.ZodType<ValueMatcherConfig> = z
  .lazy(() =>
    z.union([
      text.transform((value): ValueMatcherConfig => ({ kind: 'exact', value })),
      listOf(text).transform((values): ValueMatcherConfig => ({ kind: 'in', values })),
      matcherMap.transform((given, context) => oneMatcher(given, context, 'a value matcher')),
    ]),
  )
  .meta({ id: 'valueMatcher' });

export interface GivenMatcher {
  readonly exact?: string | undefined;
  readonly prefix?: string | undefined;
  readonly suffix?: string | undefined;
  readonly contains?: string | undefined;
  readonly regex?: string | undefined;
  readonly in?: ValueMatcherConfig | undefined;
  readonly present?: boolean | undefined;
  readonly not?: ValueMatcherConfig | undefined;
}

/** The one matcher that the map has. */
export function oneMatcher(given: GivenMatcher, context: z.RefinementCtx, what: string): ValueMatcherConfig {
  const kind = onlyKey<keyof GivenMatcher>(given, context, what);
  switch (kind) {
    case null:
      return z.NEVER;
    case 'in':
      return given.in!;
    case 'present':
      return { kind, present: given.present! };
    case 'not':
      return { kind, of: given.not! };
    default:
      return given[kind] === '' && kind !== 'exact' && kind !== 'regex'
        ? refuse(context, problem('bad-value', `an empty ${kind} matches everything`, 'write present: true'), [kind])
        : { kind, value: given[kind]! };
  }
}

/** What a path is matched with: a value matcher, or a prefix by segments; `isTurned` when `not` stands around it. */
export interface PathCondition {
  readonly isTurned: boolean;
  readonly match:
    | { readonly kind: 'path-prefix'; readonly value: string }
    | { readonly kind: 'value'; readonly match: ValueMatcherConfig };
}

const nestedPath: z.ZodType<PathCondition> = z.lazy(() => pathMatcher);

const pathMap = section('a path matcher', {
  ...textMatchers,
  prefix: text.optional().describe('The path begins with these segments: /a matches /a and /a/b, not /ab.'),
  stringPrefix: text.optional().describe('The path begins with this text: /a matches /ab too.'),
  not: nestedPath.optional().describe('Turns a path matcher round.'),
});

/** As a value matcher, but `prefix` goes by segments and `stringPrefix` by characters. */
export const pathMatcher: z.ZodType<PathCondition> = z
  .lazy(() =>
    z.union([
      text.transform((value, context) => checkedPath(value, context, { kind: 'exact', value })),
      listOf(text).transform((values, context) => checkedPaths(values, context)),
      pathMap.transform(onePath),
    ]),
  )
  .meta({ id: 'pathMatcher' });

type GivenPath = z.output<typeof pathMap>;

function onePath(given: GivenPath, context: z.RefinementCtx): PathCondition {
  const kind = onlyKey<keyof GivenPath>(given, context, 'a path matcher');
  if (kind === null) return z.NEVER;
  const value = given[kind];
  if (kind === 'not') return { ...given.not!, isTurned: !given.not!.isTurned };
  if (kind === 'prefix')
    return { isTurned: false, match: { kind: 'path-prefix', value: pathText(given.prefix!, context, [kind]) } };
  if (kind === 'stringPrefix') {
    return checkedPath(given.stringPrefix!, context, { kind: 'prefix', value: given.stringPrefix! }, [kind]);
  }
  if (kind === 'exact') return checkedPath(given.exact!, context, { kind, value: given.exact! }, [kind]);
  const { prefix: _, stringPrefix: __, not: ___, ...plain } = given;
  return value === undefined ? z.NEVER : plainPath(oneMatcher(plain, context, 'a path matcher'));
}

function plainPath(match: ValueMatcherConfig): PathCondition {
  return { isTurned: false, match: { kind: 'value', match } };
}

function checkedPath(
  path: string,
  context: z.RefinementCtx,
  match: ValueMatcherConfig,
  at: string[] = [],
): PathCondition {
  pathText(path, context, at);
  return plainPath(match);
}

function checkedPaths(values: readonly string[], context: z.RefinementCtx): PathCondition {
  for (const [index, path] of values.entries()) pathText(path, context, [index]);
  return plainPath({ kind: 'in', values });
}

/** The path itself; refuses one that no request can have. */
function pathText(path: string, context: z.RefinementCtx, at: (string | number)[]): string {
  if (!path.startsWith('/') && path !== '*')
    refuse(context, problem('bad-path', `the path "${path}" does not begin with /`), at);
  else if (/[?#\s\0]/.test(path))
    refuse(
      context,
      problem('bad-path', `no path holds what "${path}" has`, 'match the query with query:, blanks travel as %20'),
      at,
    );
  return path;
}
