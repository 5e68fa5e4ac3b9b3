import { describe, expect, it } from 'vitest';
import { Overload } from '../../../src/proxy/overload.ts';

const TICK_MS = 50;
const ROOMY = { share: () => 0 };

/** Sweeps at these distances, one after another; gives whether requests are refused after each. */
function sweep(overload: Overload, gapsMs: readonly number[], startMs = 1_000): boolean[] {
  let nowMs = startMs;
  overload.swept(nowMs);
  return gapsMs.map((gapMs) => {
    nowMs += gapMs;
    overload.swept(nowMs);
    return overload.isShedding;
  });
}

const steady = (count: number): number[] => new Array<number>(count).fill(TICK_MS);

describe('a loop that is held up', () => {
  it.each([
    ['never', steady(100), false],
    ['a little, for ever', new Array<number>(100).fill(190), false],
    ['once', [...steady(10), 500, ...steady(10)], false],
    ['twice', [...steady(10), 250, 50, 250, ...steady(10)], false],
    ['again and again', [250, 50, 250, 50, 250, 50, 250], true],
    ['for long', [1_100], true],
    ['for long, each time', [2_000, 2_000], true],
    ['now and then', [250, ...steady(15), 250, ...steady(15), 250, ...steady(15)], false],
  ])('%s', (_, gaps, isShedding) => {
    expect(sweep(new Overload(ROOMY), gaps).at(-1)).toBe(isShedding);
  });

  it('is trusted again 1.5 s after it was last late, wherever it began', () => {
    const after = sweep(new Overload(ROOMY), [3_000, 3_000, 3_000, ...steady(40)]);
    const firstServed = after.indexOf(false);
    expect(after.slice(firstServed)).not.toContain(true);
    expect((firstServed - 3) * TICK_MS).toBeLessThanOrEqual(1_550);
  });
});

describe('a heap', () => {
  it('over 85 % refuses requests, and no longer when it has room again', () => {
    const shares = [0.84, 0.86, 0.5];
    let share = 0;
    const overload = new Overload({ share: () => share });
    const seen = shares.map((next, place) => {
      share = next;
      return sweep(overload, steady(5), 1_000 + place * 300).at(-1);
    });
    expect(seen).toEqual([false, true, false]);
  });

  it('is not measured with every sweep', () => {
    let measured = 0;
    sweep(new Overload({ share: () => measured++ * 0 }), steady(100));
    expect(measured).toBeLessThan(25);
  });

  it('of this process has room', () => {
    expect(sweep(new Overload(), steady(1))).toEqual([false]);
  });
});
