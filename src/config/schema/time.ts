import type { z } from 'zod';
import { type CronTimes, parseCron } from '../../core/time/cron.ts';
import type { CronWindow, DateRange, HourRange } from '../../core/time/time-window.ts';
import { dayOf, ZoneClock } from '../../core/time/zone-clock.ts';
import { didYouMean } from '../did-you-mean.ts';
import type { ConditionConfig } from '../model.ts';
import { problem } from './problem.ts';
import { durationMs, scalar } from './scalars.ts';
import { oneOrMore, refuse, refuseShape, section } from './shape.ts';

const MINUTE_MS = 60_000;
const MAX_CRON_MS = 7 * 24 * 60 * MINUTE_MS;
const DAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];

/** A value together with what was written: the one decides, the other is shown. */
export interface Written<Value> {
  readonly text: string;
  readonly value: Value;
}

/** `Mon-Fri`, `Sat`, `Fri-Mon`, `Mon,Wed`; 0 Sunday to 6 Saturday. */
const weekdays = scalar<Written<readonly number[]>>({ type: 'string' }, (written) => {
  const found = written.split(',').flatMap((part) => readDays(part.trim()) ?? [Number.NaN]);
  if (!found.some(Number.isNaN)) return { value: { text: written, value: found } };
  return { refused: problem('bad-time', `"${written}" is not a day of the week`, 'write Mon, Mon-Fri or Sat,Sun') };
});

function readDays(text: string): number[] | null {
  const [from, to, more] = text.split('-').map((day) => readDay(day.trim()));
  if (from === undefined || from < 0 || more !== undefined) return null;
  if (to === undefined) return [from];
  if (to < 0) return null;
  return Array.from({ length: ((to - from + 7) % 7) + 1 }, (_, at) => (from + at) % 7);
}

/** The whole name, or its first three letters. */
function readDay(name: string): number {
  const lower = name.toLowerCase();
  return DAYS.findIndex((day) => day === lower || day.slice(0, 3) === lower);
}

/** `01:00-05:00`, over midnight too; the end is left out. */
const hourRange = scalar<Written<HourRange>>(
  { type: 'string', pattern: '^\\d{1,2}:\\d{2} *- *\\d{1,2}:\\d{2}$' },
  (written) => {
    const match = /^(\d{1,2}):([0-5]\d) *- *(\d{1,2}):([0-5]\d)$/.exec(written);
    const [from, to] = match === null ? [-1, -1] : [minuteOf(match[1], match[2]), minuteOf(match[3], match[4])];
    if (from >= 0 && from < 1440 && to >= 0 && to <= 1440 && from !== to) {
      return { value: { text: written, value: { from, to } } };
    }
    return {
      refused: problem('bad-time', `"${written}" is not a range of hours`, 'write "09:00-17:30", to 24:00 at most'),
    };
  },
);

function minuteOf(hours = '', minutes = ''): number {
  return Number(hours) * 60 + Number(minutes);
}

/** `2026-11-22`, or `2026-11-22..2026-11-30` with both included. */
const dateRange = scalar<Written<DateRange>>({ type: 'string' }, (written) => {
  const [from, to = from, more] = written.split('..').map((date) => readDate(date.trim()));
  if (from !== undefined && from !== null && to !== null && to !== undefined && more === undefined && from <= to) {
    return { value: { text: written, value: { from, to } } };
  }
  return { refused: problem('bad-time', `"${written}" is not a date`, 'write 2026-11-22 or 2026-11-22..2026-11-30') };
});

function readDate(text: string): number | null {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  return match === null ? null : dayOf(Number(match[1]), Number(match[2]), Number(match[3]));
}

const cronLine = scalar<Written<CronTimes>>({ type: 'string' }, (written) => {
  const times = parseCron(written);
  if (times !== null) return { value: { text: written, value: times } };
  const hint = 'minute hour day-of-month month day-of-week, as "0 1 * * 1-5"';
  return { refused: problem('bad-time', `"${written}" is not a cron line`, hint) };
});

const zoneName = scalar({ type: 'string' }, (written) => {
  try {
    if (/^[A-Za-z]/.test(written)) return { value: new ZoneClock(written).zone };
  } catch {
    // Said below.
  }
  const hint = didYouMean(written, Intl.supportedValuesOf('timeZone')) ?? 'a name as Asia/Shanghai, or UTC';
  return { refused: problem('bad-time', `there is no time zone "${written}"`, hint) };
});

/** `time:` in a `when`: all that is given must hold. */
export const timeWindow: z.ZodType<ConditionConfig> = section('time', {
  days: oneOrMore(weekdays).optional().describe('Days of the week: Mon-Fri, Sat.'),
  hours: oneOrMore(hourRange)
    .optional()
    .describe('Hours, "22:00-05:00" over midnight too: those belong to the day they began on.'),
  dates: oneOrMore(dateRange).optional().describe('Dates: 2026-11-22, 2026-11-22..2026-11-30.'),
  cron: cronLine.optional().describe('The five fields of a crontab: when windows begin.'),
  duration: durationMs().optional().describe('How long the windows of cron are.'),
  zone: zoneName.optional().describe('The time zone (IANA). Default: UTC.'),
})
  .transform((given, context): ConditionConfig => {
    const { days = [], hours = [], dates = [], zone = 'UTC' } = given;
    const cron = cronOf(given.cron, given.duration, context);
    const parts = [
      textOf('days', days),
      textOf('hours', hours),
      textOf('dates', dates),
      given.cron === undefined ? '' : `cron ${given.cron.text} for ${(given.duration ?? 0) / MINUTE_MS} min`,
    ].filter((part) => part !== '');
    if (parts.length === 0) {
      return refuseShape(context, problem('empty-list', 'time says nothing', 'write days, hours, dates or cron'));
    }
    const window = {
      weekdays: [...new Set(days.flatMap(({ value }) => value))],
      dates: dates.map(({ value }) => value),
      hours: hours.map(({ value }) => value),
      cron,
    };
    return { kind: 'time', window, zone, text: `${parts.join(', ')} ${zone}` };
  })
  .meta({ id: 'time' });

function textOf(word: string, written: readonly Written<unknown>[]): string {
  return written.length === 0 ? '' : `${word} ${written.map(({ text }) => text).join(', ')}`;
}

function cronOf(
  cron: Written<CronTimes> | undefined,
  duration: number | undefined,
  context: z.RefinementCtx,
): CronWindow | null {
  if (cron === undefined && duration === undefined) return null;
  if (cron === undefined || duration === undefined) {
    return refuseShape(
      context,
      problem('one-of', 'cron and duration go together', 'cron says when, duration for how long'),
    );
  }
  if (duration % MINUTE_MS === 0 && duration <= MAX_CRON_MS) return { times: cron.value, durationMs: duration };
  const why = 'the windows of cron last full minutes, at most 7 days';
  return refuse(context, problem('bad-duration', why), ['duration']);
}
