import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bucketOf } from '../../../src/telemetry/duration-histogram.ts';
import { ABORTED, FALLBACK, RequestCells, STATUS_LABELS } from '../../../src/telemetry/request-cells.ts';

const arm = (rule: string, version: string) => ({ route: 'r', rule, version });

describe('request cells', () => {
  it('gives one number to one set of labels, also after growth', () => {
    const cells = new RequestCells();
    const first = cells.cellOf(arm('', 'v1'));
    for (let at = 0; at < 5000; at++) cells.cellOf(arm(`rule-${at}`, 'v1'));
    expect(cells.cellOf(arm('', 'v1'))).toBe(first);
    expect(cells.cellOf(arm('', 'v2'))).toBe(5001);
  });

  it('does not mix labels whose joined texts are alike', () => {
    const cells = new RequestCells();
    expect(cells.cellOf({ route: 'a', rule: 'b', version: '' })).not.toBe(
      cells.cellOf({ route: 'a', rule: '', version: 'b' }),
    );
  });

  it('names a new cell once, with zeros', () => {
    const cells = new RequestCells();
    cells.cellOf(arm('', 'v1'));
    const [cell, ...rest] = cells.takeDelta().cells;
    expect(rest).toEqual([]);
    expect(cell).toEqual({
      ...arm('', 'v1'),
      counts: [0, 0, 0, 0, 0, 0, 0],
      inFlight: 0,
      durationMicros: 0,
      buckets: [],
    });
    expect(cells.takeDelta().cells).toEqual([]);
  });

  it('names a very large table over several reports, but never holds back a count', () => {
    const cells = new RequestCells();
    const last = Array.from({ length: 10_000 }, (_, at) => cells.cellOf(arm(`rule-${at}`, 'v1'))).at(-1)!;
    cells.begin(last);
    cells.end(last, 1, 10);
    const named = new Set<string>();
    const first = cells.takeDelta().cells;
    expect(first.length).toBeLessThan(10_000);
    expect(first.find((cell) => cell.rule === 'rule-9999')?.counts[1]).toBe(1);
    for (const cell of first) named.add(cell.rule);
    for (let report = 0; report < 2; report++) {
      for (const cell of cells.takeDelta().cells) {
        named.add(cell.rule);
        expect(cell.counts[1]).toBe(0);
      }
    }
    expect(named.size).toBe(10_000);
    expect(cells.takeDelta().cells).toEqual([]);
  });

  it('reports only what changed, as increments, and in-flight as it is now', () => {
    const cells = new RequestCells();
    const busy = cells.cellOf(arm('', 'v1'));
    cells.cellOf(arm('', 'idle'));
    cells.takeDelta();
    cells.begin(busy);
    cells.begin(busy);
    cells.end(busy, 1, 1500);
    const [cell, ...rest] = cells.takeDelta().cells;
    expect(rest).toEqual([]);
    expect(cell).toMatchObject({
      counts: [0, 1, 0, 0, 0, 0, 0],
      inFlight: 1,
      durationMicros: 1500,
      buckets: [bucketOf(1500), 1],
    });
    cells.end(busy, ABORTED, 10);
    expect(cells.takeDelta().cells[0]).toMatchObject({
      counts: [0, 0, 0, 0, 0, 1, 0],
      inFlight: 0,
      buckets: [bucketOf(10), 1],
    });
  });

  it('loses and invents nothing, whatever the order of requests and reports', () => {
    const step = fc.record({
      cell: fc.nat(40),
      status: fc.integer({ min: 0, max: FALLBACK }),
      micros: fc.nat(10_000_000),
      collect: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const cells = new RequestCells();
        const seen = new Map<string, number>();
        const collect = () => {
          for (const { version, counts, buckets, inFlight } of cells.takeDelta().cells) {
            expect(inFlight).toBe(0);
            expect(sum(buckets.filter((_, at) => at % 2 === 1))).toBe(sum(counts));
            counts.forEach((count, status) => {
              const key = `${version}/${STATUS_LABELS[status]}`;
              seen.set(key, (seen.get(key) ?? 0) + count);
            });
          }
        };
        const meant = new Map<string, number>();
        for (const { cell, status, micros, collect: now } of steps) {
          const number = cells.cellOf(arm('', `v${cell}`));
          cells.begin(number);
          cells.end(number, status, micros);
          const key = `v${cell}/${STATUS_LABELS[status]}`;
          meant.set(key, (meant.get(key) ?? 0) + 1);
          if (now) collect();
        }
        collect();
        for (const [key, count] of seen) expect(count).toBe(meant.get(key) ?? 0);
        expect(sum([...seen.values()])).toBe(steps.length);
      }),
    );
  });
});

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, value) => total + value, 0);
}
