import { type CronTimes, lastCronTime } from './cron.ts';
import { weekdayOf, type ZoneClock } from './zone-clock.ts';

/** When a condition holds. What is null or empty restricts nothing; everything else must hold together. */
export interface TimeWindow {
  /** 0 Sunday to 6 Saturday; empty: every day. */
  readonly weekdays: readonly number[];
  /** Empty: every date. */
  readonly dates: readonly DateRange[];
  /** Empty: the whole day. */
  readonly hours: readonly HourRange[];
  readonly cron: CronWindow | null;
}

/** Days since 1970-01-01, both included. */
export interface DateRange {
  readonly from: number;
  readonly to: number;
}

/** Minutes of the day, the end left out. A range that ends before it begins goes on over midnight. */
export interface HourRange {
  readonly from: number;
  readonly to: number;
}

/** From each of these times on for so long. */
export interface CronWindow {
  readonly times: CronTimes;
  readonly durationMs: number;
}

/** Does this instant lie in the window, by the zone's wall clock? What goes over midnight belongs to the day it began on. */
export function isInWindow(window: TimeWindow, clock: ZoneClock, timeMs: number): boolean {
  const { day, minuteOfDay } = clock.localAt(timeMs);
  return isInHours(window, day, minuteOfDay) && isInCron(window.cron, clock, timeMs);
}

function isInHours(window: TimeWindow, day: number, minuteOfDay: number): boolean {
  if (window.hours.length === 0) return isOnDay(window, day);
  return window.hours.some(({ from, to }) => {
    if (from < to) return minuteOfDay >= from && minuteOfDay < to && isOnDay(window, day);
    if (minuteOfDay >= from) return isOnDay(window, day);
    return minuteOfDay < to && isOnDay(window, day - 1);
  });
}

function isOnDay({ weekdays, dates }: TimeWindow, day: number): boolean {
  if (weekdays.length > 0 && !weekdays.includes(weekdayOf(day))) return false;
  return dates.length === 0 || dates.some(({ from, to }) => day >= from && day <= to);
}

function isInCron(cron: CronWindow | null, clock: ZoneClock, timeMs: number): boolean {
  if (cron === null) return true;
  const begun = lastCronTime(cron.times, clock, timeMs, timeMs - cron.durationMs);
  return begun !== null && timeMs - begun < cron.durationMs;
}
