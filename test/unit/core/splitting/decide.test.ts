import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CidrSet } from '../../../../src/core/matching/cidr.ts';
import { headerCondition } from '../../../../src/core/matching/header.ts';
import { percentCondition } from '../../../../src/core/matching/percent.ts';
import { exactly } from '../../../../src/core/matching/value-matcher.ts';
import { DecisionRun, decide } from '../../../../src/core/splitting/decide.ts';
import { drawsOf, fixedCondition, type SampleRequest, sampleRequest, seededDraws } from '../sample-request.ts';
import { type SampleRoute, sampleSnapshot } from '../sample-snapshot.ts';

const beta = headerCondition('x-beta', exactly('1'));

/** The version and the reason, as `v2 by rule`; or why there is none. */
function outcome(route: SampleRoute, request: SampleRequest = {}, random = drawsOf(0)): string {
  const run = new DecisionRun(random);
  run.begin(sampleRequest(request));
  const result = decide(sampleSnapshot(route), run);
  return result === 'decided' ? `${run.decision.arm?.version.name} by ${run.decision.reason}` : result;
}

describe('order of decision', () => {
  const everything: SampleRoute = {
    versions: ['v1', 'v2', 'v3', 'v4'],
    split: { v1: 100, v2: 0 },
    lane: true,
    override: { header: 'x-gray', cookie: 'gray', from: null },
    rules: [
      { name: 'beta', when: beta, to: 'v2' },
      { name: 'all', when: fixedCondition('true'), split: { v2: 1 } },
    ],
  };
  const lane = { fromTrustedPeer: true, headers: { 'x-gray-lane': 'v3', 'x-gray': 'v4', 'x-beta': '1' } };

  test.each<[string, SampleRoute, SampleRequest, string]>([
    [
      'take-over silences everything',
      { ...everything, overlay: { kind: 'take-over', version: 'v1' } },
      lane,
      'v1 by take-over',
    ],
    ['lane before override', everything, lane, 'v3 by lane'],
    ['override before rules', everything, { headers: { 'x-gray': 'v4', 'x-beta': '1' } }, 'v4 by override'],
    ['rules before the split', everything, { headers: { 'x-beta': '1' } }, 'v2 by rule'],
    ['rules in file order', everything, {}, 'v2 by rule-split'],
    ['the split at last', { ...everything, rules: [] }, {}, 'v1 by single'],
  ])('%s', (_, route, request, expected) => {
    expect(outcome(route, request)).toBe(expected);
  });

  test('no route is no decision', () => {
    expect(outcome({ hosts: ['other.example'] })).toBe('no-route');
  });

  test('a rule that names a version wins over the sticky split', () => {
    const route: SampleRoute = {
      split: { v1: 100, v2: 0.001 },
      sticky: [{ kind: 'header', name: 'x-user-id' }],
      rules: [{ name: 'beta', when: beta, to: 'v2' }],
    };
    expect(outcome(route, { headers: { 'x-user-id': 'u-1', 'x-beta': '1' } })).toBe('v2 by rule');
    expect(outcome(route, { headers: { 'x-user-id': 'u-1' } })).toBe('v1 by sticky');
  });

  test('a rule holds only when it is true', () => {
    for (const truth of ['false', 'unknown'] as const) {
      const rules = [{ name: 'r', when: fixedCondition(truth), to: 'v2' }];
      expect(outcome({ split: { v1: 1, v2: 0 }, rules })).toBe('v1 by single');
    }
  });

  test('a rule whose answer lies in the body stops the decision, an earlier true one spares the body', () => {
    const body = { name: 'body', when: fixedCondition('unread', 3), to: 'v2' };
    expect(outcome({ rules: [body] })).toBe('unread');
    expect(outcome({ rules: [{ name: 'beta', when: beta, to: 'v2' }, body] }, { headers: { 'x-beta': '1' } })).toBe(
      'v2 by rule',
    );
    expect(outcome({ match: fixedCondition('unread', 3) })).toBe('unread');
  });
});

describe('abort', () => {
  const aborted: SampleRoute = {
    versions: ['v1', 'v2', 'v3'],
    overlay: { kind: 'abort', version: 'v2' },
    split: { v1: 1, v2: 98, v3: 1 },
    lane: true,
    override: { header: 'x-gray', cookie: null, from: null },
    candidate: 'v2',
    rules: [{ name: 'beta', when: beta, to: 'v2' }],
  };

  test.each<[string, SampleRequest, string]>([
    ['the split', {}, 'v1 by abort'],
    ['a rule', { headers: { 'x-beta': '1' } }, 'v1 by abort'],
    ['an override by name', { headers: { 'x-gray': 'v2' } }, 'v1 by abort'],
    ['an override for the candidate', { headers: { 'x-gray': 'always' } }, 'v1 by abort'],
    ['a lane', { fromTrustedPeer: true, headers: { 'x-gray-lane': 'v2' } }, 'v1 by abort'],
    ['another version stays', { headers: { 'x-gray': 'v3' } }, 'v3 by override'],
  ])('wherever the candidate was chosen, stable is: %s', (_, request, expected) => {
    expect(outcome(aborted, request, drawsOf(0.5))).toBe(expected);
  });

  test('the candidate gets nobody, the others keep theirs', () => {
    const sticky = [{ kind: 'header', name: 'x-user-id' }] as const;
    const plain: SampleRoute = { split: { v1: 60, v2: 20, v3: 20 }, sticky };
    const before = sampleSnapshot(plain);
    const after = sampleSnapshot({ ...plain, overlay: { kind: 'abort', version: 'v2' } });
    const run = new DecisionRun(seededDraws(1));
    for (let i = 0; i < 2000; i++) {
      const request = sampleRequest({ headers: { 'x-user-id': `u-${i}` } });
      const [was, is] = [before, after].map((snapshot) => {
        run.begin(request);
        decide(snapshot, run);
        return `${run.decision.arm?.version.name} by ${run.decision.reason}`;
      });
      expect(is).toBe(was === 'v2 by sticky' ? 'v1 by abort' : was);
    }
  });
});

describe('lane', () => {
  const route: SampleRoute = { versions: ['v1', 'v2'], split: { v1: 1 }, lane: true };
  const headers = { 'x-gray-lane': 'v2' };

  test.each<[string, SampleRoute, SampleRequest, string]>([
    ['a trusted peer is followed', route, { fromTrustedPeer: true, headers }, 'v2 by lane'],
    ['another peer is not', route, { headers }, 'v1 by single'],
    [
      'a route without lanes does not follow',
      { ...route, lane: false },
      { fromTrustedPeer: true, headers },
      'v1 by single',
    ],
    [
      'a version the service lacks is not followed',
      route,
      { fromTrustedPeer: true, headers: { 'x-gray-lane': 'v9' } },
      'v1 by single',
    ],
  ])('%s', (_, sample, request, expected) => {
    expect(outcome(sample, request)).toBe(expected);
  });
});

describe('override', () => {
  const route: SampleRoute = {
    versions: ['v1', 'v2', 'v3'],
    split: { v1: 0, v2: 1 },
    stable: 'v1',
    candidate: 'v2',
    override: { header: 'x-gray', cookie: 'gray', from: null },
  };
  const inside = { ...route, override: { header: 'x-gray', cookie: 'gray', from: CidrSet.of(['10.0.0.0/8']) } };

  test.each<[string, SampleRoute, SampleRequest, string]>([
    ['never is stable', route, { headers: { 'x-gray': 'never' } }, 'v1 by override'],
    ['always is the candidate', route, { headers: { 'x-gray': 'always' } }, 'v2 by override'],
    [
      'always without a candidate is ignored',
      { ...route, candidate: null },
      { headers: { 'x-gray': 'always' } },
      'v2 by single',
    ],
    ['any version by name', route, { headers: { 'x-gray': 'v3' } }, 'v3 by override'],
    ['names are exact', route, { headers: { 'x-gray': 'V3' } }, 'v2 by single'],
    ['an unknown value is ignored', route, { headers: { 'x-gray': 'v9' } }, 'v2 by single'],
    ['by cookie', route, { headers: { cookie: 'a=b; gray=v3' } }, 'v3 by override'],
    ['the header beats the cookie', route, { headers: { 'x-gray': 'v1', cookie: 'gray=v3' } }, 'v1 by override'],
    [
      'an ignored header leaves the cookie',
      route,
      { headers: { 'x-gray': 'v9', cookie: 'gray=v3' } },
      'v3 by override',
    ],
    ['clients outside from are refused', inside, { headers: { 'x-gray': 'v3' } }, 'v2 by single'],
    [
      'clients inside from are honoured',
      inside,
      { clientAddress: '10.1.1.1', headers: { 'x-gray': 'v3' } },
      'v3 by override',
    ],
    [
      'off unless written',
      { split: { v1: 1, v2: 0 } },
      { headers: { 'x-gray': 'v2', cookie: 'gray=v2' } },
      'v1 by single',
    ],
    ['__proto__ is not a version', route, { headers: { 'x-gray': '__proto__' } }, 'v2 by single'],
  ])('%s', (_, sample, request, expected) => {
    expect(outcome(sample, request)).toBe(expected);
  });
});

describe('key', () => {
  const sticky = [
    { kind: 'header', name: 'x-user-id' },
    { kind: 'visitor-cookie', name: 'gray_vid' },
  ] as const;

  function decided(route: SampleRoute, request: SampleRequest = {}) {
    const random = drawsOf(0.5);
    const run = new DecisionRun(random);
    run.begin(sampleRequest(request));
    decide(sampleSnapshot(route), run);
    return { run, random, decision: run.decision };
  }

  test('a visitor id is minted once, and is the key of this very request', () => {
    const { decision, random } = decided({ sticky, split: { v1: 1, v2: 1 } });
    expect(decision).toMatchObject({
      key: 'visitor-1',
      mintedVisitor: 'visitor-1',
      reason: 'sticky',
      keySource: sticky[1],
    });
    expect(random).toMatchObject({ minted: 1, drawn: 0 });
    const again = decided({ sticky, split: { v1: 1, v2: 1 } }, { headers: { cookie: 'gray_vid=visitor-1' } });
    expect(again.decision).toMatchObject({ key: 'visitor-1', mintedVisitor: null });
    expect(again.decision.arm?.version.name).toBe(decision.arm?.version.name);
  });

  test.each<[string, SampleRoute, SampleRequest]>([
    ['a key from an earlier source', { sticky, split: { v1: 1, v2: 1 } }, { headers: { 'x-user-id': 'u' } }],
    ['a rule that names a version', { sticky, rules: [{ name: 'r', when: fixedCondition('true'), to: 'v2' }] }, {}],
    ['a version that has it all', { sticky, split: { v1: 1, v2: 0 } }, {}],
    ['a take-over', { sticky, overlay: { kind: 'take-over', version: 'v2' } }, {}],
  ])('none is minted with %s', (_, route, request) => {
    expect(decided(route, request)).toMatchObject({ random: { minted: 0 }, decision: { mintedVisitor: null } });
  });

  test('a percent condition asks for the key, and minting serves it and the split', () => {
    const when = percentCondition({ percent: 50, salt: 's', ruleName: 'r' });
    const { random, decision } = decided({ sticky, split: { v1: 1, v2: 1 }, rules: [{ name: 'r', when, to: 'v2' }] });
    expect(random).toMatchObject({ minted: 1, drawn: 0 });
    expect(decision.key).toBe('visitor-1');
  });

  test('without a key the split draws, and draws again for the next request', () => {
    const random = drawsOf(0.1, 0.9);
    const run = new DecisionRun(random);
    const snapshot = sampleSnapshot({ split: { v1: 1, v2: 1 } });
    const picked = [0, 1].map(() => {
      run.begin(sampleRequest());
      decide(snapshot, run);
      return `${run.decision.arm?.version.name} by ${run.decision.reason}`;
    });
    expect(picked).toEqual(['v1 by random', 'v2 by random']);
  });

  test('a user called unread, or anything else, is just a key', () => {
    fc.assert(
      fc.property(fc.oneof(fc.constant('unread'), fc.string({ minLength: 1 })), (id) => {
        const { decision } = decided({ sticky, split: { v1: 1, v2: 1 } }, { headers: { 'x-user-id': id } });
        expect(decision).toMatchObject({ key: id, reason: 'sticky' });
      }),
    );
  });

  test('nothing of a request is left for the next one', () => {
    const run = new DecisionRun(drawsOf(0.5));
    const snapshot = sampleSnapshot({ sticky, split: { v1: 1, v2: 1 } });
    run.begin(sampleRequest());
    decide(snapshot, run);
    run.begin(sampleRequest());
    expect(run.decision).toEqual({
      arm: null,
      reason: 'no-route',
      key: undefined,
      keySource: null,
      mintedVisitor: null,
      draw: undefined,
      unknown: 0,
    });
    expect(run.key()).toBeNull();
  });

  test('a rule has a split of its own, with a salt of its own', () => {
    const rules = [{ name: 'half', when: fixedCondition('true'), split: { v1: 1, v2: 1 } }];
    const route: SampleRoute = { name: 'r', sticky, split: { v1: 1, v2: 1 }, rules };
    const alone: SampleRoute = { name: 'r', salt: 'r/half', sticky, split: { v1: 1, v2: 1 } };
    for (let i = 0; i < 200; i++) {
      const request = { headers: { 'x-user-id': `u-${i}` } };
      const { decision } = decided(route, request);
      expect(decision).toMatchObject({ reason: 'rule-split', arm: { rule: { name: 'half' } } });
      expect(decision.arm?.version.name).toBe(decided(alone, request).decision.arm?.version.name);
    }
  });
});
