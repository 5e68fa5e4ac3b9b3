import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Condition, Trial } from '../../../../src/core/matching/condition.ts';
import { entryCondition } from '../../../../src/core/matching/entry-condition.ts';
import { headerCondition } from '../../../../src/core/matching/header.ts';
import { pathCondition } from '../../../../src/core/matching/path.ts';
import { buildRouteTable, type RouteEntry, type RoutePath } from '../../../../src/core/matching/route-table.ts';
import { endsWith, exactly } from '../../../../src/core/matching/value-matcher.ts';
import type { Route } from '../../../../src/core/snapshot.ts';
import { fixedCondition, sampleTrial } from '../sample-request.ts';

type SampleEntry = Partial<Omit<RouteEntry, 'route'>>;

const entriesOf = (samples: readonly SampleEntry[]): RouteEntry[] =>
  samples.map((sample, index) => ({
    route: { index, name: `r${index}` } as Route,
    hosts: [],
    path: anyPath,
    methods: [],
    when: null,
    ...sample,
  }));

const anyPath: RoutePath = { kind: 'other', value: '', condition: null };
const prefix = (value: string): RoutePath => ({ kind: 'prefix', value, condition: null });
const exact = (value: string): RoutePath => ({ kind: 'exact', value, condition: null });

function find(samples: readonly SampleEntry[], request: Parameters<typeof sampleTrial>[0]): number | 'unread' | null {
  const found = buildRouteTable(entriesOf(samples)).find(sampleTrial(request));
  return found === null || found === 'unread' ? found : found.index;
}

/** What the table must give: the first entry in file order whose match holds or is unread. */
function findNaive(entries: readonly RouteEntry[], trial: Trial): Route | 'unread' | null {
  for (const entry of entries) {
    const truth = entryCondition(entry).test(trial);
    if (truth === 'true') return entry.route;
    if (truth === 'unread') return 'unread';
  }
  return null;
}

describe('route table', () => {
  test('the first match in file order wins, however exact a later one is', () => {
    const routes = [{ path: prefix('/a') }, { path: exact('/a/b') }, { hosts: ['shop.example'], path: prefix('/a/b') }];
    expect(find(routes, { path: '/a/b' })).toBe(0);
    expect(find(routes.toReversed(), { path: '/a/b' })).toBe(0);
  });

  test('a route whose match does not hold gives way to the next', () => {
    const routes = [
      { path: prefix('/a'), methods: ['POST'] },
      { path: prefix('/a'), when: headerCondition('x-beta', exactly('1')) },
      { path: prefix('/a'), when: fixedCondition('unknown') },
      { path: prefix('/') },
    ];
    expect(find(routes, { path: '/a', method: 'POST' })).toBe(0);
    expect(find(routes, { path: '/a', headers: { 'x-beta': '1' } })).toBe(1);
    expect(find(routes, { path: '/a' })).toBe(3);
  });

  test('no route is null', () => {
    expect(find([], {})).toBeNull();
    expect(find([{ hosts: ['a.example'] }, { path: prefix('/a') }], { host: 'b.example', path: '/b' })).toBeNull();
  });

  test('a wildcard host takes labels before it, `*` and no hosts take everything', () => {
    const routes = [{ hosts: ['a.b.example', '*.c.example'] }, { hosts: ['*.b.example'] }, { hosts: ['*'] }];
    expect(find(routes, { host: 'a.b.example' })).toBe(0);
    expect(find(routes, { host: 'x.y.c.example' })).toBe(0);
    expect(find(routes, { host: 'c.example' })).toBe(2);
    expect(find(routes, { host: 'b.b.example' })).toBe(1);
    expect(find(routes, { host: '' })).toBe(2);
    expect(find([{}], { host: '' })).toBe(0);
  });

  test('unread matters only while no earlier route has matched', () => {
    const body = fixedCondition('unread', 3);
    expect(find([{ path: exact('/a') }, { when: body }], { path: '/a' })).toBe(0);
    expect(find([{ when: body }, { path: exact('/a') }], { path: '/a' })).toBe('unread');
  });

  test('is the linear scan, for any table and request', () => {
    const label = fc.constantFrom('a', 'b', 'c');
    const host = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.'));
    const pattern = fc.oneof(
      host,
      host.map((name) => `*.${name}`),
      fc.constant('*'),
    );
    const path = fc
      .array(fc.constantFrom('a', 'b', 'ab', '', '..'), { maxLength: 4 })
      .map((parts) => `/${parts.join('/')}`);
    const conditions: readonly (Condition | null)[] = [
      null,
      null,
      headerCondition('x-beta', exactly('1')),
      fixedCondition('unread', 3),
      fixedCondition('unknown', 1),
    ];
    const routePath = fc.oneof(
      path.map(prefix),
      path.map(exact),
      fc.constantFrom<RoutePath>(anyPath, { kind: 'other', value: '', condition: pathCondition(endsWith('b')) }),
    );
    const entry = fc.record({
      hosts: fc.array(pattern, { maxLength: 3 }),
      path: routePath,
      methods: fc.subarray(['GET', 'POST']),
      when: fc.constantFrom(...conditions),
    });
    const request = fc.record({
      host: fc.oneof(host, fc.constantFrom('', '.', '.a', 'a.', 'a..b')),
      path: fc.oneof(path, fc.constantFrom('*', '', '//', '/a//')),
      method: fc.constantFrom('GET', 'POST', 'PUT'),
      headers: fc.constantFrom({}, { 'x-beta': '1' }),
    });
    fc.assert(
      fc.property(
        fc.array(entry, { maxLength: 25 }),
        fc.array(request, { minLength: 5, maxLength: 20 }),
        (samples, requests) => {
          const entries = entriesOf(samples);
          const table = buildRouteTable(entries);
          for (const sample of requests) {
            const trial = sampleTrial(sample);
            expect(table.find(trial)).toBe(findNaive(entries, trial));
          }
        },
      ),
      { numRuns: 1500 },
    );
  });

  test('a hostile host or path is not looked up at each of its parts', () => {
    const table = buildRouteTable(
      entriesOf(Array.from({ length: 1000 }, (_, i) => ({ hosts: [`*.h${i}.example`], path: prefix(`/p${i}`) }))),
    );
    const trial = sampleTrial({ host: 'a.'.repeat(16_000), path: '/a'.repeat(16_000) });
    const started = performance.now();
    for (let i = 0; i < 1000; i++) expect(table.find(trial)).toBeNull();
    expect(performance.now() - started).toBeLessThan(1_000);
  });

  test('10,000 routes are found at about the cost of one', () => {
    const routes = (count: number) =>
      buildRouteTable(
        entriesOf(
          Array.from({ length: count }, (_, i) => ({ hosts: ['shop.example'], path: prefix(`/service-${i}/api`) })),
        ),
      );
    const [one, many] = [routes(1), routes(10_000)];
    const nanoseconds = (table: typeof one, place: number): number => {
      const trial = sampleTrial({ path: `/service-${place}/api/items` });
      for (let i = 0; i < 20_000; i++) table.find(trial);
      const started = performance.now();
      for (let i = 0; i < 100_000; i++) table.find(trial);
      return (performance.now() - started) * 10;
    };
    // A scan would be thousands of times slower; the bound leaves room for a busy machine.
    expect(nanoseconds(many, 9_999)).toBeLessThan(Math.max(20 * nanoseconds(one, 0), 5_000));
  });
});
