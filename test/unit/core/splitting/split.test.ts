import fc from 'fast-check';
import murmurhash from 'murmurhash';
import { describe, expect, test } from 'vitest';
import { toByteString } from '../../../../src/core/byte-string.ts';
import { seededDraws } from '../sample-request.ts';
import { sampleSplit, type Weights } from '../sample-snapshot.ts';
import { chiSquare, chiSquareLimit } from './chi-square.ts';
import golden from './golden-vectors.json' with { type: 'json' };

const versions = ['v1', 'v2', 'v3'];
const weight = fc.oneof(fc.nat(100), fc.double({ min: 0.01, max: 100, noNaN: true }));
const weights = fc
  .tuple(weight, weight, weight)
  .filter((list) => list.some((value) => value > 0))
  .map((list): Weights => Object.fromEntries(versions.map((name, i) => [name, list[i] as number])));
const key = fc.string({ unit: 'grapheme', minLength: 1 });

const versionOf = (split: Weights, text: string, salt = 'salt'): string =>
  sampleSplit(split, salt).pickByKey(toByteString(text)).version.name;

describe('golden vectors', () => {
  test.each(golden.cases)('$salt $weights: $about', ({ salt, weights: split, keys }) => {
    for (const [text, expected] of Object.entries(keys)) {
      expect(versionOf(split as unknown as Weights, text, salt), text).toBe(expected);
    }
  });

  test.each(golden.hashes)('hash of $text', ({ text, hash }) => {
    expect(murmurhash.v3(text, 0)).toBe(hash);
  });
});

describe('by key', () => {
  test('the version with the largest ln(u)/weight, u by the murmurhash package', () => {
    fc.assert(
      fc.property(weights, key, fc.string(), (split, text, salt) => {
        const scores = Object.entries(split)
          .filter(([, value]) => value > 0)
          .map(([name, value]) => {
            const u = (murmurhash.v3(`${salt}:split:${name}:${text}`, 0) + 0.5) / 2 ** 32;
            return { name, score: Math.log(u) / value };
          });
        const best = scores.reduce((a, b) => (b.score > a.score ? b : a));
        expect(versionOf(split, text, salt)).toBe(best.name);
      }),
      { numRuns: 1000 },
    );
  });

  test('a changed weight moves users only to or from its version', () => {
    fc.assert(
      fc.property(
        weights,
        fc.constantFrom(...versions),
        weight,
        fc.array(key, { minLength: 50, maxLength: 50 }),
        (before, changed, to, keys) => {
          const after = { ...before, [changed]: to };
          fc.pre(Object.values(after).some((value) => value > 0));
          const isRaised = to >= (before[changed] as number);
          for (const text of keys) {
            const [was, is] = [versionOf(before, text), versionOf(after, text)];
            if (was !== is) expect(isRaised ? is : was).toBe(changed);
          }
        },
      ),
    );
  });

  test('only the ratios of the weights matter', () => {
    fc.assert(
      fc.property(weights, key, (split, text) => {
        const doubled = Object.fromEntries(Object.entries(split).map(([name, value]) => [name, value * 2]));
        expect(versionOf(doubled, text)).toBe(versionOf(split, text));
      }),
    );
  });

  test.each<[string, Weights]>([
    ['halves', { v1: 50, v2: 50 }],
    ['95 to 5', { v1: 95, v2: 5 }],
    ['fractions', { v1: 99.5, v2: 0.5 }],
    ['three', { v1: 1, v2: 2, v3: 7 }],
  ])('100,000 keys fall as the weights say: %s', (_, split) => {
    for (const [about, keyOf] of Object.entries(keyKinds)) {
      const built = sampleSplit(split, 'uniformity');
      const counts = new Map(Object.keys(split).map((name) => [name, 0]));
      for (let i = 0; i < 100_000; i++) {
        const { name } = built.pickByKey(keyOf(i)).version;
        counts.set(name, (counts.get(name) as number) + 1);
      }
      const statistic = chiSquare([...counts.values()], Object.values(split));
      expect(statistic, about).toBeLessThan(chiSquareLimit(counts.size - 1));
    }
  });

  test('another salt is another choice', () => {
    const [a, b] = [sampleSplit({ v1: 50, v2: 50 }, 'a'), sampleSplit({ v1: 50, v2: 50 }, 'b')];
    let same = 0;
    for (let i = 0; i < 10_000; i++) if (a.pickByKey(`u${i}`).index === b.pickByKey(`u${i}`).index) same++;
    expect(Math.abs(same - 5_000)).toBeLessThan(250);
  });
});

const keyKinds: Readonly<Record<string, (i: number) => string>> = {
  numbers: (i) => String(i),
  'user ids': (i) => `user-${i}@example.com`,
  chinese: (i) => toByteString(`用户${i}`),
};

describe('0 and the whole', () => {
  test('0 takes nobody, by key or by draw', () => {
    fc.assert(
      fc.property(weights, key, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (split, text, u) => {
        const built = sampleSplit(split);
        for (const arm of [built.pickByKey(toByteString(text)), built.pickByDraw(u)]) {
          expect(split[arm.version.name]).toBeGreaterThan(0);
        }
      }),
    );
  });

  test('the only weight above 0 takes all', () => {
    const split = sampleSplit({ v1: 0, v2: 0.001, v3: 0 });
    expect(split.lone?.version.name).toBe('v2');
    expect(split.entries.map((entry) => entry.weight)).toEqual([0, 0.001, 0]);
    for (let i = 0; i < 1000; i++) expect(split.pickByKey(`u${i}`)).toBe(split.lone);
    expect(sampleSplit({ v1: 1, v2: 1 }).lone).toBeNull();
  });

  test.each([[{ v1: 0 }], [{}], [{ v1: -1, v2: 2 }], [{ v1: Number.NaN }], [{ v1: Number.POSITIVE_INFINITY }]])(
    '%j is not a split',
    (split) => {
      expect(() => sampleSplit(split as Weights)).toThrow(RangeError);
    },
  );
});

describe('by draw', () => {
  test('each version has its interval, in file order', () => {
    const split = sampleSplit({ v1: 1, v2: 0, v3: 3 });
    expect([0, 0.2499, 0.25, 0.999999].map((u) => split.pickByDraw(u).version.name)).toEqual(['v1', 'v1', 'v3', 'v3']);
  });

  test('100,000 draws fall as the weights say', () => {
    const random = seededDraws(1);
    const split = sampleSplit({ v1: 90, v2: 9.5, v3: 0.5 });
    const counts = [0, 0, 0];
    for (let i = 0; i < 100_000; i++) {
      const { index } = split.pickByDraw(random.next());
      counts[index] = (counts[index] as number) + 1;
    }
    expect(chiSquare(counts, [90, 9.5, 0.5])).toBeLessThan(chiSquareLimit(2));
  });
});
