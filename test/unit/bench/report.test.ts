import { expect, test } from 'vitest';
import type { Round } from '../../../bench/contest.ts';
import { type Entry, formatMarkdown, median } from '../../../bench/report.ts';

function entry(name: string, ...cpuMicrosPerRequest: number[]): Entry {
  const rounds = cpuMicrosPerRequest.map(
    (micros): Round => ({
      cpuMicrosPerRequest: micros,
      requestsPerSecond: 1000,
      busy: 1,
      p50Micros: 500,
      p99Micros: 1500,
      p999Micros: 2500,
      residentBytes: 2 ** 20,
      errors: 0,
    }),
  );
  return { name, version: '1', work: 'some', configuration: '', rounds };
}

function report(...entries: Entry[]): string {
  return formatMarkdown({
    ...{
      scenario: 'small-get',
      about: '',
      when: '',
      machine: '',
      pinning: '',
      origin: '',
      load: '',
      secondsPerRound: 1,
    },
    entries,
    skipped: [{ name: 'HAProxy', why: 'not installed; to have it: apt-get install haproxy' }],
  });
}

test('the median is the middle value, or the mean of the two in the middle', () => {
  expect(median([9, 1, 5])).toBe(5);
  expect(median([4, 1, 2, 3])).toBe(2.5);
  expect(median([])).toBeNaN();
});

test('rows are sorted by cost and compared with nginx + lua', () => {
  const rows = report(entry('nginx + lua', 21, 20, 30), entry('graygate', 14)).match(/^\| [a-z].*/gm);
  expect(rows?.slice(1)).toEqual([
    '| graygate | 14.00 [14.00-14.00] | 0.67x | 1,000 | 100 % | 0.50 | 1.50 [1.50-1.50] | 1 | 0 |',
    '| nginx + lua | 21.00 [20.00-30.00] | 1.00x | 1,000 | 100 % | 0.50 | 1.50 [1.50-1.50] | 1 | 0 |',
  ]);
});

test('goals are said to be reached or missed, and only where both were measured', () => {
  expect(report(entry('nginx + lua', 20), entry('graygate', 23))).toContain('1.15x, at most 1.15x wanted: reached');
  expect(report(entry('nginx + lua', 20), entry('graygate', 24))).toContain('MISSED');
  expect(report(entry('nginx', 20), entry('graygate', 24))).not.toContain('wanted');
});

test('who was skipped is named with the way to have it', () => {
  expect(report(entry('graygate', 20))).toContain(
    '- HAProxy: skipped, not installed; to have it: apt-get install haproxy',
  );
});

test('a run in which no proxy was the limit says so', () => {
  const idle = {
    ...entry('graygate', 20),
    rounds: entry('graygate', 20).rounds.map((round) => ({ ...round, busy: 0.3 })),
  };
  expect(report(idle)).toContain('NOT at saturation');
  expect(report(idle, entry('nginx', 20))).not.toContain('NOT at saturation');
});
