import { weekdayOf, type ZoneClock } from './zone-clock.ts';

/** When something happens again and again: the five fields of a crontab. */
export interface CronTimes {
  /** Ascending. */
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly daysOfMonth: readonly number[];
  readonly months: readonly number[];
  /** 0 Sunday to 6 Saturday. */
  readonly weekdays: readonly number[];
  /** Both days of the month and of the week are restricted: either is enough. */
  readonly isEitherDay: boolean;
  /** Every hour: then the hour that comes twice has its times twice; else they are those of the first. */
  readonly isEveryHour: boolean;
}

const DAY_MS = 86_400_000;
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

/** Reads `minute hour day-of-month month day-of-week`, each a star, numbers, ranges, steps or lists. null: not a crontab line. */
export function parseCron(text: string): CronTimes | null {
  const fields = text.trim().split(/\s+/);
  if (fields.length !== 5) return null;
  const [minute, hour, dayOfMonth, month, weekday] = fields as [string, string, string, string, string];
  const minutes = parseField(minute, 0, 59, []);
  const hours = parseField(hour, 0, 23, []);
  const daysOfMonth = parseField(dayOfMonth, 1, 31, []);
  const months = parseField(month, 1, 12, MONTHS, 1);
  const weekdays = parseField(weekday, 0, 7, WEEKDAYS);
  if (minutes === null || hours === null || daysOfMonth === null || months === null || weekdays === null) return null;
  return {
    minutes,
    hours,
    daysOfMonth,
    months,
    weekdays: [...new Set(weekdays.map((day) => day % 7))],
    isEitherDay: !dayOfMonth.startsWith('*') && !weekday.startsWith('*'),
    isEveryHour: hours.length === 24,
  };
}

function parseField(
  field: string,
  least: number,
  most: number,
  names: readonly string[],
  firstName = 0,
): readonly number[] | null {
  const found = new Set<number>();
  for (const part of field.split(',')) {
    const match = /^(?:(\*)|(\w+)(?:-(\w+))?)(?:\/(\d{1,2}))?$/.exec(part);
    if (match === null) return null;
    const [, star, from, to, every] = match;
    const step = every === undefined ? 1 : Number(every);
    const first = star === undefined ? readNumber(from ?? '', names, firstName) : least;
    const last =
      star !== undefined || (to === undefined && every !== undefined)
        ? most
        : readNumber(to ?? from ?? '', names, firstName);
    if (!(first >= least && last <= most && first <= last && step > 0)) return null;
    for (let value = first; value <= last; value += step) found.add(value);
  }
  return [...found].sort((a, b) => a - b);
}

function readNumber(text: string, names: readonly string[], firstName: number): number {
  if (/^\d{1,2}$/.test(text)) return Number(text);
  const place = names.indexOf(text.toLowerCase());
  return place < 0 ? Number.NaN : place + firstName;
}

/** The last time not after `timeMs` and not before `earliestMs`; null: there is none. Milliseconds since the epoch. */
export function lastCronTime(times: CronTimes, clock: ZoneClock, timeMs: number, earliestMs: number): number | null {
  const firstDay = clock.localAt(earliestMs).day - 1;
  // A day further, for a wall clock put back over midnight.
  for (let day = clock.localAt(timeMs).day + 1; day >= firstDay; day--) {
    if (!isOnDay(times, day)) continue;
    const found = lastOfDay(times, clock, day, timeMs);
    if (found !== null) return found >= earliestMs ? found : null;
  }
  return null;
}

function lastOfDay(times: CronTimes, clock: ZoneClock, day: number, timeMs: number): number | null {
  let last: number | null = null;
  // All of them: where the clock is changed, a later name may mean an earlier instant.
  for (const hour of times.hours) {
    for (const minute of times.minutes) {
      const instants = clock.instantsOf(day, hour * 60 + minute);
      const several = times.isEveryHour ? instants.length : 1;
      for (let i = 0; i < several; i++) {
        const instant = instants[i] as number;
        if (instant <= timeMs && (last === null || instant > last)) last = instant;
      }
    }
  }
  return last;
}

function isOnDay(times: CronTimes, day: number): boolean {
  const date = new Date(day * DAY_MS);
  if (!times.months.includes(date.getUTCMonth() + 1)) return false;
  const isMonthDay = times.daysOfMonth.includes(date.getUTCDate());
  const isWeekday = times.weekdays.includes(weekdayOf(day));
  return times.isEitherDay ? isMonthDay || isWeekday : isMonthDay && isWeekday;
}
