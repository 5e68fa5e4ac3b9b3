import { z } from 'zod';
import type { ConditionConfig, ValueMatcherConfig } from '../model.ts';
import { NOT_SUPPORTED_YET } from '../not-supported-yet.ts';
import { bodyCondition } from './body.ts';
import { refusedCookieName, refusedHeaderName, refusedQueryName } from './names.ts';
import { cidr } from './networks.ts';
import { placeConditions } from './places.ts';
import { problem } from './problem.ts';
import { percent, text } from './scalars.ts';
import { listOf, mapOf, type NamedEntry, oneOrMore, refuseShape, section } from './shape.ts';
import { timeWindow } from './time.ts';
import { type PathCondition, pathMatcher, valueMatcher } from './value-matcher.ts';

const nested: z.ZodType<ConditionConfig> = z.lazy(() => condition);

/** The keys of a `when`, but for `path`, which a match has too. Several of them must all hold. */
export const conditionKeys = {
  method: valueMatcher.optional().describe('The method, case-sensitive.'),
  host: valueMatcher.optional().describe('The host: lower case, without port.'),
  header: mapOf(valueMatcher, refusedHeaderName).optional().describe('Header name: what its value must be.'),
  cookie: mapOf(valueMatcher, refusedCookieName).optional().describe('Cookie name: what its value must be.'),
  query: mapOf(valueMatcher, refusedQueryName).optional().describe('Query parameter: what its first value must be.'),
  client: oneOrMore(cidr).optional().describe('Networks, one of which the client address lies in.'),
  body: bodyCondition.optional().describe('A value in the body, and what it must be.'),
  geo: placeConditions.optional().describe('Where the client is.'),
  time: timeWindow.optional().describe('When it is, by the clock of a zone.'),
  switch: oneOrMore(text).optional().describe('A switch that must be on, or several of which one must be.'),
  percent: percent.optional().describe('This share of the sticky keys; of the requests, where there is no key.'),
  all: listOf(nested).optional().describe('All of these hold.'),
  any: listOf(nested).optional().describe('At least one of these holds.'),
  not: nested.optional().describe('This does not hold. Unknown stays unknown.'),
};

const conditionMap = section(
  'a condition',
  { path: pathMatcher.optional().describe('The path of the request.'), ...conditionKeys },
  NOT_SUPPORTED_YET.condition,
);

/** `when`: a map whose keys must all hold. */
export const condition: z.ZodType<ConditionConfig> = z
  .lazy(() =>
    conditionMap.transform((given, context): ConditionConfig => {
      const [first, ...more] = conditionsOf(given);
      if (first === undefined)
        return refuseShape(context, problem('empty-list', 'the condition is empty, so it would say nothing'));
      return more.length === 0 ? first : { kind: 'all', of: [first, ...more] };
    }),
  )
  .meta({ id: 'condition' });

export interface GivenConditions {
  readonly path?: PathCondition | undefined;
  readonly method?: ValueMatcherConfig | undefined;
  readonly host?: ValueMatcherConfig | undefined;
  readonly header?: readonly NamedEntry<ValueMatcherConfig>[] | undefined;
  readonly cookie?: readonly NamedEntry<ValueMatcherConfig>[] | undefined;
  readonly query?: readonly NamedEntry<ValueMatcherConfig>[] | undefined;
  readonly client?: readonly string[] | undefined;
  readonly body?: ConditionConfig | undefined;
  readonly geo?: readonly ConditionConfig[] | undefined;
  readonly time?: ConditionConfig | undefined;
  readonly switch?: readonly string[] | undefined;
  readonly percent?: number | undefined;
  readonly all?: readonly ConditionConfig[] | undefined;
  readonly any?: readonly ConditionConfig[] | undefined;
  readonly not?: ConditionConfig | undefined;
}

/** Every condition of a `when` or a `match`, in one fixed order. */
export function conditionsOf(given: GivenConditions): ConditionConfig[] {
  const found: ConditionConfig[] = [];
  if (given.path !== undefined) found.push(pathConditionOf(given.path));
  if (given.method !== undefined) found.push({ kind: 'method', match: given.method });
  if (given.host !== undefined) found.push({ kind: 'host', match: lowerCase(given.host) });
  for (const { name, value } of given.header ?? [])
    found.push({ kind: 'header', name: name.toLowerCase(), match: value });
  for (const { name, value } of given.cookie ?? []) found.push({ kind: 'cookie', name, match: value });
  for (const { name, value } of given.query ?? []) found.push({ kind: 'query', name, match: value });
  if (given.client !== undefined) found.push({ kind: 'client', cidrs: given.client });
  if (given.body !== undefined) found.push(given.body);
  if (given.geo !== undefined) found.push(...given.geo);
  if (given.time !== undefined) found.push(given.time);
  if (given.switch !== undefined) found.push(oneSwitchOf(given.switch));
  if (given.percent !== undefined) found.push({ kind: 'percent', percent: given.percent });
  if (given.all !== undefined) found.push({ kind: 'all', of: given.all });
  if (given.any !== undefined) found.push({ kind: 'any', of: given.any });
  if (given.not !== undefined) found.push({ kind: 'not', of: given.not });
  return found;
}

function oneSwitchOf(names: readonly string[]): ConditionConfig {
  const switches = names.map((name): ConditionConfig => ({ kind: 'switch', name }));
  return switches.length === 1 ? switches[0]! : { kind: 'any', of: switches };
}

export function pathConditionOf({ isTurned, match }: PathCondition): ConditionConfig {
  return isTurned ? { kind: 'not', of: { kind: 'path', match } } : { kind: 'path', match };
}

/** Hosts arrive in lower case, so the texts that they are held against are too; a pattern says itself what it means. */
function lowerCase(matcher: ValueMatcherConfig): ValueMatcherConfig {
  switch (matcher.kind) {
    case 'present':
    case 'in-file':
    case 'regex':
      return matcher;
    case 'not':
      return { kind: 'not', of: lowerCase(matcher.of) };
    case 'in':
      return { kind: 'in', values: matcher.values.map((value) => value.toLowerCase()) };
    default:
      return { kind: matcher.kind, value: matcher.value.toLowerCase() };
  }
}
