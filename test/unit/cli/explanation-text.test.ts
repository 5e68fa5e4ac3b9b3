import { expect, test } from 'vitest';
import { explanationText } from '../../../src/cli/explanation-text.ts';
import type { Explanation } from '../../../src/core/explain.ts';

const EXPLANATION: Explanation = {
  route: 'web',
  rule: 'testers',
  version: 'v2',
  intended: 'v2',
  reason: 'rule',
  key: { source: 'header x-id', joinsAt: 12.345 },
  mirrors: ['v3'],
  tried: [
    { route: 'web', rule: null, result: true, conditions: [] },
    {
      route: 'web',
      rule: 'testers',
      result: true,
      conditions: [
        { condition: 'all(header x-user = u-1, not(query q = 1))', value: null, result: true },
        { condition: 'header x-user = u-1', value: 'u-1', result: true },
        { condition: 'query q = 1', value: null, result: false },
      ],
    },
  ],
  triedLeftOut: 0,
};

test('the answer comes first, then what was tried with the values seen', () => {
  expect(explanationText(EXPLANATION)).toBe(`version  v2
reason   rule
route    web
rule     testers
key      header x-id, on the candidate's side from a share of 12.35 %
mirrors  v3
tried
  route web: true
  rule web/testers: true
    true   all(header x-user = u-1, not(query q = 1))
    true   header x-user = u-1  "u-1"
    false  query q = 1          (absent)
`);
});

test('a fallback is told with the version that was meant', () => {
  const text = explanationText({ ...EXPLANATION, version: 'v1' });
  expect(text).toContain('version  v1 (fallback: v2 was meant and has no usable endpoint)\n');
});

test('no route is told with the answer that the client gets', () => {
  const nothing = { route: null, rule: null, version: null, intended: null, key: null, mirrors: [], tried: [] };
  expect(explanationText({ ...EXPLANATION, ...nothing, reason: 'no-route' })).toBe(
    'version  none: no route matches (the answer is 404)\n',
  );
});
