import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dateText, dayOf, weekdayOf, ZoneClock } from '../../../../src/core/time/zone-clock.ts';

/** `2026-03-29 03:00` of an instant. */
function shown(clock: ZoneClock, time: string): string {
  const { day, minuteOfDay } = clock.localAt(Date.parse(time));
  return `${dateText(day)} ${twoDigits(Math.floor(minuteOfDay / 60))}:${twoDigits(minuteOfDay % 60)}`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}

/** The instants that a clock calls so. */
function instants(zone: string, date: string, time: string): string[] {
  const [year, month, day] = date.split('-').map(Number) as [number, number, number];
  const [hour, minute] = time.split(':').map(Number) as [number, number];
  return new ZoneClock(zone)
    .instantsOf(dayOf(year, month, day)!, hour * 60 + minute)
    .map((at) => new Date(at).toISOString());
}

describe('what an instant is called', () => {
  test.each([
    ['UTC', '2026-11-22T23:59:59Z', '2026-11-22 23:59'],
    ['Asia/Shanghai', '2026-11-22T16:00:00Z', '2026-11-23 00:00'],
    ['Asia/Kathmandu', '2026-11-22T18:15:00Z', '2026-11-23 00:00'],
    ['America/St_Johns', '2026-07-01T00:00:00Z', '2026-06-30 21:30'],
    ['Europe/Berlin', '2026-03-29T00:59:00Z', '2026-03-29 01:59'],
    ['Europe/Berlin', '2026-03-29T01:00:00Z', '2026-03-29 03:00'],
    ['Europe/Berlin', '2026-10-25T00:59:00Z', '2026-10-25 02:59'],
    ['Europe/Berlin', '2026-10-25T01:00:00Z', '2026-10-25 02:00'],
    ['America/New_York', '2026-03-08T07:00:00Z', '2026-03-08 03:00'],
    ['Australia/Lord_Howe', '2026-04-04T15:00:00Z', '2026-04-05 01:30'],
    ['Pacific/Apia', '2011-12-30T10:00:00Z', '2011-12-31 00:00'],
    ['Pacific/Chatham', '2026-01-01T00:00:00Z', '2026-01-01 13:45'],
  ])('%s at %s', (zone, time, expected) => {
    expect(shown(new ZoneClock(zone), time)).toBe(expected);
  });

  test('years before 1970 too', () => {
    expect(shown(new ZoneClock('UTC'), '1969-12-31T23:59:59.999Z')).toBe('1969-12-31 23:59');
    expect(weekdayOf(dayOf(1969, 12, 31)!)).toBe(3);
  });
});

describe('which instants are called so', () => {
  test.each([
    ['an ordinary night', 'Europe/Berlin', '2026-06-01', '02:30', ['2026-06-01T00:30:00.000Z']],
    ['the hour left out counts from before', 'Europe/Berlin', '2026-03-29', '02:30', ['2026-03-29T01:30:00.000Z']],
    ['just before it', 'Europe/Berlin', '2026-03-29', '01:59', ['2026-03-29T00:59:00.000Z']],
    ['just after it', 'Europe/Berlin', '2026-03-29', '03:00', ['2026-03-29T01:00:00.000Z']],
    [
      'the hour that comes twice',
      'Europe/Berlin',
      '2026-10-25',
      '02:30',
      ['2026-10-25T00:30:00.000Z', '2026-10-25T01:30:00.000Z'],
    ],
    ['just before that', 'Europe/Berlin', '2026-10-25', '01:59', ['2026-10-24T23:59:00.000Z']],
    ['just after that', 'Europe/Berlin', '2026-10-25', '03:00', ['2026-10-25T02:00:00.000Z']],
    [
      'half an hour twice',
      'Australia/Lord_Howe',
      '2026-04-05',
      '01:45',
      ['2026-04-04T14:45:00.000Z', '2026-04-04T15:15:00.000Z'],
    ],
    ['half an hour left out', 'Australia/Lord_Howe', '2026-10-04', '02:15', ['2026-10-03T15:45:00.000Z']],
    [
      'in the west',
      'America/New_York',
      '2026-11-01',
      '01:30',
      ['2026-11-01T05:30:00.000Z', '2026-11-01T06:30:00.000Z'],
    ],
    ['at midnight', 'America/Havana', '2026-03-08', '00:30', ['2026-03-08T05:30:00.000Z']],
  ])('%s', (_, zone, date, time, expected) => {
    expect(instants(zone, date, time)).toEqual(expected);
  });

  test('each instant is among those of its own name, in any zone', () => {
    const zones = [
      'UTC',
      'Asia/Shanghai',
      'Europe/Berlin',
      'America/New_York',
      'Australia/Lord_Howe',
      'Africa/Casablanca',
    ];
    const clocks = zones.map((zone) => new ZoneClock(zone));
    const minutes = fc.integer({ min: Date.UTC(2000, 0) / 60_000, max: Date.UTC(2037, 0) / 60_000 });
    fc.assert(
      fc.property(fc.constantFrom(...clocks), minutes, (clock, minute) => {
        const { day, minuteOfDay } = clock.localAt(minute * 60_000);
        expect(clock.instantsOf(day, minuteOfDay)).toContain(minute * 60_000);
      }),
      { numRuns: 1000 },
    );
  });
});

test('a date that does not exist is none', () => {
  expect(dayOf(2026, 2, 29)).toBeNull();
  expect(dayOf(2024, 2, 29)).not.toBeNull();
  expect(dayOf(2026, 13, 1)).toBeNull();
  expect(() => new ZoneClock('Mars/Olympus')).toThrow();
});
