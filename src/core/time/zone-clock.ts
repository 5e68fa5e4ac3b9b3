/** Clocks on the wall: what an instant is called in a time zone (IANA), and which instant a name means. */

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** A minute as a wall clock and a calendar show it. */
export interface LocalMinute {
  /** Days since 1970-01-01 of the local calendar. */
  readonly day: number;
  /** 0..1439. */
  readonly minuteOfDay: number;
}

/** The offsets around a day, in minutes ahead of UTC, and the instant of the change between them; NaN: there is none. */
interface ClockChange {
  readonly day: number;
  readonly before: number;
  readonly after: number;
  readonly changeMs: number;
}

/** The clock of one zone. */
export class ZoneClock {
  readonly zone: string;
  readonly #format: Intl.DateTimeFormat;
  /** The minute asked for last, since the epoch, and its offset. */
  #lastMinute = Number.NaN;
  #lastOffset = 0;
  #lastChange: ClockChange = { day: Number.NaN, before: 0, after: 0, changeMs: Number.NaN };

  /** Throws for a zone that does not exist. */
  constructor(zone: string) {
    this.zone = zone;
    this.#format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      calendar: 'gregory',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  }

  /** What this instant is called. */
  localAt(timeMs: number): LocalMinute {
    const local = Math.floor(timeMs / MINUTE_MS) + this.#offsetAt(timeMs);
    const day = Math.floor(local / 1440);
    return { day, minuteOfDay: local - day * 1440 };
  }

  /**
   * The instants that a wall clock calls this: usually one. Two in the hour that comes twice, the earlier first. None in the
   * hour that is left out: then the instant that would be called so had the clock not been put forward (RFC 5545 3.3.5).
   */
  instantsOf(day: number, minuteOfDay: number): readonly number[] {
    const { before, after, changeMs } = this.#changeAround(day);
    const asUtc = day * DAY_MS + minuteOfDay * MINUTE_MS;
    const early = asUtc - before * MINUTE_MS;
    if (before === after) return [early];
    const late = asUtc - after * MINUTE_MS;
    if (early < changeMs) return late >= changeMs && late !== early ? [early, late] : [early];
    return late >= changeMs ? [late] : [early];
  }

  /** Whether and when the clock is put forward or back on this day or close to it. */
  #changeAround(day: number): ClockChange {
    if (this.#lastChange.day !== day) this.#lastChange = this.#findChange(day);
    return this.#lastChange;
  }

  #findChange(day: number): ClockChange {
    let low = (day - 1) * 1440;
    let high = (day + 2) * 1440;
    const before = this.#readOffset(low);
    const after = this.#readOffset(high);
    if (before === after) return { day, before, after, changeMs: Number.NaN };
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (this.#readOffset(middle) === before) low = middle;
      else high = middle;
    }
    return { day, before, after, changeMs: high * MINUTE_MS };
  }

  /** Minutes that the zone is ahead of UTC; what is less than a minute (before the last century) is left out. */
  #offsetAt(timeMs: number): number {
    const minute = Math.floor(timeMs / MINUTE_MS);
    if (minute !== this.#lastMinute) {
      this.#lastOffset = this.#readOffset(minute);
      this.#lastMinute = minute;
    }
    return this.#lastOffset;
  }

  #readOffset(minute: number): number {
    const parts: Record<string, number> = {};
    const time = new Date(minute * MINUTE_MS);
    if (Number.isNaN(time.getTime())) return 0;
    for (const { type, value } of this.#format.formatToParts(time)) parts[type] = Number(value);
    const { year = 1970, month = 1, day = 1, hour = 0, minute: minutes = 0 } = parts;
    const local = Date.UTC(year, month - 1, day, hour, minutes);
    return Math.floor(local / MINUTE_MS) - minute;
  }
}

/** 0 Sunday to 6 Saturday. */
export function weekdayOf(day: number): number {
  return (((day + 4) % 7) + 7) % 7;
}

/** Days since 1970-01-01; null: there is no such date. */
export function dayOf(year: number, month: number, dayOfMonth: number): number | null {
  const date = new Date(Date.UTC(year, month - 1, dayOfMonth));
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== dayOfMonth) return null;
  return Math.floor(date.getTime() / DAY_MS);
}

/** `2026-11-22` of a day since 1970-01-01. */
export function dateText(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}
