import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DecisionRun, decide } from '../../../../src/core/splitting/decide.ts';
import { around, configOf, parseText, snapshotOf } from '../../../support/config-text.ts';
import { drawsOf, sampleRequest } from '../../core/sample-request.ts';

/** The names of what is said to be unreachable. */
function unreachable(text: string): string[] {
  const found = parseText(text).issues.filter(({ code }) => code.startsWith('unreachable-'));
  return found.map(({ message }) => message.split(' ')[1]!);
}

const routes = (...matches: string[]): string =>
  around({
    routes: matches
      .map(
        (match, at) => `  - { name: r${at}, ${match === '' ? '' : `match: ${match}, `}service: app, split: { v1: 1 } }`,
      )
      .join('\n'),
  });
const rules = (...whens: string[]): string =>
  around({
    routes: `  - name: all\n    service: app\n    split: { v1: 1 }\n    rules:\n${whens.map((when, at) => `      - { name: x${at}, when: ${when}, to: v2 }`).join('\n')}`,
  });

describe('routes', () => {
  test.each([
    ['after one without a match', ['', '{ path: /a }'], ['r1']],
    [
      'under a prefix',
      ['{ path: { prefix: /a } }', '{ path: { prefix: /a/b } }', '{ path: /a/c }', '{ path: [/a, /a/d] }'],
      ['r1', 'r2', 'r3'],
    ],
    ['not beside a prefix', ['{ path: { prefix: /a } }', '{ path: { prefix: /ab } }', '{ path: [/a, /b] }'], []],
    ['the same match again', ['{ hosts: [a.example], path: /a }', '{ hosts: [a.example], path: /a }'], ['r1']],
    [
      'a host under a wildcard',
      ['{ hosts: ["*.example"] }', '{ hosts: [a.example] }', '{ hosts: ["*.b.example"] }'],
      ['r1', 'r2'],
    ],
    ['not the wildcard’s own name', ['{ hosts: ["*.b.example"] }', '{ hosts: [b.example] }'], []],
    [
      'several hosts, all caught',
      ['{ hosts: [a.example] }', '{ hosts: [b.example] }', '{ hosts: [a.example, b.example] }'],
      ['r2'],
    ],
    [
      'methods that are caught one by one',
      ['{ methods: [GET] }', '{ methods: [POST] }', '{ methods: [GET, POST] }', '{ methods: [GET, PUT] }'],
      ['r2'],
    ],
    [
      'the same further condition',
      ['{ header: { a: 1 } }', '{ header: { a: 1 }, path: /x }', '{ header: { a: 2 } }'],
      ['r1'],
    ],
    ['a narrower one first is fine', ['{ path: /a }', ''], []],
    [
      'a pattern again',
      ['{ path: { regex: "/a.*" } }', '{ path: { regex: "/a.*" } }', '{ path: { regex: "/b.*" } }'],
      ['r1'],
    ],
  ])('%s', (_, matches, expected) => {
    expect(unreachable(routes(...matches))).toEqual(expected);
  });
});

describe('rules', () => {
  test.each([
    ['the same condition again', ['{ header: { a: 1 } }', '{ header: { a: 1 } }'], ['x1']],
    ['with a condition more', ['{ header: { a: 1 } }', '{ header: { a: 1 }, method: POST }'], ['x1']],
    [
      'parts in another order',
      ['{ header: { a: 1, b: 2 } }', '{ all: [{ header: { b: 2 } }, { header: { a: 1 } }] }'],
      ['x1'],
    ],
    [
      'a value of an earlier list',
      ['{ header: { a: [1, 2] } }', '{ header: { a: 2 } }', '{ header: { a: [2, 3] } }'],
      ['x1'],
    ],
    [
      'values of several earlier rules',
      ['{ query: { a: 1 } }', '{ query: { a: 2 } }', '{ query: { a: [1, 2] } }'],
      ['x2'],
    ],
    ['a branch of an earlier any', ['{ any: [{ header: { a: 1 } }, { method: POST }] }', '{ method: POST }'], ['x1']],
    [
      'every branch caught',
      ['{ method: POST }', '{ header: { a: 1 } }', '{ any: [{ header: { a: 1 } }, { method: POST }] }'],
      ['x2'],
    ],
    ['a path under a prefix', ['{ path: { prefix: /a } }', '{ path: /a/b }', '{ path: /ab }'], ['x1']],
    ['after everybody', ['{ percent: 100 }', '{ method: GET }'], ['x1']],
    ['shares of rules are drawn apart', ['{ percent: 50 }', '{ percent: 50 }'], []],
    [
      'not what only looks alike',
      ['{ header: { a: 1 } }', '{ cookie: { a: 1 } }', '{ not: { header: { a: 1 } } }'],
      [],
    ],
  ])('%s', (_, whens, expected) => {
    expect(unreachable(rules(...whens))).toEqual(expected);
  });
});

describe('what is called unreachable is reached by no request', () => {
  const value = fc.constantFrom('a', 'b');
  const path = fc.constantFrom('/', '/a', '/a/', '/a/b', '/ab', '*');
  const matcher = fc.oneof(
    value,
    fc.array(value, { minLength: 1, maxLength: 2 }),
    fc.record({ prefix: value }),
    fc.record({ not: value }),
    fc.record({ present: fc.boolean() }),
  );
  const plainPath = path.filter((each) => each !== '*');
  const pathMatcher = fc.oneof(
    path,
    fc.record({ prefix: plainPath }),
    fc.record({ not: fc.record({ prefix: plainPath }) }),
    fc.array(path, { minLength: 1, maxLength: 2 }),
  );
  const { condition } = fc.letrec<{ condition: object }>((tie) => ({
    condition: fc.oneof(
      { maxDepth: 2 },
      fc.record({ header: fc.record({ x: matcher }) }),
      fc.record({ path: pathMatcher }),
      fc.record({ method: fc.constantFrom('GET', 'POST', ['GET', 'POST']) }),
      fc.record({ percent: fc.constantFrom(0, 50, 100) }),
      fc.record({ all: fc.array(tie('condition'), { minLength: 1, maxLength: 2 }) }),
      fc.record({ any: fc.array(tie('condition'), { minLength: 1, maxLength: 2 }) }),
      fc.record({ not: tie('condition') }),
    ),
  }));
  const host = fc.constantFrom('a.b', '*.b', 'b', '*');
  const match = fc.record(
    {
      hosts: fc.array(host, { minLength: 1, maxLength: 2 }),
      path: pathMatcher,
      methods: fc.constantFrom(['GET'], ['POST', 'GET']),
      header: fc.record({ x: matcher }),
    },
    { requiredKeys: [] },
  );

  const requests = ['a.b', 'b', 'c.a.b', 'z', ''].flatMap((each) =>
    ['/', '/a', '/a/', '/a/b', '/ab', '/z', '*'].flatMap((at) =>
      ['GET', 'POST'].flatMap((method) =>
        ([undefined, 'a', 'b', 'ab', ''] as const).flatMap((x) => {
          const headers: Record<string, string> = x === undefined ? {} : { x };
          return [sampleRequest({ host: each, path: at, method, headers })];
        }),
      ),
    ),
  );

  /** The routes and rules that some request reaches, as the core decides. */
  function reached(text: string): Set<string> {
    const snapshot = snapshotOf(text);
    const names = new Set<string>();
    for (const draw of [0.01, 0.99]) {
      const run = new DecisionRun(drawsOf(draw));
      for (const request of requests) {
        run.begin(request);
        decide(snapshot, run);
        const arm = run.decision.arm;
        if (arm !== null) names.add(arm.rule?.name ?? arm.route.name);
      }
    }
    return names;
  }

  test('among routes', () => {
    fc.assert(
      fc.property(fc.array(match, { minLength: 2, maxLength: 5 }), (matches) => {
        const text = routes(...matches.map((each) => JSON.stringify(each)));
        const hit = reached(text);
        for (const name of unreachable(text)) expect(hit).not.toContain(name);
      }),
      { numRuns: 150 },
    );
  });

  test('among rules', () => {
    fc.assert(
      fc.property(fc.array(condition, { minLength: 2, maxLength: 6 }), (conditions) => {
        const text = rules(...conditions.map((each) => JSON.stringify(each)));
        configOf(text);
        const hit = reached(text);
        for (const name of unreachable(text)) expect(hit).not.toContain(name);
      }),
      { numRuns: 150 },
    );
  });
});
