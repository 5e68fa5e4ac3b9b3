import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type ComparedPair,
  ComparisonCells,
  MAX_FIELDS,
  MAX_GROUPS,
  OTHER_GROUP,
  SAMPLES_PER_FIELD,
} from '../../../src/telemetry/comparison-cells.ts';
import { comparisonSummary } from '../../../src/telemetry/comparison-summary.ts';
import { ComparisonTotals } from '../../../src/telemetry/comparison-totals.ts';
import { quantile } from '../../../src/telemetry/duration-histogram.ts';

function pair(changes: Partial<ComparedPair> = {}): ComparedPair {
  const sampleOf = (field: string) => ({
    requestId: 'r',
    timeMs: 1,
    answeredBy: 'v1',
    primary: `"${field}"`,
    shadow: null,
  });
  return {
    method: 'GET',
    path: '/',
    primaryMicros: 1000,
    shadowMicros: 2000,
    fields: [],
    noise: [],
    sampleOf,
    ...changes,
  };
}

/** Reports and sums, over a process boundary. */
function carry(cells: ComparisonCells, totals: ComparisonTotals): void {
  totals.add(structuredClone(cells.takeDelta()));
}

describe('comparisons', () => {
  it('add up over workers and reports, group by group', () => {
    const totals = new ComparisonTotals();
    const workers = [new ComparisonCells(), new ComparisonCells()];
    for (let round = 0; round < 3; round++) {
      for (const cells of workers) {
        cells.compared('r', 'v3', pair({ fields: ['/a'], noise: ['/b'] }));
        cells.compared('r', 'v3', pair({ method: 'POST' }));
        cells.skipped('r', 'v3', 'busy');
        carry(cells, totals);
        carry(cells, totals);
      }
    }
    const total = totals.of('r', 'v3')!;
    expect(comparisonSummary(total)).toMatchObject({
      compared: 12,
      same: 6,
      different: 6,
      skipped: { busy: 6 },
      differingFields: 1,
    });
    expect(total.groups.get('GET /')!.fields.get('/b')).toMatchObject({ raw: 0, noise: 6, samples: [] });
    const { primary, shadow } = comparisonSummary(total).durations;
    expect([primary.micros, shadow.micros]).toEqual([12_000, 24_000]);
    expect(Math.round(quantile(shadow.buckets, 0.5)! / 500)).toBe(4);
  });

  it('are there with nothing once announced, and gone when forgotten', () => {
    const totals = new ComparisonTotals();
    const cells = new ComparisonCells();
    expect(cells.takeDelta()).toEqual([]);
    cells.announce('r', 'v3');
    carry(cells, totals);
    expect(comparisonSummary(totals.of('r', 'v3')!)).toMatchObject({ compared: 0, skipped: {} });
    totals.forget('r', 'v3');
    expect(totals.of('r', 'v3')).toBeNull();
  });

  it('keep the newest samples of each field, and a bounded number in a report', () => {
    const totals = new ComparisonTotals();
    const cells = new ComparisonCells();
    const fields = Array.from({ length: 40 }, (_, at) => `/f${at}`);
    for (let at = 0; at < 100; at++) cells.compared('r', 'v3', pair({ fields }));
    const [delta] = cells.takeDelta();
    const samples = delta!.groups.flatMap((group) => group.fields.flatMap((field) => field.samples));
    expect(samples.length).toBeLessThanOrEqual(100);
    for (let at = 0; at < 20; at++) {
      const sampleOf = () => ({ requestId: `${at}`, timeMs: at, answeredBy: 'v1', primary: null, shadow: null });
      cells.compared('r', 'v3', pair({ fields: ['/a'], sampleOf }));
      carry(cells, totals);
    }
    const kept = totals.of('r', 'v3')!.groups.get('GET /')!.fields.get('/a')!.samples;
    expect(kept.map(({ timeMs }) => timeMs)).toEqual([15, 16, 17, 18, 19]);
    expect(kept).toHaveLength(SAMPLES_PER_FIELD);
  });

  it('are of bounded size, whatever is compared, and count what has no room', () => {
    const field = fc.string({ maxLength: 8 });
    const compared = fc.record({ path: fc.string({ maxLength: 3 }), fields: fc.uniqueArray(field, { maxLength: 30 }) });
    fc.assert(
      fc.property(fc.array(compared, { maxLength: 400 }), fc.integer({ min: 1, max: 50 }), (pairs, reportEvery) => {
        const totals = new ComparisonTotals();
        const cells = new ComparisonCells();
        for (const [at, one] of pairs.entries()) {
          cells.compared('r', 'v3', pair(one));
          if (at % reportEvery === 0) carry(cells, totals);
        }
        carry(cells, totals);
        const groups = [...(totals.of('r', 'v3')?.groups.values() ?? [])];
        expect(groups.length).toBeLessThanOrEqual(MAX_GROUPS + 1);
        let told = 0;
        for (const group of groups) {
          expect(group.fields.size).toBeLessThanOrEqual(MAX_FIELDS);
          for (const { raw } of group.fields.values()) told += raw;
          told += group.fieldsLeftOut;
        }
        expect(groups.reduce((sum, group) => sum + group.compared, 0)).toBe(pairs.length);
        expect(told).toBe(pairs.reduce((sum, one) => sum + one.fields.length, 0));
      }),
      { numRuns: 50 },
    );
    const cells = new ComparisonCells();
    for (let at = 0; at < 300; at++) cells.compared('r', 'v3', pair({ path: `/${at}` }));
    const totals = new ComparisonTotals();
    carry(cells, totals);
    expect(totals.of('r', 'v3')!.groups.get(` ${OTHER_GROUP}`)!.compared).toBe(300 - MAX_GROUPS);
  });
});
