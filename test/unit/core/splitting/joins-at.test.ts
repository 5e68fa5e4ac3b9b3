import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toByteString } from '../../../../src/core/byte-string.ts';
import { joinsAt } from '../../../../src/core/splitting/joins-at.ts';
import { sampleSplit, type Weights } from '../sample-snapshot.ts';

function joins(weights: Weights, key: string): number {
  const split = sampleSplit(weights);
  const [stable, candidate] = split.entries.map((entry) => entry.arm.version);
  if (stable === undefined || candidate === undefined) throw new Error('two versions at least');
  return joinsAt({ split, salt: 'salt', stable, candidate, key }) as number;
}

describe('joinsAt', () => {
  test('from that share on, and not before, the key is on the candidate', () => {
    const weight = fc.integer({ min: 1, max: 100 });
    fc.assert(
      fc.property(weight, fc.nat(100), weight, fc.string({ unit: 'grapheme' }), (v1, v2, v3, text) => {
        const key = toByteString(text);
        const at = joins({ v1, v2, v3 }, key);
        expect(at).toBeGreaterThan(0);
        expect(at).toBeLessThan(100);
        const versionAt = (percent: number): string => {
          const split = sampleSplit({ v1, v2: (percent * (v1 + v3)) / (100 - percent), v3 });
          return split.pickByKey(key).version.name;
        };
        expect(versionAt(at + (100 - at) * 1e-6)).toBe('v2');
        expect(versionAt(at * (1 - 1e-6))).not.toBe('v2');
      }),
      { numRuns: 500 },
    );
  });

  test("it does not depend on the candidate's share now", () => {
    expect(joins({ v1: 90, v2: 10 }, 'u')).toBeCloseTo(joins({ v1: 10, v2: 90 }, 'u'), 9);
  });

  test('when the candidate has it all, stable stands for the others', () => {
    expect(joins({ v1: 0, v2: 1 }, 'u')).toBeCloseTo(joins({ v1: 50, v2: 50 }, 'u'), 9);
  });

  test('without another version there is no side to change', () => {
    const split = sampleSplit({ v1: 1 });
    const only = split.entries[0]?.arm.version as NonNullable<typeof split.lone>['version'];
    expect(joinsAt({ split, salt: 'salt', stable: only, candidate: only, key: 'u' })).toBeNull();
  });

  test('over many users the shares at which they join are spread evenly', () => {
    const tenths = Array.from({ length: 10 }, () => 0);
    for (let i = 0; i < 10_000; i++) {
      const tenth = Math.floor(joins({ v1: 95, v2: 5 }, `u-${i}`) / 10);
      tenths[tenth] = (tenths[tenth] as number) + 1;
    }
    for (const count of tenths) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });
});
