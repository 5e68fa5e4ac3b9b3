import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { BalancedEndpoint, Balancer } from '../../../../src/core/balancing/balancer.ts';
import { buildBalancer } from '../../../../src/core/balancing/build-balancer.ts';
import type { Balance } from '../../../../src/core/snapshot.ts';
import { seededDraws } from '../sample-request.ts';

const kinds: readonly Balance[] = [
  { kind: 'round-robin' },
  { kind: 'least-request' },
  { kind: 'random' },
  { kind: 'hash', source: { kind: 'header', name: 'x-session' } },
];
const endpoints = (...weights: number[]): BalancedEndpoint[] =>
  weights.map((weight, i) => ({ url: `http://10.0.0.${i}:9000`, weight }));
const all = (_endpoint: number): boolean => true;
const none = () => 0;

/** How often each endpoint is chosen. */
function tally(
  balancer: Balancer,
  count: number,
  picks: number,
  isUsable = all,
  keyOf: (i: number) => string | null = () => null,
) {
  const random = seededDraws(5);
  const chosen = Array.from({ length: count }, () => 0);
  for (let i = 0; i < picks; i++) {
    const place = balancer.next(isUsable, none, keyOf(i), random);
    chosen[place] = (chosen[place] as number) + 1;
  }
  return chosen;
}

describe.each(kinds)('$kind', (balance) => {
  const keyOf = balance.kind === 'hash' ? (i: number) => `session-${i}` : () => null;

  test('chooses a usable endpoint whenever there is one, and -1 otherwise', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 12 }), fc.option(fc.string()), fc.nat(), (usable, key, seed) => {
        const balancer = buildBalancer(balance, endpoints(...usable.map((_, i) => 1 + (i % 3))), 'service');
        const random = seededDraws(seed);
        for (let i = 0; i < 20; i++) {
          const place = balancer.next(
            (endpoint) => usable[endpoint] as boolean,
            (endpoint) => endpoint,
            key,
            random,
          );
          expect(usable.includes(true) ? usable[place] : place).toBe(usable.includes(true) ? true : -1);
        }
      }),
    );
  });

  test('when idle it follows the weights', () => {
    const balancer = buildBalancer(balance, endpoints(1, 2, 5), 'service');
    const chosen = tally(balancer, 3, 40_000, all, keyOf);
    // A hash ring follows them only roughly.
    const tolerance = balance.kind === 'hash' ? 0.2 : 0.04;
    [1, 2, 5].forEach((weight, i) => {
      expect(Math.abs((chosen[i] as number) / 5_000 / weight - 1)).toBeLessThan(tolerance);
    });
  });

  test('what an unusable endpoint leaves goes to the others by weight', () => {
    const balancer = buildBalancer(balance, endpoints(1, 6, 3), 'service');
    const [first, second, third] = tally(balancer, 3, 40_000, (endpoint) => endpoint !== 1, keyOf) as [
      number,
      number,
      number,
    ];
    expect(second).toBe(0);
    expect(Math.abs(third / first - 3)).toBeLessThan(balance.kind === 'hash' ? 0.8 : 0.3);
  });
});

describe('round-robin', () => {
  test('spreads the turns of a heavy endpoint', () => {
    const balancer = buildBalancer({ kind: 'round-robin' }, endpoints(5, 1, 1), 's');
    const turns = Array.from({ length: 7 }, () => balancer.next(all, none, null, seededDraws(1)));
    expect(turns).toEqual([0, 0, 1, 0, 2, 0, 0]);
  });
});

describe('least-request', () => {
  test('of two, the one with less under way for its weight', () => {
    const inFlight = [4, 6];
    const place = (...weights: number[]) =>
      buildBalancer({ kind: 'least-request' }, endpoints(...weights), 's').next(
        all,
        (i) => inFlight[i] as number,
        null,
        seededDraws(2),
      );
    expect(place(1, 1)).toBe(0);
    expect(place(1, 2)).toBe(1);
  });

  test('load stays even', () => {
    const balancer = buildBalancer({ kind: 'least-request' }, endpoints(1, 1, 1, 1, 1), 's');
    const random = seededDraws(9);
    const inFlight = [0, 0, 0, 0, 0];
    for (let i = 0; i < 5000; i++) {
      const place = balancer.next(all, (endpoint) => inFlight[endpoint] as number, null, random);
      inFlight[place] = (inFlight[place] as number) + 1;
    }
    expect(Math.max(...inFlight) - Math.min(...inFlight)).toBeLessThan(20);
  });
});

describe('hash', () => {
  const balance = kinds[3] as Balance;
  const keys = Array.from({ length: 5000 }, (_, i) => `session-${i}`);
  const places = (balancer: Balancer, isUsable = all) =>
    keys.map((key) => balancer.next(isUsable, none, key, seededDraws(1)));

  test('a key keeps its endpoint, in every worker', () => {
    const [a, b] = [1, 2].map(() => places(buildBalancer(balance, endpoints(1, 1, 2, 1), 's')));
    expect(a).toEqual(b);
  });

  test('an endpoint that fails moves only its own keys, and spreads them', () => {
    const balancer = buildBalancer(balance, endpoints(1, 1, 1, 1), 's');
    const before = places(balancer);
    const after = places(balancer, (endpoint) => endpoint !== 2);
    const takers = new Set<number>();
    before.forEach((place, i) => {
      if (place !== 2) expect(after[i]).toBe(place);
      else takers.add(after[i] as number);
    });
    expect([...takers].sort()).toEqual([0, 1, 3]);
  });

  test('an endpoint that is added takes keys only for itself', () => {
    const before = places(buildBalancer(balance, endpoints(1, 1, 1), 's'));
    const after = places(buildBalancer(balance, endpoints(1, 1, 1, 1), 's'));
    before.forEach((place, i) => {
      if (after[i] !== 3) expect(after[i]).toBe(place);
    });
    expect(after.filter((place) => place === 3).length).toBeGreaterThan(keys.length / 8);
  });
});
