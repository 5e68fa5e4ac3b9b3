import { expect, test } from 'vitest';
import { UNKNOWN_REASONS, unknownBit } from '../../../src/core/unknown-reason.ts';
import { renderMetrics } from '../../../src/telemetry/exposition.ts';
import { Totals } from '../../../src/telemetry/totals.ts';
import { UnknownCells } from '../../../src/telemetry/unknown-cells.ts';

test('requests are counted by route and reason, each reason of a request once', () => {
  const cells = new UnknownCells();
  cells.count('a', unknownBit('malformed') | unknownBit('no-place'));
  cells.count('a', unknownBit('malformed'));
  cells.count('', unknownBit('no-body'));
  expect(cells.takeDelta().cells).toEqual([
    { route: 'a', reason: 'malformed', count: 2 },
    { route: 'a', reason: 'no-place', count: 1 },
    { route: '', reason: 'no-body', count: 1 },
  ]);
  expect(cells.takeDelta().cells).toEqual([]);
});

test('every reason has a bit of its own', () => {
  expect(new Set(UNKNOWN_REASONS.map(unknownBit)).size).toBe(UNKNOWN_REASONS.length);
});

test('the counts of all workers add up in the exposition', async () => {
  const totals = new Totals();
  const report = (count: number) => ({
    requests: { cells: [] },
    mirrors: { cells: [] },
    unknowns: { cells: [{ route: 'a', reason: 'no-key' as const, count }] },
    pools: [],
    endpoints: [],
  });
  totals.add(1, report(2));
  totals.add(2, report(3));
  const text = await renderMetrics(totals, { generation: 1, reloads: { ok: 0, refused: 0 } });
  expect(text).toContain('graygate_unknown_conditions_total{route="a",reason="no-key"} 5\n');
});
