import { addPairs, BUCKET_COUNT, quantile } from './duration-histogram.ts';
import {
  ABORTED,
  type CellLabels,
  FALLBACK,
  type RequestCellDelta,
  type RequestDelta,
  STATUS_LABELS,
} from './request-cells.ts';
import { RowTable } from './row-table.ts';
import { type TimelinePoint, TrafficTimeline } from './traffic-timeline.ts';

/** Width of the window. */
const WINDOW_SECONDS = 60;

/** What one version of a route got of that route's requests. */
export interface ObservedShare {
  /** Requests meant for it that ended within the window, by whatever rule. */
  readonly requests: number;
  /** Of all requests of the route: 0..1. 0 when there were none. */
  readonly share: number;
}

/** One (route, rule, version) within the window. */
export interface TrafficRow extends CellLabels {
  readonly requests: number;
  readonly perSecond: number;
  /** By status class 1xx..5xx; those aborted or answered by a fallback are not in here. */
  readonly statuses: readonly number[];
  readonly aborted: number;
  readonly fallback: number;
  /** 5xx, and those that a fallback had to answer. */
  readonly failures: number;
  /** null: nothing ended within the window. */
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  readonly p99Ms: number | null;
}

interface WindowCell extends CellLabels {
  readonly counts: number[];
  requests: number;
  /** null while the window holds nothing of this cell. */
  buckets: Float64Array | null;
}

interface Slot {
  readonly entries: { readonly cell: WindowCell; readonly delta: RequestCellDelta }[];
}

/**
 * Exact counts of the last 60 seconds: one slot a second, the running one included; what enters the sums leaves them again
 * when its slot does. Reports count at the time they arrive.
 */
export class TrafficWindow {
  readonly #nowMs: () => number;
  readonly #cells = new RowTable<WindowCell>();
  readonly #cellsByRoute = new Map<string, WindowCell[]>();
  readonly #slots: Slot[] = Array.from({ length: WINDOW_SECONDS }, () => ({ entries: [] }));
  readonly #timeline = new TrafficTimeline();
  readonly #firstSecond: number;
  #second: number;

  /** `nowMs` is any clock in milliseconds; should it step back, time stands still until it has caught up. */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
    this.#second = Math.floor(nowMs() / 1000);
    this.#firstSecond = this.#second;
  }

  add(delta: RequestDelta): void {
    const slot = this.#advance();
    this.#timeline.add(delta, this.#nowMs());
    for (const cellDelta of delta.cells) {
      const cell = this.#cellOf(cellDelta);
      if (cellDelta.counts.every((count) => count === 0)) continue;
      slot.entries.push({ cell, delta: cellDelta });
      apply(cell, cellDelta, 1);
    }
  }

  /** Every version that this route has been seen with; the shares add up to 1 unless there was no request. */
  observed(route: string): Readonly<Record<string, ObservedShare>> {
    this.#advance();
    const requests = new Map<string, number>();
    let total = 0;
    for (const cell of this.#cellsByRoute.get(route) ?? []) {
      requests.set(cell.version, (requests.get(cell.version) ?? 0) + cell.requests);
      total += cell.requests;
    }
    const shares = [...requests].map(([version, count]) => [
      version,
      { requests: count, share: total === 0 ? 0 : count / total },
    ]);
    return Object.fromEntries(shares);
  }

  /** Every (route, rule, version) that had a request within the window. */
  rows(): readonly TrafficRow[] {
    this.#advance();
    const seconds = Math.min(this.#second - this.#firstSecond + 1, WINDOW_SECONDS);
    return this.#cells.rows.filter((cell) => cell.requests > 0).map((cell) => rowOf(cell, seconds));
  }

  /** The last quarter of an hour of a route, in steps of five seconds. */
  timeline(route: string): readonly TimelinePoint[] {
    return this.#timeline.points(route, this.#nowMs());
  }

  /** Lets go of what is older than the window; returns the slot of this second. */
  #advance(): Slot {
    const second = Math.floor(this.#nowMs() / 1000);
    const steps = Math.min(second - this.#second, WINDOW_SECONDS);
    for (let step = 1; step <= steps; step++) this.#empty(this.#slotOf(second - steps + step));
    if (second > this.#second) this.#second = second;
    return this.#slotOf(this.#second);
  }

  #slotOf(second: number): Slot {
    return this.#slots[((second % WINDOW_SECONDS) + WINDOW_SECONDS) % WINDOW_SECONDS]!;
  }

  #empty(slot: Slot): void {
    for (const { cell, delta } of slot.entries) apply(cell, delta, -1);
    slot.entries.length = 0;
  }

  #cellOf({ route, rule, version }: CellLabels): WindowCell {
    const place = this.#cells.place([route, rule, version], () => {
      const cell = { route, rule, version, counts: STATUS_LABELS.map(() => 0), requests: 0, buckets: null };
      const siblings = this.#cellsByRoute.get(route);
      if (siblings) siblings.push(cell);
      else this.#cellsByRoute.set(route, [cell]);
      return cell;
    });
    return this.#cells.rows[place]!;
  }
}

function apply(cell: WindowCell, delta: RequestCellDelta, sign: 1 | -1): void {
  for (let status = 0; status < cell.counts.length; status++) {
    const count = sign * (delta.counts[status] ?? 0);
    cell.counts[status]! += count;
    cell.requests += count;
  }
  cell.buckets ??= new Float64Array(BUCKET_COUNT);
  addPairs(cell.buckets, delta.buckets, sign);
  if (cell.requests === 0) cell.buckets = null;
}

function rowOf(cell: WindowCell, seconds: number): TrafficRow {
  const { route, rule, version, counts, requests } = cell;
  const ms = (q: number): number | null => {
    const micros = cell.buckets && quantile(cell.buckets, q);
    return micros === null ? null : micros / 1000;
  };
  return {
    route,
    rule,
    version,
    requests,
    perSecond: requests / seconds,
    statuses: counts.slice(0, ABORTED),
    aborted: counts[ABORTED]!,
    fallback: counts[FALLBACK]!,
    failures: counts[4]! + counts[FALLBACK]!,
    p50Ms: ms(0.5),
    p95Ms: ms(0.95),
    p99Ms: ms(0.99),
  };
}
