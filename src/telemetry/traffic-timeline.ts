import { FALLBACK, type RequestDelta } from './request-cells.ts';
import { RowTable } from './row-table.ts';

/** Width of a step, and how many are kept: 15 minutes. */
export const STEP_MS = 5_000;
const STEPS = 180;

/** What one version of a route got within one step. */
export interface TimelinePoint {
  readonly route: string;
  readonly version: string;
  /** When the step began, on the clock that was handed in. */
  readonly startMs: number;
  readonly requests: number;
  /** 5xx, and those that a fallback had to answer. */
  readonly failures: number;
  readonly meanMs: number;
}

interface OpenStep {
  startMs: number;
  readonly sums: Map<number, [requests: number, failures: number, micros: number]>;
}

interface ClosedStep {
  readonly startMs: number;
  /** Rows of [arm, requests, failures, micros], packed: 10,000 busy arms cost 58 MB over all steps. */
  readonly packed: Float64Array;
}

const ROW = 4;
const SERVER_ERRORS = 4;

/** Coarse counts of the last quarter of an hour, per (route, version): enough to draw a line. */
export class TrafficTimeline {
  readonly #arms = new RowTable<{ readonly route: string; readonly version: string }>();
  readonly #closed: ClosedStep[] = [];
  readonly #open: OpenStep = { startMs: Number.NEGATIVE_INFINITY, sums: new Map() };

  add(delta: RequestDelta, nowMs: number): void {
    this.#advance(nowMs);
    for (const { route, version, counts, durationMicros } of delta.cells) {
      const requests = counts.reduce((sum, count) => sum + count, 0);
      if (requests === 0) continue;
      const arm = this.#arms.place([route, version], () => ({ route, version }));
      const sums = this.#open.sums.get(arm) ?? [0, 0, 0];
      sums[0] += requests;
      sums[1] += (counts[SERVER_ERRORS] ?? 0) + (counts[FALLBACK] ?? 0);
      sums[2] += durationMicros;
      this.#open.sums.set(arm, sums);
    }
  }

  /** Oldest first; steps without a request are left out, the running one is in. */
  points(route: string, nowMs: number): readonly TimelinePoint[] {
    this.#advance(nowMs);
    const running = { startMs: this.#open.startMs, packed: packed(this.#open) };
    return [...this.#closed, running].flatMap((step) => this.#pointsOf(step, route));
  }

  #advance(nowMs: number): void {
    const startMs = Math.floor(nowMs / STEP_MS) * STEP_MS;
    if (startMs <= this.#open.startMs) return;
    if (this.#open.sums.size > 0) this.#closed.push({ startMs: this.#open.startMs, packed: packed(this.#open) });
    this.#open.sums.clear();
    this.#open.startMs = startMs;
    const oldestMs = startMs - (STEPS - 1) * STEP_MS;
    const firstKept = this.#closed.findIndex((step) => step.startMs >= oldestMs);
    this.#closed.splice(0, firstKept < 0 ? this.#closed.length : firstKept);
  }

  #pointsOf({ startMs, packed: rows }: ClosedStep, wanted: string): TimelinePoint[] {
    const points: TimelinePoint[] = [];
    for (let at = 0; at < rows.length; at += ROW) {
      const { route, version } = this.#arms.rows[rows[at]!]!;
      if (route !== wanted) continue;
      const requests = rows[at + 1]!;
      points.push({
        route,
        version,
        startMs,
        requests,
        failures: rows[at + 2]!,
        meanMs: rows[at + 3]! / requests / 1000,
      });
    }
    return points;
  }
}

function packed({ sums }: OpenStep): Float64Array {
  const rows = new Float64Array(sums.size * ROW);
  let at = 0;
  for (const [arm, [requests, failures, micros]] of sums) {
    rows.set([arm, requests, failures, micros], at);
    at += ROW;
  }
  return rows;
}
