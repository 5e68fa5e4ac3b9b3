import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { explain } from '../../../src/core/explain.ts';
import { allOf, anyOf, notOf } from '../../../src/core/matching/combine.ts';
import type { Condition } from '../../../src/core/matching/condition.ts';
import { cookieCondition } from '../../../src/core/matching/cookie.ts';
import { headerCondition } from '../../../src/core/matching/header.ts';
import { percentCondition } from '../../../src/core/matching/percent.ts';
import { queryCondition } from '../../../src/core/matching/query.ts';
import { exactly, oneOf } from '../../../src/core/matching/value-matcher.ts';
import { DecisionRun, decide } from '../../../src/core/splitting/decide.ts';
import { drawsOf, fixedCondition, type SampleRequest, sampleRequest, seededDraws } from './sample-request.ts';
import { type SampleRoute, sampleSnapshot } from './sample-snapshot.ts';

const beta = headerCondition('x-beta', exactly('1'));
const sticky = [{ kind: 'header', name: 'x-user-id' }] as const;

const explained = (routes: readonly SampleRoute[], request: SampleRequest = {}) =>
  explain(sampleSnapshot(...routes), new DecisionRun(drawsOf(0.5)), sampleRequest(request));

describe('explain', () => {
  test('says which route, rule and version, why, and what each condition saw', () => {
    const routes: SampleRoute[] = [
      { name: 'other', hosts: ['*.other.example'], methods: ['POST'] },
      {
        name: 'shop',
        path: { kind: 'prefix', value: '/cart', condition: null },
        candidate: 'v2',
        split: { v1: 95, v2: 5 },
        sticky,
        rules: [
          { name: 'testers', when: allOf([beta, queryCondition('userId', oneOf(['u-1', 'u-2']))]), to: 'v2' },
          { name: 'friends', when: beta, to: 'v2' },
          { name: 'never tried', when: beta, to: 'v1' },
        ],
      },
    ];
    const explanation = explained(routes, { path: '/cart/1', headers: { 'x-beta': '1', 'x-user-id': 'u-9' } });
    expect(explanation).toEqual({
      route: 'shop',
      rule: 'friends',
      version: 'v2',
      intended: 'v2',
      reason: 'rule',
      key: { source: 'header x-user-id', joinsAt: expect.any(Number) },
      mirrors: [],
      triedLeftOut: 0,
      tried: [
        {
          route: 'other',
          rule: null,
          result: false,
          conditions: [
            { condition: 'host = *.other.example', value: 'shop.example', result: false },
            { condition: 'method = POST', value: 'GET', result: false },
          ],
        },
        {
          route: 'shop',
          rule: null,
          result: true,
          conditions: [{ condition: 'path prefix /cart', value: '/cart/1', result: true }],
        },
        {
          route: 'shop',
          rule: 'testers',
          result: false,
          conditions: [
            { condition: 'header x-beta = 1', value: '1', result: true },
            { condition: 'query userId in [u-1, u-2]', value: null, result: false },
          ],
        },
        {
          route: 'shop',
          rule: 'friends',
          result: true,
          conditions: [{ condition: 'header x-beta = 1', value: '1', result: true }],
        },
      ],
    });
    expect(JSON.parse(JSON.stringify(explanation))).toEqual(explanation);
  });

  test('no route: what was tried, and nothing else', () => {
    expect(explained([{ name: 'a', methods: ['PUT'] }])).toMatchObject({
      route: null,
      rule: null,
      version: null,
      intended: null,
      reason: 'no-route',
      key: null,
      tried: [{ route: 'a', result: false }],
    });
  });

  test('values are shown as text, unknown is not false, not and any show what they hold', () => {
    const when = anyOf([
      notOf(headerCondition('x-name', exactly('桩'))),
      allOf([beta, fixedCondition('unknown')]),
      notOf(anyOf([fixedCondition('true'), fixedCondition('false')])),
    ]);
    const { tried } = explained([{ name: 'r', rules: [{ name: 'x', when, to: 'v2' }] }], {
      headers: { 'x-name': '\xe6\xa1\xa9', 'x-beta': '1' },
    });
    expect(tried[1]).toEqual({
      route: 'r',
      rule: 'x',
      result: 'unknown',
      conditions: [
        { condition: 'not(header x-name = 桩)', value: '桩', result: false },
        { condition: 'all(header x-beta = 1, unknown)', value: null, result: 'unknown' },
        { condition: 'header x-beta = 1', value: '1', result: true },
        { condition: 'unknown', value: null, result: 'unknown' },
        { condition: 'not(any(true, false))', value: null, result: false },
        { condition: 'any(true, false)', value: null, result: true },
        { condition: 'true', value: null, result: true },
        { condition: 'false', value: null, result: false },
      ],
    });
  });

  test('rules are not tried when a lane, an override or a take-over decided', () => {
    const rules = [{ name: 'r', when: beta, to: 'v2' }];
    const override = { header: 'x-gray', cookie: null, from: null };
    const asked = { headers: { 'x-gray': 'v2' } };
    expect(explained([{ rules, override }], asked)).toMatchObject({
      reason: 'override',
      rule: null,
      tried: [{ rule: null }],
    });
    expect(explained([{ rules, override, overlay: { kind: 'abort', version: 'v2' } }], asked).tried).toHaveLength(1);
    expect(explained([{ rules, overlay: { kind: 'take-over', version: 'v2' } }]).tried).toHaveLength(1);
    expect(
      explained([{ rules, overlay: { kind: 'abort', version: 'v2' } }], { headers: { 'x-beta': '1' } }),
    ).toMatchObject({
      reason: 'abort',
      version: 'v1',
      tried: [{ rule: null }, { rule: 'r', result: true }],
    });
  });

  test('a key is shown also when nothing asked for it, and none is minted for that', () => {
    const split = { v1: 1, v2: 0 };
    const route: SampleRoute = { split, candidate: 'v2', sticky: [...sticky, { kind: 'visitor-cookie', name: 'vid' }] };
    expect(explained([route], { headers: { 'x-user-id': 'u' } })).toMatchObject({
      reason: 'single',
      key: { source: 'header x-user-id', joinsAt: expect.any(Number) },
    });
    expect(explained([route]).key).toBeNull();
    expect(explained([{ ...route, split: { v1: 1, v2: 1 } }]).key?.source).toBe('visitorCookie vid');
    expect(explained([{ ...route, candidate: null }], { headers: { 'x-user-id': 'u' } }).key?.joinsAt).toBeNull();
  });

  test("joinsAt agrees with the split that decided, a rule's own too", () => {
    for (let i = 0; i < 300; i++) {
      for (const rules of [[], [{ name: 'x', when: fixedCondition('true'), split: { v1: 60, v2: 40 } }]]) {
        const route = { candidate: 'v2', sticky, split: { v1: 60, v2: 40 }, rules };
        const { version, key } = explained([route], { headers: { 'x-user-id': `u-${i}` } });
        expect(version).toBe((key?.joinsAt as number) <= 40 ? 'v2' : 'v1');
      }
    }
  });

  test('mirrors are those that would get a copy', () => {
    const route: SampleRoute = {
      versions: ['v1', 'v2', 'v3', 'v4'],
      split: { v1: 1 },
      mirrors: [
        { to: 'v3', percent: 100 },
        { to: 'v4', percent: 0 },
        { to: 'v1', percent: 100 },
      ],
    };
    expect(explained([route]).mirrors).toEqual(['v3']);
    expect(explained([route], { method: 'POST' }).mirrors).toEqual([]);
    expect(explained([route], { headers: { 'x-gray-mirror': 'x' } }).mirrors).toEqual([]);
  });

  test('of a very long table only so many routes are shown, the one that matched among them', () => {
    const routes = Array.from(
      { length: 500 },
      (_, i): SampleRoute => ({
        name: `r${i}`,
        path: { kind: 'exact', value: `/${i}`, condition: null },
      }),
    );
    const found = explained(routes, { path: '/450' });
    expect(found.tried).toHaveLength(200);
    expect(found.tried.at(-1)).toMatchObject({ route: 'r450', result: true });
    expect(found.triedLeftOut).toBe(251);
    const none = explained(routes, { path: '/none' });
    expect([none.tried.length, none.triedLeftOut]).toEqual([200, 300]);
    expect(explained(routes, { path: '/199' })).toMatchObject({ triedLeftOut: 0, tried: { length: 200 } });
  });
});

describe('explain and decide', () => {
  const leaf = fc.oneof(
    fc.constantFrom<Condition>(
      beta,
      headerCondition('x-user-id', oneOf(['u-1', 'u-2'])),
      cookieCondition('c', exactly('1')),
      fixedCondition('unknown', 2),
    ),
    fc
      .tuple(fc.double({ min: 0, max: 100, noNaN: true }), fc.constantFrom('a', 'b', 'c'))
      .map(([percent, ruleName]) => percentCondition({ percent, salt: 's', ruleName })),
  );
  const condition = fc.letrec<{ node: Condition }>((tie) => ({
    node: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      leaf,
      fc.array(tie('node'), { maxLength: 3 }).map((parts) => allOf(parts)),
      fc.array(tie('node'), { maxLength: 3 }).map((parts) => anyOf(parts)),
      tie('node').map((part) => notOf(part)),
    ),
  })).node;
  const weights = fc.record({ v1: fc.nat(10), v2: fc.nat(10), v3: fc.nat(10) }).filter((w) => w.v1 + w.v2 + w.v3 > 0);
  const route = fc.record<SampleRoute>({
    hosts: fc.subarray(['shop.example', '*.example', 'a.example'], { maxLength: 2 }),
    path: fc.constantFrom<NonNullable<SampleRoute['path']>>(
      { kind: 'prefix', value: '/', condition: null },
      { kind: 'prefix', value: '/a', condition: null },
      { kind: 'exact', value: '/a', condition: null },
    ),
    match: fc.option(condition),
    versions: fc.constant(['v1', 'v2', 'v3']),
    candidate: fc.constantFrom('v2', null),
    lane: fc.boolean(),
    split: weights,
    sticky: fc.subarray([
      { kind: 'header', name: 'x-user-id' },
      { kind: 'cookie', name: 'c' },
      { kind: 'visitor-cookie', name: 'vid' },
    ] as const),
    rules: fc.array(
      fc.oneof(
        fc.record({ name: fc.constantFrom('a', 'b', 'c'), when: condition, to: fc.constantFrom('v1', 'v2', 'v3') }),
        fc.record({ name: fc.constantFrom('a', 'b', 'c'), when: condition, split: weights }),
      ),
      { maxLength: 4 },
    ),
    mirrors: fc.array(fc.record({ to: fc.constantFrom('v1', 'v3'), percent: fc.nat(100) }), { maxLength: 2 }),
  });
  const changes = fc.record(
    {
      overlay: fc.record({ kind: fc.constantFrom('abort', 'take-over'), version: fc.constantFrom('v2', 'v3') }),
      override: fc.constant({ header: 'x-gray', cookie: 'gray', from: null }),
    },
    { requiredKeys: [] },
  );
  const request = fc.record<SampleRequest>({
    path: fc.constantFrom('/', '/a', '/a/b'),
    fromTrustedPeer: fc.boolean(),
    headers: fc.record(
      {
        'x-beta': fc.constantFrom('1', '2'),
        'x-user-id': fc.constantFrom('u-1', 'u-3', ''),
        'x-gray': fc.constantFrom('always', 'never', 'v3', 'v9'),
        'x-gray-lane': fc.constantFrom('v2', 'v9'),
        cookie: fc.constantFrom('c=1', 'gray=v2', 'vid=abc'),
      },
      { requiredKeys: [] },
    ) as fc.Arbitrary<Record<string, string>>,
  });

  test('a visitor id minted by a rule does not change by which draw its route was found', () => {
    const half = (ruleName: string) => percentCondition({ percent: 50, salt: 's', ruleName });
    const sample: SampleRoute = {
      match: half(''),
      sticky: [{ kind: 'visitor-cookie', name: 'vid' }],
      rules: [{ name: 'a', when: half('a'), to: 'v2' }],
    };
    for (let seed = 0; seed < 200; seed++) {
      const { route, tried } = explain(sampleSnapshot(sample), new DecisionRun(seededDraws(seed)), sampleRequest({}));
      expect(tried[0]?.result).toBe(route !== null);
    }
  });

  test('are one: the same arm and reason, and what is shown as tried is why', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(route, changes), { maxLength: 4 }), request, fc.nat(), (samples, sample, seed) => {
        const snapshot = sampleSnapshot(...samples.map(([base, change]) => ({ ...base, ...change })));
        const run = new DecisionRun(seededDraws(seed));
        run.begin(sampleRequest(sample));
        decide(snapshot, run);
        const { arm, reason } = run.decision;
        const explanation = explain(snapshot, new DecisionRun(seededDraws(seed)), sampleRequest(sample));
        expect(explanation).toMatchObject({
          route: arm?.route.name ?? null,
          rule: arm?.rule?.name ?? null,
          intended: arm?.version.name ?? null,
          reason,
        });
        const routes = explanation.tried.filter((tried) => tried.rule === null);
        const rules = explanation.tried.filter((tried) => tried.rule !== null);
        expect(routes.map((tried) => tried.result === true)).toEqual(
          routes.map((_, i) => arm !== null && i === routes.length - 1),
        );
        const holding = rules.findIndex((tried) => tried.result === true);
        if (reason === 'rule' || reason === 'rule-split') expect(rules[holding]?.rule).toBe(arm?.rule?.name);
        if (reason === 'sticky' || reason === 'random' || reason === 'single') expect(holding).toBe(-1);
        expect(holding === -1 || holding === rules.length - 1).toBe(true);
      }),
      { numRuns: 1500 },
    );
  });
});
