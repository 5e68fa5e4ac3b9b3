import { describe, expect, test } from 'vitest';
import { Outlier } from '../../../../src/core/resilience/outlier.ts';

const settings = { consecutiveFailures: 3, ejectForMs: 30_000 };

function failing(outlier: Outlier, times: number, nowMs: number): readonly string[] {
  return Array.from({ length: times }, () => outlier.onFailure(nowMs));
}

describe('outlier', () => {
  test('is found after so many failures in a row, and a success between starts the count anew', () => {
    const outlier = new Outlier(settings);
    expect(failing(outlier, 2, 0)).toEqual(['keep', 'keep']);
    outlier.onSuccess(0);
    expect(failing(outlier, 3, 0)).toEqual(['keep', 'keep', 'eject']);
  });

  test('the verdict only asks: until it is ejected it stays in use, and each further failure asks again', () => {
    const outlier = new Outlier(settings);
    failing(outlier, 3, 0);
    expect(outlier.isEjected(0)).toBe(false);
    expect(outlier.onFailure(1)).toBe('eject');
  });

  test('an ejection ends by itself', () => {
    const outlier = new Outlier(settings);
    expect(outlier.eject(1_000)).toBe(31_000);
    expect(outlier.isEjected(30_999)).toBe(true);
    expect(outlier.isEjected(31_000)).toBe(false);
  });

  test('failures of what was sent before the ejection do not count', () => {
    const outlier = new Outlier(settings);
    outlier.eject(0);
    expect(failing(outlier, 5, 10)).not.toContain('eject');
    expect(failing(outlier, 3, 30_000)).toEqual(['keep', 'keep', 'eject']);
  });

  test('each ejection in a row is longer, up to five minutes', () => {
    const outlier = new Outlier(settings);
    let nowMs = 0;
    const lengths = Array.from({ length: 12 }, () => {
      const until = outlier.eject(nowMs);
      const length = until - nowMs;
      nowMs = until;
      return length / 1000;
    });
    expect(lengths).toEqual([30, 60, 90, 120, 150, 180, 210, 240, 270, 300, 300, 300]);
  });

  test('an ejection that is configured longer than five minutes is as long as configured', () => {
    const outlier = new Outlier({ consecutiveFailures: 1, ejectForMs: 600_000 });
    expect([outlier.eject(0), outlier.eject(0)]).toEqual([600_000, 600_000]);
  });

  test('serving well works its ejections off', () => {
    const outlier = new Outlier(settings);
    outlier.eject(0);
    outlier.eject(30_000);
    // Back at 90 s after two ejections: a minute of good service takes one off.
    outlier.onSuccess(149_999);
    expect(outlier.eject(150_000) - 150_000).toBe(90_000);
    outlier.onSuccess(330_000);
    outlier.onSuccess(390_000);
    outlier.onSuccess(420_000);
    expect(outlier.eject(420_000) - 420_000).toBe(30_000);
  });
});

test('other settings hold from the next result on, and what is known stays', () => {
  const outlier = new Outlier({ consecutiveFailures: 5, ejectForMs: 1000 });
  outlier.onFailure(0);
  outlier.onFailure(0);
  outlier.update({ consecutiveFailures: 3, ejectForMs: 10 });
  expect(outlier.onFailure(0)).toBe('eject');
  expect(outlier.eject(0)).toBe(10);
});
