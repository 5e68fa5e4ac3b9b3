import { describe, expect, test } from 'vitest';
import { percentCondition } from '../../../../src/core/matching/percent.ts';
import { buildMirrorSample } from '../../../../src/core/splitting/sample.ts';
import { drawsOf, sampleTrial, seededDraws } from '../sample-request.ts';
import { sampleSplit } from '../sample-snapshot.ts';
import { chiSquare, chiSquareLimit } from './chi-square.ts';

const COUNT = 100_000;
const percentOf = (percent: number, ruleName = 'rule') => percentCondition({ percent, salt: 'salt', ruleName });
const sampleOf = (percent: number, target = 'v3') => buildMirrorSample({ percent, salt: 'salt', target });

/** What of COUNT keys, or of COUNT requests without one, is taken; as a chi-square statistic against `percent`. */
function misfit(
  percent: number,
  key: (i: number) => string | null,
  isTaken: (trial: ReturnType<typeof sampleTrial>) => boolean,
) {
  const random = seededDraws(7);
  let taken = 0;
  for (let i = 0; i < COUNT; i++) if (isTaken(sampleTrial({}, key(i), random))) taken++;
  return chiSquare([taken, COUNT - taken], [percent, 100 - percent]);
}

describe.each([
  ['by key', (i: number) => `user-${i}`],
  ['without a key', () => null],
])('shares %s', (_, key) => {
  test.each([1, 12.5, 50])('percent %d holds for that share', (percent) => {
    const condition = percentOf(percent);
    expect(misfit(percent, key, (trial) => condition.test(trial) === 'true')).toBeLessThan(chiSquareLimit(1));
  });

  test.each([0.5, 20])('a mirror of %d percent copies that share', (percent) => {
    const sample = sampleOf(percent);
    expect(misfit(percent, key, (trial) => sample.isSampled(trial))).toBeLessThan(chiSquareLimit(1));
  });

  test('0 is nobody and 100 everybody, without asking for a key', () => {
    for (let i = 0; i < 1000; i++) {
      const trial = sampleTrial({}, i % 2 === 0 ? undefined : key(i));
      expect([percentOf(0).test(trial), percentOf(100).test(trial)]).toEqual(['false', 'true']);
      expect([sampleOf(0).isSampled(trial), sampleOf(100).isSampled(trial)]).toEqual([false, true]);
    }
  });

  test('purposes and names are independent of each other', () => {
    const random = seededDraws(4);
    const split = sampleSplit({ v1: 50, v2: 50 });
    const pairs = {
      'split, mirror': [0, 0, 0, 0],
      'split, percent': [0, 0, 0, 0],
      'percent, percent': [0, 0, 0, 0],
      'mirror, mirror': [0, 0, 0, 0],
    };
    for (let i = 0; i < COUNT; i++) {
      const trial = sampleTrial({}, key(i), random);
      const userKey = key(i);
      // A draw is made once per request, so percent and mirror come first here to make it.
      const a = percentOfHalf.test(trial) === 'true';
      const b = otherPercent.test(trial) === 'true';
      const c = mirrorHalf.isSampled(trial);
      const d = otherMirror.isSampled(trial);
      const arm = userKey === null ? split.pickByDraw(trial.decision.draw as number) : split.pickByKey(userKey);
      count(pairs['split, mirror'], arm.index === 1, c);
      count(pairs['split, percent'], arm.index === 1, a);
      count(pairs['percent, percent'], a, b);
      count(pairs['mirror, mirror'], c, d);
    }
    for (const [about, cells] of Object.entries(pairs)) {
      expect(chiSquare(cells, [1, 1, 1, 1]), about).toBeLessThan(chiSquareLimit(3));
    }
  });
});

const percentOfHalf = percentOf(50, 'one');
const otherPercent = percentOf(50, 'two');
const mirrorHalf = sampleOf(50, 'v3');
const otherMirror = sampleOf(50, 'v4');

function count(cells: number[], a: boolean, b: boolean): void {
  const cell = (a ? 2 : 0) + (b ? 1 : 0);
  cells[cell] = (cells[cell] as number) + 1;
}

describe('one request', () => {
  test('a key is always on the same side, and raising the percentage moves it only inwards', () => {
    for (let i = 0; i < 2000; i++) {
      const trial = sampleTrial({}, `user-${i}`);
      const sides = [1, 10, 30, 60].map((percent) => percentOf(percent).test(trial) === 'true');
      expect(sides).toEqual(sides.toSorted((a, b) => Number(a) - Number(b)));
    }
  });

  test('without a key it draws once and keeps to it', () => {
    const random = drawsOf(0.1, 0.9);
    const trial = sampleTrial({}, null, random);
    const first = percentOf(50).test(trial);
    expect(percentOf(50).test(trial)).toBe(first);
    sampleOf(50).isSampled(trial);
    expect(random.drawn).toBe(1);
  });

  test('a key in an unread body leaves percent unread, and a mirror without it draws', () => {
    const trial = sampleTrial({}, undefined);
    expect(percentOf(50).test(trial)).toBe('unread');
    expect(sampleOf(50).isSampled(trial)).toBe(sampleOf(50).isSampled(trial));
  });

  test("in a route's match, where the trial has no key, the sources give it; none is minted", () => {
    const sticky = [
      { kind: 'header', name: 'x-user-id' },
      { kind: 'visitor-cookie', name: 'vid' },
    ] as const;
    const inMatch = percentCondition({ percent: 50, salt: 'salt', ruleName: 'rule', sticky });
    const random = drawsOf(0.5);
    for (let i = 0; i < 200; i++) {
      const trial = sampleTrial({ headers: { 'x-user-id': `user-${i}` } }, null, random);
      expect(inMatch.test(trial)).toBe(percentOf(50).test(sampleTrial({}, `user-${i}`)));
    }
    expect(random).toMatchObject({ drawn: 0, minted: 0 });
    inMatch.test(sampleTrial({}, null, random));
    expect(random).toMatchObject({ drawn: 1, minted: 0 });
    expect(inMatch.headerNames).toEqual(['x-user-id', 'cookie']);
  });

  test('a user who is called unread is a key like any other', () => {
    expect(percentOf(99.99).test(sampleTrial({}, 'unread'))).toBe('true');
  });
});
