import { expect, test } from 'vitest';
import type { Measured, Outcome, Round, Verdict } from '../../../bench/report/findings.ts';
import { losses } from '../../../bench/report/losses.ts';
import { formatMarkdown } from '../../../bench/report/markdown.ts';
import { tableOf } from '../../../bench/report/tables.ts';
import { costVerdicts, latencyNoise, latencyVerdict } from '../../../bench/report/verdicts.ts';
import { median, spread } from '../../../bench/statistics.ts';

const ROUND: Round = {
  cpuMicrosPerRequest: 10,
  requestsPerSecond: 1000,
  busy: 1,
  p50Micros: 500,
  p99Micros: 1500,
  p999Micros: 2500,
  maxMicros: 3000,
  lateP99Micros: null,
  residentBytes: 2 ** 20,
  errors: 0,
  isDoubtful: false,
};

function costing(label: string, ...cpuMicrosPerRequest: number[]): Measured {
  return {
    label,
    load: 'wrk',
    rounds: cpuMicrosPerRequest.map((micros) => ({ ...ROUND, cpuMicrosPerRequest: micros })),
  };
}

function answering(label: string, ...p99Micros: number[]): Measured {
  return { label, load: '100 requests/s', rounds: p99Micros.map((micros) => ({ ...ROUND, p99Micros: micros })) };
}

function outcome(measured: readonly Measured[], verdicts: readonly Verdict[] = []): Outcome {
  const empty = { setting: '', entries: [], tables: [], charts: [], notes: [] };
  const skipped = [{ name: 'Caddy', why: 'not installed; to have it: apt-get install caddy' }];
  return { scenario: 'small-get', about: '', ...empty, skipped, measured, verdicts };
}

function markdown(...outcomes: Outcome[]): string {
  return formatMarkdown({ when: '', machine: '', pinning: '', versions: [], minutes: 1, outcomes, missing: [] });
}

test('the median is the middle value, or the mean of the two in the middle', () => {
  expect(median([9, 1, 5])).toBe(5);
  expect(median([4, 1, 2, 3])).toBe(2.5);
  expect(median([])).toBeNaN();
  expect(spread([3, 1, 2])).toBe(2);
  expect(spread([3])).toBe(0);
});

test('rows are sorted by cost and compared with the reference', () => {
  const { rows } = tableOf(
    'At saturation',
    [costing('nginx + lua', 21, 20, 30), costing('graygate', 14)],
    'nginx + lua',
  );
  expect(rows.map((row) => row.slice(0, 3))).toEqual([
    ['graygate', '14.00 [14.00-14.00]', '0.67x'],
    ['nginx + lua', '21.00 [20.00-30.00]', '1.00x'],
  ]);
});

test('doubtful rounds are counted', () => {
  const measured = { ...costing('graygate', 1, 2), rounds: [ROUND, { ...ROUND, isDoubtful: true }] };
  expect(tableOf('', [measured], '').rows[0]?.at(-1)).toBe('1 of 2');
});

test('a goal is reached or missed, and left out when one of the two was not measured', () => {
  const goals = [{ what: 'CPU vs nginx + lua', against: 'nginx + lua', atMost: 1.2, aim: 1 }];
  const judged = (own: number) =>
    markdown(outcome([], costVerdicts(goals, [costing('graygate', own), costing('nginx + lua', 20)])));
  expect(judged(19)).toContain('| 0.95x | 1.20x | 1.00x | aim reached |');
  expect(judged(24)).toContain('| 1.20x | 1.20x | 1.00x | reached |');
  expect(judged(25)).toContain('**MISSED**');
  expect(costVerdicts(goals, [costing('graygate', 20)])).toEqual([]);
});

test('a higher p99 counts only beyond the noise of the run and beyond 0.3 ms', () => {
  const goal = { what: 'p99', atMost: 1.5, aim: 1.1 };
  const verdict = (own: number, noise: number) =>
    latencyVerdict(goal, answering('graygate', own), answering('nginx', 1000), noise);
  expect(markdown(outcome([], [verdict(1250, 0)]))).toContain('no difference: 0.25 ms, within the 0.30 ms');
  expect(markdown(outcome([], [verdict(1700, 0)]))).toContain('**MISSED**');
  expect(markdown(outcome([], [verdict(1700, 800)]))).toContain('within the 0.80 ms');
  expect(latencyNoise(answering('nginx', 900, 1000, 1300))).toBe(400);
});

test('whoever costs less is named, except for what is no proxy', () => {
  const measured = [
    costing('graygate', 20),
    costing('HAProxy', 15),
    costing('nginx', 30),
    costing('byte relay (Node)', 9),
  ];
  expect(losses([outcome(measured)])).toEqual(["small-get, wrk: HAProxy needs 0.75x of graygate's CPU per request"]);
});

test('who was skipped is named with the way to have it', () => {
  expect(markdown(outcome([]))).toContain('- Caddy: skipped, not installed; to have it: apt-get install caddy');
});
