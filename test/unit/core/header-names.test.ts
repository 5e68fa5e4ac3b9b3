import { expect, test } from 'vitest';
import { headerNamesOf } from '../../../src/core/header-names.ts';
import { headerCondition } from '../../../src/core/matching/header.ts';
import { exactly } from '../../../src/core/matching/value-matcher.ts';
import { type SampleRoute, sampleSnapshot } from './sample-snapshot.ts';

const namesOf = (route: SampleRoute): readonly string[] => {
  const snapshot = sampleSnapshot(route);
  return headerNamesOf(snapshot.routes[0] as (typeof snapshot.routes)[0], [route.match ?? null]).toSorted();
};

test('a route that looks at no header needs none', () => {
  expect(namesOf({ sticky: [{ kind: 'query', name: 'q' }, { kind: 'client-address' }] })).toEqual([]);
});

test('match, rules, sticky keys, override, lane and mirrors name what they look at, once', () => {
  const beta = headerCondition('X-Beta', exactly('1'));
  const names = namesOf({
    versions: ['v1', 'v2', 'v3'],
    match: headerCondition('X-Tenant', exactly('a')),
    rules: [
      { name: 'a', when: beta, to: 'v2' },
      { name: 'b', when: beta, to: 'v1' },
    ],
    sticky: [
      { kind: 'header', name: 'x-user-id' },
      { kind: 'visitor-cookie', name: 'vid' },
    ],
    override: { header: 'x-gray', cookie: 'gray', from: null },
    lane: true,
    mirrors: [{ to: 'v3', percent: 1 }],
  });
  expect(names).toEqual(['cookie', 'x-beta', 'x-gray', 'x-gray-lane', 'x-gray-mirror', 'x-tenant', 'x-user-id']);
});
