import { ComparisonTotals } from './comparison-totals.ts';
import { addPairs, BUCKET_COUNT } from './duration-histogram.ts';
import type { FallbackDelta, FallbackLabels } from './fallback-cells.ts';
import type { MirrorCellDelta, MirrorDelta, MirrorDropReason, MirrorLabels } from './mirror-cells.ts';
import type { EndpointReport, PoolReport } from './reports.ts';
import { type CellLabels, type RequestCellDelta, type RequestDelta, STATUS_LABELS } from './request-cells.ts';
import { RowTable } from './row-table.ts';
import type { UnknownCellDelta, UnknownDelta } from './unknown-cells.ts';
import { WorkerGauges } from './worker-gauges.ts';

/** What one worker tells: increments since its last report, gauges as they are now. */
export interface TelemetryReport {
  readonly requests: RequestDelta;
  readonly mirrors: MirrorDelta;
  readonly fallbacks?: FallbackDelta;
  /** Lines of the access log that were lost since the last report. */
  readonly droppedLogLines?: number;
  readonly unknowns?: UnknownDelta;
  readonly pools: readonly PoolReport[];
  readonly endpoints: readonly EndpointReport[];
}

export interface RequestTotal extends CellLabels {
  /** By place in STATUS_LABELS. */
  readonly counts: number[];
}

/** What is kept for a route's version, whichever rule chose it. */
export interface ArmTotal {
  readonly route: string;
  readonly version: string;
  inFlight: number;
  durationMicros: number;
  /** Dense duration histogram; null until the first request ended. */
  buckets: Float64Array | null;
}

export interface MirrorTotal extends MirrorLabels {
  eligible: number;
  notSampled: number;
  sent: number;
  answered: number;
  timedOut: number;
  failed: number;
  dropped: Partial<Record<MirrorDropReason, number>>;
  /** Answers by status class 1xx..5xx. */
  statuses: number[];
  pending: number;
  inFlight: number;
}

/** Requests with an unknown condition, by route and reason. */
export interface UnknownTotal extends Pick<UnknownCellDelta, 'route' | 'reason'> {
  count: number;
}

export interface FallbackTotal extends FallbackLabels {
  count: number;
}

/**
 * The sums over all workers since the start. Nothing counted leaves with a worker; its gauges do, and the copies that it had
 * under way are accounted for, so that both identities of a mirror's account hold in the sum too.
 */
export class Totals {
  /** What the answers of shadows were found to differ in. */
  readonly comparisons = new ComparisonTotals();
  readonly #requests = new RowTable<RequestTotal>();
  readonly #arms = new RowTable<ArmTotal>();
  readonly #mirrors = new RowTable<MirrorTotal>();
  readonly #fallbacks = new RowTable<FallbackTotal>();
  readonly #unknowns = new RowTable<UnknownTotal>();
  readonly #cellInFlight = new WorkerGauges();
  readonly #armByCell: ArmTotal[] = [];
  readonly #mirrorPending = new WorkerGauges();
  readonly #mirrorInFlight = new WorkerGauges();
  readonly #pools = new Map<number, readonly PoolReport[]>();
  readonly #endpoints = new Map<number, readonly EndpointReport[]>();

  /** Lines of the access log that were lost. */
  droppedLogLines = 0;

  add(workerId: number, report: TelemetryReport): void {
    this.droppedLogLines += report.droppedLogLines ?? 0;
    for (const cell of report.requests.cells) this.#addRequests(workerId, cell);
    for (const cell of report.mirrors.cells) this.#addMirror(workerId, cell);
    this.comparisons.add(report.mirrors.comparisons ?? []);
    for (const { route, from, to, count } of report.fallbacks?.cells ?? []) {
      const place = this.#fallbacks.place([route, from, to], () => ({ route, from, to, count: 0 }));
      this.#fallbacks.rows[place]!.count += count;
    }
    for (const { route, reason, count } of report.unknowns?.cells ?? []) {
      const place = this.#unknowns.place([route, reason], () => ({ route, reason, count: 0 }));
      this.#unknowns.rows[place]!.count += count;
    }
    this.#pools.set(workerId, report.pools);
    this.#endpoints.set(workerId, report.endpoints);
  }

  /**
   * A worker is gone: its gauges vanish, its counts stay. Copies that it had not yet sent count as dropped by shutdown,
   * those that it had sent as failed.
   */
  forgetWorker(workerId: number): void {
    this.#cellInFlight.forget(workerId, (cell, value) => {
      this.#armByCell[cell]!.inFlight -= value;
    });
    this.#mirrorPending.forget(workerId, (place, value) => {
      const mirror = this.#mirrors.rows[place]!;
      mirror.pending -= value;
      mirror.dropped.shutdown = (mirror.dropped.shutdown ?? 0) + value;
    });
    this.#mirrorInFlight.forget(workerId, (place, value) => {
      const mirror = this.#mirrors.rows[place]!;
      mirror.inFlight -= value;
      mirror.failed += value;
    });
    this.#pools.delete(workerId);
    this.#endpoints.delete(workerId);
  }

  /** Live rows: they go on changing with later reports. */
  get requests(): readonly Readonly<RequestTotal>[] {
    return this.#requests.rows;
  }

  get arms(): readonly Readonly<ArmTotal>[] {
    return this.#arms.rows;
  }

  get mirrors(): readonly Readonly<MirrorTotal>[] {
    return this.#mirrors.rows;
  }

  get fallbacks(): readonly Readonly<FallbackTotal>[] {
    return this.#fallbacks.rows;
  }

  get unknowns(): readonly Readonly<UnknownTotal>[] {
    return this.#unknowns.rows;
  }

  /** Connections by version, summed over the workers. */
  pools(): readonly PoolReport[] {
    const sums = new RowTable<{ -readonly [K in keyof PoolReport]: PoolReport[K] }>();
    for (const reports of this.#pools.values()) {
      for (const { service, version, active, idle, pending } of reports) {
        const place = sums.place([service, version], () => ({ service, version, active: 0, idle: 0, pending: 0 }));
        const sum = sums.rows[place]!;
        sum.active += active;
        sum.idle += idle;
        sum.pending += pending;
      }
    }
    return sums.rows;
  }

  /** Endpoints as the workers see them. One that any worker has set aside is not usable, with that worker's reason. */
  endpoints(): readonly EndpointReport[] {
    const seen = new RowTable<EndpointReport>();
    for (const reports of this.#endpoints.values()) {
      for (const report of reports) {
        const place = seen.place([report.service, report.version, report.url], () => report);
        if (!report.usable) seen.rows[place] = report;
      }
    }
    return seen.rows;
  }

  #addRequests(workerId: number, delta: RequestCellDelta): void {
    const { route, rule, version } = delta;
    const cell = this.#requests.place([route, rule, version], () => {
      this.#armByCell.push(this.#armOf(route, version));
      return { route, rule, version, counts: STATUS_LABELS.map(() => 0) };
    });
    const { counts } = this.#requests.rows[cell]!;
    for (let status = 0; status < counts.length; status++) counts[status]! += delta.counts[status] ?? 0;
    const arm = this.#armByCell[cell]!;
    arm.inFlight += this.#cellInFlight.set(workerId, cell, delta.inFlight);
    if (delta.buckets.length === 0) return;
    arm.durationMicros += delta.durationMicros;
    arm.buckets ??= new Float64Array(BUCKET_COUNT);
    addPairs(arm.buckets, delta.buckets, 1);
  }

  #armOf(route: string, version: string): ArmTotal {
    const make = () => ({ route, version, inFlight: 0, durationMicros: 0, buckets: null });
    return this.#arms.rows[this.#arms.place([route, version], make)]!;
  }

  #addMirror(workerId: number, delta: MirrorCellDelta): void {
    const place = this.#mirrors.place([delta.route, delta.rule, delta.mirror], () => emptyMirror(delta));
    const total = this.#mirrors.rows[place]!;
    total.eligible += delta.eligible;
    total.notSampled += delta.notSampled;
    total.sent += delta.sent;
    total.answered += delta.answered;
    total.timedOut += delta.timedOut;
    total.failed += delta.failed;
    for (const [reason, count] of Object.entries(delta.dropped) as [MirrorDropReason, number][]) {
      total.dropped[reason] = (total.dropped[reason] ?? 0) + count;
    }
    for (let at = 0; at < total.statuses.length; at++) total.statuses[at]! += delta.statuses[at] ?? 0;
    total.pending += this.#mirrorPending.set(workerId, place, delta.pending);
    total.inFlight += this.#mirrorInFlight.set(workerId, place, delta.inFlight);
  }
}

function emptyMirror({ route, rule, mirror }: MirrorLabels): MirrorTotal {
  return {
    route,
    rule,
    mirror,
    eligible: 0,
    notSampled: 0,
    sent: 0,
    answered: 0,
    timedOut: 0,
    failed: 0,
    dropped: {},
    statuses: [0, 0, 0, 0, 0],
    pending: 0,
    inFlight: 0,
  };
}
