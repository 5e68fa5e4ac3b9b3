import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { lastCronTime, parseCron } from '../../../../src/core/time/cron.ts';
import { isInWindow, type TimeWindow } from '../../../../src/core/time/time-window.ts';
import { dayOf, weekdayOf, ZoneClock } from '../../../../src/core/time/zone-clock.ts';

const always: TimeWindow = { weekdays: [], dates: [], hours: [], cron: null };

function holds(window: Partial<TimeWindow>, zone: string, time: string): boolean {
  return isInWindow({ ...always, ...window }, new ZoneClock(zone), Date.parse(time));
}

const hours = (from: number, to: number) => [{ from: from * 60, to: to * 60 }];
const FRIDAY = [5];

describe('hours and days', () => {
  test.each([
    ['the first minute', hours(1, 5), '2026-11-22T17:00:00Z', true],
    ['the last minute', hours(1, 5), '2026-11-22T20:59:59Z', true],
    ['the end is left out', hours(1, 5), '2026-11-22T21:00:00Z', false],
    ['just before', hours(1, 5), '2026-11-22T16:59:59Z', false],
    ['up to midnight', hours(22, 24), '2026-11-22T15:59:59Z', true],
    ['midnight itself', hours(22, 24), '2026-11-22T16:00:00Z', false],
    ['over midnight, before', hours(22, 5), '2026-11-22T15:00:00Z', true],
    ['over midnight, after', hours(22, 5), '2026-11-22T20:59:00Z', true],
    ['over midnight, outside', hours(22, 5), '2026-11-22T21:00:00Z', false],
    ['one of several', [...hours(1, 2), ...hours(4, 5)], '2026-11-22T20:30:00Z', true],
  ])('%s', (_, range, time, expected) => {
    expect(holds({ hours: range }, 'Asia/Shanghai', time)).toBe(expected);
  });

  test.each([
    ['Friday 23:00', '2026-11-20T23:00:00Z', true],
    ['the night after, still Friday’s', '2026-11-21T04:59:00Z', true],
    ['the night before, still Thursday’s', '2026-11-20T04:59:00Z', false],
    ['Saturday 23:00', '2026-11-21T23:00:00Z', false],
  ])('a night over midnight belongs to the day it began on: %s', (_, time, expected) => {
    expect(holds({ hours: hours(22, 5), weekdays: FRIDAY }, 'UTC', time)).toBe(expected);
    const friday = dayOf(2026, 11, 20)!;
    expect(holds({ hours: hours(22, 5), dates: [{ from: friday, to: friday }] }, 'UTC', time)).toBe(expected);
  });

  test('days and dates alone are the whole day, by the clock of the zone', () => {
    expect(holds({ weekdays: [1] }, 'Asia/Shanghai', '2026-11-22T16:00:00Z')).toBe(true);
    expect(holds({ weekdays: [1] }, 'UTC', '2026-11-22T16:00:00Z')).toBe(false);
    const dates = [{ from: dayOf(2026, 11, 1)!, to: dayOf(2026, 11, 30)! }];
    expect(holds({ dates }, 'UTC', '2026-11-30T23:59:59Z')).toBe(true);
    expect(holds({ dates }, 'UTC', '2026-12-01T00:00:00Z')).toBe(false);
  });

  test('the hour that comes twice is in the window twice, the one left out never', () => {
    const night = { hours: hours(2, 3) };
    const during = (from: string, to: string): number => {
      let minutes = 0;
      for (let at = Date.parse(from); at < Date.parse(to); at += 60_000) {
        if (holds(night, 'Europe/Berlin', new Date(at).toISOString())) minutes++;
      }
      return minutes;
    };
    expect(during('2026-10-24T22:00:00Z', '2026-10-25T23:00:00Z')).toBe(120);
    expect(during('2026-03-28T23:00:00Z', '2026-03-29T22:00:00Z')).toBe(0);
    expect(during('2026-06-01T22:00:00Z', '2026-06-02T22:00:00Z')).toBe(60);
  });
});

describe('cron lines', () => {
  test.each([
    '* * * *',
    '* * * * * *',
    '60 * * * *',
    '* 24 * * *',
    '* * 0 * *',
    '* * 32 * *',
    '* * * 13 *',
    '* * * * 8',
    '5-1 * * * *',
    '*/0 * * * *',
    'a * * * *',
    '* * * foo *',
    '1, * * * *',
    '@daily',
    '',
  ])('%j is none', (line) => {
    expect(parseCron(line)).toBeNull();
  });

  test('names, lists, ranges, steps and both Sundays', () => {
    expect(parseCron('*/20 8-10 1,15 JAN-mar mon')).toMatchObject({
      minutes: [0, 20, 40],
      hours: [8, 9, 10],
      daysOfMonth: [1, 15],
      months: [1, 2, 3],
      weekdays: [1],
      isEitherDay: true,
    });
    expect(parseCron('5/25 0-12/6 * * 5-7')).toMatchObject({
      minutes: [5, 30, 55],
      hours: [0, 6, 12],
      weekdays: [5, 6, 0],
    });
  });

  function lastBefore(line: string, zone: string, time: string, backMs = 7 * 86_400_000): string | null {
    const at = Date.parse(time);
    const found = lastCronTime(parseCron(line)!, new ZoneClock(zone), at, at - backMs);
    return found === null ? null : new Date(found).toISOString();
  }

  test.each([
    ['the very minute', '0 1 * * *', 'UTC', '2026-11-22T01:00:00Z', '2026-11-22T01:00:00.000Z'],
    ['yesterday', '0 1 * * *', 'UTC', '2026-11-22T00:59:59Z', '2026-11-21T01:00:00.000Z'],
    ['on a day of the week', '30 22 * * 5', 'Asia/Shanghai', '2026-11-22T00:00:00Z', '2026-11-20T14:30:00.000Z'],
    ['either day, as cron has it', '0 0 13 * 1', 'UTC', '2026-11-15T00:00:00Z', '2026-11-13T00:00:00.000Z'],
    ['in the hour left out', '30 2 * * *', 'Europe/Berlin', '2026-03-29T02:00:00Z', '2026-03-29T01:30:00.000Z'],
    [
      'in the hour that comes twice: the first',
      '30 2 * * *',
      'Europe/Berlin',
      '2026-10-25T02:00:00Z',
      '2026-10-25T00:30:00.000Z',
    ],
    ['every hour: the second too', '30 * * * *', 'Europe/Berlin', '2026-10-25T01:45:00Z', '2026-10-25T01:30:00.000Z'],
    ['nothing that long ago', '0 0 1 1 *', 'UTC', '2026-11-22T00:00:00Z', null],
  ])('the last time: %s', (_, line, zone, time, expected) => {
    expect(lastBefore(line, zone, time)).toBe(expected);
  });

  test('is the last minute that the fields name, wherever no clock is changed', () => {
    const field = (most: number, least = 0) =>
      fc.oneof(
        fc.constant('*'),
        fc.integer({ min: least, max: most }).map(String),
        fc.integer({ min: 2, max: 9 }).map((step) => `*/${step}`),
      );
    const line = fc.tuple(field(59), field(23), field(28, 1), field(12, 1), field(6)).map((fields) => fields.join(' '));
    const minute = fc.integer({ min: Date.UTC(2026, 0) / 60_000, max: Date.UTC(2027, 0) / 60_000 });
    fc.assert(
      fc.property(line, minute, (text, at) => {
        const times = parseCron(text)!;
        const matches = (one: number): boolean => {
          const date = new Date(one * 60_000);
          const isMonthDay = times.daysOfMonth.includes(date.getUTCDate());
          const isWeekday = times.weekdays.includes(weekdayOf(Math.floor(one / 1440)));
          return (
            times.minutes.includes(date.getUTCMinutes()) &&
            times.hours.includes(date.getUTCHours()) &&
            times.months.includes(date.getUTCMonth() + 1) &&
            (times.isEitherDay ? isMonthDay || isWeekday : isMonthDay && isWeekday)
          );
        };
        let expected: number | null = at;
        while (expected >= at - 2880 && !matches(expected)) expected--;
        if (expected < at - 2880) expected = null;
        const found = lastCronTime(times, new ZoneClock('UTC'), at * 60_000, (at - 2880) * 60_000);
        expect(found).toBe(expected === null ? null : expected * 60_000);
      }),
      { numRuns: 300 },
    );
  });

  test('a window lasts as long as it says, over a change of the clock too', () => {
    const cron = { times: parseCron('0 1 * * 0')!, durationMs: 4 * 3_600_000 };
    // 01:00 +01:00 is 00:00Z; four hours later the clock shows 06:00.
    expect(holds({ cron }, 'Europe/Berlin', '2026-03-28T23:59:59Z')).toBe(false);
    expect(holds({ cron }, 'Europe/Berlin', '2026-03-29T00:00:00Z')).toBe(true);
    expect(holds({ cron }, 'Europe/Berlin', '2026-03-29T03:59:59Z')).toBe(true);
    expect(holds({ cron }, 'Europe/Berlin', '2026-03-29T04:00:00Z')).toBe(false);
    expect(holds({ cron, weekdays: FRIDAY }, 'Europe/Berlin', '2026-03-29T00:00:00Z')).toBe(false);
  });
});
