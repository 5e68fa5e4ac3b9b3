import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bucketOf } from '../../../src/telemetry/duration-histogram.ts';
import { ABORTED, FALLBACK, type RequestDelta, STATUS_LABELS } from '../../../src/telemetry/request-cells.ts';
import { TrafficWindow } from '../../../src/telemetry/traffic-window.ts';

function delta(version: string, status: number, count: number, micros = 1000, rule = ''): RequestDelta {
  const counts = STATUS_LABELS.map((_, at) => (at === status ? count : 0));
  const buckets = [bucketOf(micros), count];
  return { cells: [{ route: 'r', rule, version, counts, inFlight: 0, durationMicros: micros * count, buckets }] };
}

describe('the traffic window', () => {
  it('holds exactly the requests of the last 60 seconds', () => {
    const event = fc.record({
      afterMs: fc.nat(20_000),
      version: fc.constantFrom('v1', 'v2'),
      count: fc.integer({ min: 1, max: 9 }),
    });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), fc.nat(90_000), (events, laterMs) => {
        let nowMs = 12_345;
        const window = new TrafficWindow(() => nowMs);
        const log: { second: number; version: string; count: number }[] = [];
        for (const { afterMs, version, count } of events) {
          nowMs += afterMs;
          window.add(delta(version, 1, count));
          log.push({ second: Math.floor(nowMs / 1000), version, count });
        }
        nowMs += laterMs;
        const observed = window.observed('r');
        const oldest = Math.floor(nowMs / 1000) - 59;
        for (const version of ['v1', 'v2']) {
          const exact = log
            .filter((one) => one.version === version && one.second >= oldest)
            .reduce((sum, one) => sum + one.count, 0);
          expect(observed[version]?.requests ?? 0).toBe(exact);
        }
      }),
    );
  });

  it('gives shares that add up to the whole, requests by rules and fallbacks included', () => {
    const window = new TrafficWindow(() => 0);
    window.add(delta('v1', 1, 60));
    window.add(delta('v1', 1, 15, 1000, 'testers'));
    window.add(delta('v2', FALLBACK, 20));
    window.add(delta('v2', ABORTED, 5));
    expect(window.observed('r')).toEqual({ v1: { requests: 75, share: 0.75 }, v2: { requests: 25, share: 0.25 } });
  });

  it('gives a share of 0, and no NaN, to a version without requests', () => {
    const window = new TrafficWindow(() => 0);
    window.add(delta('v1', 1, 0));
    expect(window.observed('r')).toEqual({ v1: { requests: 0, share: 0 } });
    expect(window.observed('unknown')).toEqual({});
    expect(window.rows()).toEqual([]);
  });

  it('tells failures, quantiles and the rate of each row', () => {
    let nowMs = 0;
    const window = new TrafficWindow(() => nowMs);
    window.add(delta('v2', 1, 95, 1000));
    nowMs = 9000;
    window.add(delta('v2', 4, 3, 500_000));
    window.add(delta('v2', FALLBACK, 2, 500_000));
    const [row, ...rest] = window.rows();
    expect(rest).toEqual([]);
    expect(row).toMatchObject({
      requests: 100,
      perSecond: 10,
      failures: 5,
      fallback: 2,
      aborted: 0,
      statuses: [0, 95, 0, 0, 3],
    });
    expect(row!.p50Ms).toBeCloseTo(1, 0);
    expect(row!.p99Ms).toBeGreaterThan(400);
  });

  it('stands still while its clock steps back', () => {
    let nowMs = 100_000;
    const window = new TrafficWindow(() => nowMs);
    window.add(delta('v1', 1, 1));
    nowMs = 50_000;
    window.add(delta('v1', 1, 1));
    expect(window.observed('r')['v1']!.requests).toBe(2);
    nowMs = 161_000;
    expect(window.observed('r')['v1']!.requests).toBe(0);
  });
});
