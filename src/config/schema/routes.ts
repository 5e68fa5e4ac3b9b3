import { z } from 'zod';
import type {
  ConditionConfig,
  MirrorConfig,
  OverrideConfig,
  RouteConfig,
  RouteMatchConfig,
  RuleConfig,
  SplitEntryConfig,
} from '../model.ts';
import { NOT_SUPPORTED_YET } from '../not-supported-yet.ts';
import { compare } from './compare.ts';
import { condition, conditionKeys, conditionsOf, pathConditionOf } from './conditions.ts';
import { headerOperations, headerRules } from './header-rules.ts';
import { cookieName, headerName, methodName, name } from './names.ts';
import { cidr, hostPattern } from './networks.ts';
import { problem } from './problem.ts';
import { retry } from './retry.ts';
import {
  durationMs,
  filledText,
  flag,
  oneWord,
  percent,
  scalar,
  sizeBytes,
  text,
  weight,
  wholeNumber,
} from './scalars.ts';
import { mapOf, oneOrMore, refuse, refuseShape, section } from './shape.ts';
import { sticky } from './sticky.ts';
import { pathMatcher } from './value-matcher.ts';

const match = section(
  'match',
  {
    hosts: oneOrMore(hostPattern)
      .optional()
      .describe('a.example, *.example.com (one or more labels, not example.com itself) or *.'),
    path: pathMatcher.optional().describe('The path of the request.'),
    methods: oneOrMore(methodName).optional().describe('Methods, case-sensitive.'),
    ...conditionKeys,
  },
  NOT_SUPPORTED_YET.condition,
).transform(({ hosts, path, methods, ...others }): RouteMatchConfig => {
  const isPlain = path !== undefined && !path.isTurned;
  const turned: ConditionConfig[] = path === undefined || isPlain ? [] : [pathConditionOf(path)];
  const conditions = [...turned, ...conditionsOf(others)];
  return { hosts: hosts ?? [], path: isPlain ? path.match : null, methods: methods ?? [], when: together(conditions) };
});

function together(conditions: readonly ConditionConfig[]): ConditionConfig | null {
  const [first, ...more] = conditions;
  if (first === undefined) return null;
  return more.length === 0 ? first : { kind: 'all', of: conditions };
}

const share = z.union([
  weight,
  // A share that is an answer instead of a version.
  section('a share', { weight: weight.optional(), respond: z.unknown() }).transform((_, context): number =>
    refuse(context, problem('not-supported-yet', 'a share that is an answer is not supported by this version yet')),
  ),
]);

/** Version name: relative weight. */
const split = mapOf(share).transform((given, context): SplitEntryConfig[] => {
  if (given.length === 0) refuse(context, problem('empty-list', 'the split is empty'));
  return given.map(({ name, value }) => ({ version: name, weight: value }));
});

const hostSuffix = scalar({ type: 'string' }, (written) =>
  /^[A-Za-z0-9.-]{0,200}$/.test(written)
    ? { value: written }
    : { refused: problem('bad-host', `"${written}" cannot end a host`) },
);

const mirror = section(
  'a mirror',
  {
    to: text.describe('The version that gets copies; its answers are thrown away.'),
    percent: percent.prefault('100').describe('How much is copied: 0 nothing.'),
    methods: oneOrMore(methodName).prefault(['GET', 'HEAD', 'OPTIONS']).describe('The methods that are copied.'),
    compare: compare.optional().describe('Whether the two answers are compared; true, or how.'),
    timeout: durationMs().prefault('5s').describe('How long a copy may take.'),
    maxBody: sizeBytes(0).prefault('256KiB').describe('Requests with a larger body are not copied.'),
    inFlight: wholeNumber(1).prefault('64').describe('Copies under way at once.'),
    credentials: oneWord(['drop', 'keep']).prefault('drop').describe('Whether Authorization and Cookie are copied.'),
    hostSuffix: hostSuffix.prefault('').describe('Appended to the host that the copy names.'),
    headers: headerOperations.prefault({}).describe('Changes to the headers of the copy.'),
  },
  NOT_SUPPORTED_YET.mirror,
).transform(
  (given): MirrorConfig => ({
    to: given.to,
    percent: given.percent,
    methods: given.methods,
    timeoutMs: given.timeout,
    maxBodyBytes: given.maxBody,
    maxInFlight: given.inFlight,
    credentials: given.credentials,
    hostSuffix: given.hostSuffix,
    headers: given.headers,
    compare: given.compare ?? null,
  }),
);

const mirrors = z.union([mirror, z.array(mirror)]).transform((given) => (Array.isArray(given) ? given : [given]));

const override = section('override', {
  header: headerName.optional().describe('Its value: always, never, or the name of a version.'),
  cookie: cookieName.optional().describe('The same in a cookie; the header beats it.'),
  from: oneOrMore(cidr).optional().describe('Networks whose override is honoured; without it everybody.'),
}).transform(({ header, cookie, from }, context): OverrideConfig => {
  if (header !== undefined || cookie !== undefined)
    return { header: header ?? null, cookie: cookie ?? null, from: from ?? null };
  return refuseShape(context, problem('one-of', 'the override has neither header nor cookie'));
});

/** What a rule may carry in place of its route's. */
const carried = {
  mirror: mirrors.optional().describe('Versions that get a copy of what comes here.'),
  headers: headerRules.optional().describe('Header changes on the way in and out.'),
  timeout: durationMs().optional().describe('Until the response is complete, tries included.'),
  retry: retry.optional().describe('Try again what failed before its answer began. Off unless written.'),
};

const rule = section(
  'a rule',
  {
    name: name.describe('Unique within its route.'),
    when: condition.describe('What must hold; the first rule that does wins.'),
    to: filledText.optional().describe('The version that answers.'),
    split: split.optional().describe('Version name: relative weight; 0 means nobody.'),
    ...carried,
  },
  NOT_SUPPORTED_YET.rule,
).transform((given, context): RuleConfig => {
  if ((given.to === undefined) === (given.split === undefined)) {
    refuseShape(
      context,
      problem(
        'one-of',
        given.to === undefined ? 'the rule says neither to nor split' : 'the rule says both to and split',
        'give exactly one',
      ),
    );
  }
  return {
    name: given.name,
    when: given.when,
    to: given.to ?? null,
    split: given.split ?? null,
    mirrors: given.mirror ?? null,
    timeoutMs: given.timeout ?? null,
    retry: given.retry ?? null,
    headers: given.headers ?? null,
  };
});

const NO_OPERATIONS = { set: [], add: [], remove: [] } as const;

const route = section(
  'a route',
  {
    name: name.describe('Unique.'),
    match: match.optional().describe('Which requests this route is for; the first route that matches wins.'),
    service: filledText.describe('The service that answers.'),
    stable: filledText.optional().describe('The version that everybody is safe with. Default: the first in split.'),
    override: override.optional().describe('Lets a request choose its version.'),
    rules: z.array(rule).prefault([]).describe('First rule whose `when` is true wins.'),
    split: split
      .optional()
      .describe('Version name: relative weight, for everybody whom no rule caught; 0 means nobody.'),
    sticky: sticky
      .prefault([])
      .describe('What keeps a user on one version; first present wins; none: random per request.'),
    salt: filledText.optional().describe('Changes who is in which share. Default: the name of the route.'),
    fallback: filledText.optional().describe('The version that answers while the chosen one has no usable endpoint.'),
    maxMatchBody: sizeBytes(0).prefault('64KiB').describe('The largest body that is read for a decision.'),
    decisionHeaders: flag.prefault('false').describe('x-gray-version and x-gray-rule on responses.'),
    lane: flag.prefault('false').describe('Stamp x-gray-lane with the version, and honour it from trusted peers.'),
    ...carried,
  },
  NOT_SUPPORTED_YET.route,
).transform(
  (given): RouteConfig => ({
    name: given.name,
    match: given.match ?? { hosts: [], path: null, methods: [], when: null },
    service: given.service,
    stable: given.stable ?? given.split?.[0]?.version ?? '',
    override: given.override ?? null,
    rules: given.rules,
    split: given.split ?? [],
    sticky: given.sticky,
    salt: given.salt ?? given.name,
    mirrors: given.mirror ?? [],
    fallback: given.fallback ?? null,
    timeoutMs: given.timeout ?? null,
    retry: given.retry ?? null,
    maxMatchBodyBytes: given.maxMatchBody,
    decisionHeaders: given.decisionHeaders,
    lane: given.lane,
    headers: given.headers ?? { request: NO_OPERATIONS, response: NO_OPERATIONS },
  }),
);

export const routes = z.array(route);
