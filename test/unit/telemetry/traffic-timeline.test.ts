import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FALLBACK, type RequestDelta, STATUS_LABELS } from '../../../src/telemetry/request-cells.ts';
import { STEP_MS, TrafficTimeline } from '../../../src/telemetry/traffic-timeline.ts';

const KEPT_MS = 15 * 60_000;

function delta(version: string, count: number, status = 1, rule = ''): RequestDelta {
  const counts = STATUS_LABELS.map((_, at) => (at === status ? count : 0));
  return { cells: [{ route: 'r', rule, version, counts, inFlight: 0, durationMicros: 2000 * count, buckets: [] }] };
}

describe('the traffic timeline', () => {
  it('keeps every request of the last 15 minutes in the step it came in', () => {
    const event = fc.record({ afterMs: fc.nat(120_000), count: fc.integer({ min: 1, max: 9 }) });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 40 }), fc.nat(1_200_000), (events, laterMs) => {
        const timeline = new TrafficTimeline();
        const meant = new Map<number, number>();
        let nowMs = 1_000_000;
        for (const { afterMs, count } of events) {
          nowMs += afterMs;
          timeline.add(delta('v1', count), nowMs);
          const startMs = Math.floor(nowMs / STEP_MS) * STEP_MS;
          meant.set(startMs, (meant.get(startMs) ?? 0) + count);
        }
        nowMs += laterMs;
        const oldestMs = Math.floor(nowMs / STEP_MS) * STEP_MS - KEPT_MS + STEP_MS;
        const kept = [...meant].filter(([startMs]) => startMs >= oldestMs);
        expect(timeline.points('r', nowMs).map(({ startMs, requests }) => [startMs, requests])).toEqual(kept);
      }),
    );
  });

  it('adds up the rules of a version and counts fallbacks as failures', () => {
    const timeline = new TrafficTimeline();
    timeline.add(delta('v2', 3), 0);
    timeline.add(delta('v2', 1, FALLBACK, 'testers'), 1000);
    timeline.add(delta('v2', 2, 4), 4999);
    expect(timeline.points('r', 4999)).toEqual([
      { route: 'r', version: 'v2', startMs: 0, requests: 6, failures: 3, meanMs: 2 },
    ]);
    expect(timeline.points('other', 4999)).toEqual([]);
  });
});
