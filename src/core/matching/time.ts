import { isInWindow, type TimeWindow } from '../time/time-window.ts';
import { dateText, weekdayOf, type ZoneClock } from '../time/zone-clock.ts';
import type { Condition } from './condition.ts';
import type { Truth } from './truth.ts';

const MINUTE_MS = 60_000;
const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

/** `time:`. `text` is the window as written. Windows begin and end on full minutes, so one answer serves for a minute. */
export function timeCondition(window: TimeWindow, clock: ZoneClock, text: string): Condition {
  let lastMinute = Number.NaN;
  let lastResult: Truth = 'false';
  return {
    text: `time ${text}`,
    cost: 1,
    headerNames: [],
    test: ({ request }) => {
      const minute = Math.floor(request.nowMs / MINUTE_MS);
      if (minute !== lastMinute) {
        lastResult = isInWindow(window, clock, minute * MINUTE_MS) ? 'true' : 'false';
        lastMinute = minute;
      }
      return lastResult;
    },
    seen: ({ request }) => clockText(clock, request.nowMs),
    parts: [],
  };
}

/** `Sun 2026-11-22 18:07 Asia/Shanghai`. */
function clockText(clock: ZoneClock, timeMs: number): string {
  const { day, minuteOfDay } = clock.localAt(timeMs);
  const hour = String(Math.floor(minuteOfDay / 60)).padStart(2, '0');
  const minute = String(minuteOfDay % 60).padStart(2, '0');
  return `${WEEKDAYS[weekdayOf(day)]} ${dateText(day)} ${hour}:${minute} ${clock.zone}`;
}
