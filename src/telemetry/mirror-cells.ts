import { ComparisonCells, type ComparisonDelta } from './comparison-cells.ts';

/** Why a copy was not sent. */
export const MIRROR_DROP_REASONS = [
  'upgrade',
  'loop',
  'method',
  'same-version',
  'breaker',
  'in-flight',
  'bytes',
  'body-too-large',
  'client-abort',
  'no-endpoint',
  'shutdown',
] as const;
export type MirrorDropReason = (typeof MIRROR_DROP_REASONS)[number];

export interface MirrorLabels {
  readonly route: string;
  /** The rule that carries it; '' when it is the route's own. */
  readonly rule: string;
  /** The target version's name; that of a baseline's second copies is `TARGET/baseline`. */
  readonly mirror: string;
}

const ELIGIBLE = 0;
const NOT_SAMPLED = 1;
const SENT = 2;
const ANSWERED = 3;
const TIMED_OUT = 4;
const FAILED = 5;
const STATUSES = 6;
const STATUS_CLASSES = 5;
const DROPPED = STATUSES + STATUS_CLASSES;
const STRIDE = DROPPED + MIRROR_DROP_REASONS.length;
const REASON_PLACE = Object.fromEntries(
  MIRROR_DROP_REASONS.map((reason, place) => [reason, DROPPED + place]),
) as Readonly<Record<MirrorDropReason, number>>;

/**
 * The account of a mirror. At every instant: `eligible = notSampled + dropped + sent + pending` and
 * `sent = answered + timedOut + failed + inFlight`; each method below keeps both.
 */
export class MirrorCells {
  /** What came of comparing the answers, for those mirrors that do. */
  readonly comparisons = new ComparisonCells();
  readonly #labels: MirrorLabels[] = [];
  readonly #cellByKey = new Map<string, number>();
  #counts = new Float64Array(16 * STRIDE);
  #pending = new Int32Array(16);
  #inFlight = new Int32Array(16);
  #isDirty = new Uint8Array(16);
  #dirty: number[] = [];

  /** Finds or makes the cell of these labels. Called when a snapshot is installed, never per request. */
  cellOf(labels: MirrorLabels): number {
    const key = `${labels.route}\0${labels.rule}\0${labels.mirror}`;
    const known = this.#cellByKey.get(key);
    if (known !== undefined) return known;
    const cell = this.#labels.length;
    if (cell === this.#pending.length) this.#grow(cell * 2);
    this.#cellByKey.set(key, cell);
    this.#labels.push({ route: labels.route, rule: labels.rule, mirror: labels.mirror });
    this.#touch(cell);
    return cell;
  }

  /** A request for which this mirror is meant: eligible + pending. Exactly one of the next three follows. */
  eligible(cell: number): void {
    this.#count(cell, ELIGIBLE);
    this.#pending[cell]!++;
  }

  notSampled(cell: number): void {
    this.#settle(cell, NOT_SAMPLED);
  }

  dropped(cell: number, reason: MirrorDropReason): void {
    this.#settle(cell, REASON_PLACE[reason]);
  }

  sent(cell: number): void {
    this.#settle(cell, SENT);
    this.#inFlight[cell]!++;
  }

  /** The end of a sent copy. `status` is the HTTP status of the answer that was thrown away. */
  answered(cell: number, status: number): void {
    this.#finish(cell, ANSWERED);
    const statusClass = Math.min(Math.max(Math.trunc(status / 100), 1), STATUS_CLASSES);
    this.#counts[cell * STRIDE + STATUSES + statusClass - 1]!++;
  }

  timedOut(cell: number): void {
    this.#finish(cell, TIMED_OUT);
  }

  failed(cell: number): void {
    this.#finish(cell, FAILED);
  }

  /** Everything that changed since the last call. */
  takeDelta(): MirrorDelta {
    const changed = this.#dirty;
    this.#dirty = [];
    return { cells: changed.map((cell) => this.#takeCell(cell)), comparisons: this.comparisons.takeDelta() };
  }

  #settle(cell: number, place: number): void {
    this.#count(cell, place);
    this.#pending[cell]!--;
  }

  #finish(cell: number, place: number): void {
    this.#count(cell, place);
    this.#inFlight[cell]!--;
  }

  #count(cell: number, place: number): void {
    this.#counts[cell * STRIDE + place]!++;
    if (this.#isDirty[cell] === 0) this.#touch(cell);
  }

  #touch(cell: number): void {
    this.#isDirty[cell] = 1;
    this.#dirty.push(cell);
  }

  #takeCell(cell: number): MirrorCellDelta {
    const from = cell * STRIDE;
    const counts = this.#counts.slice(from, from + STRIDE);
    this.#counts.fill(0, from, from + STRIDE);
    this.#isDirty[cell] = 0;
    return {
      ...this.#labels[cell]!,
      eligible: counts[ELIGIBLE]!,
      notSampled: counts[NOT_SAMPLED]!,
      sent: counts[SENT]!,
      answered: counts[ANSWERED]!,
      timedOut: counts[TIMED_OUT]!,
      failed: counts[FAILED]!,
      dropped: droppedOf(counts),
      statuses: Array.from(counts.subarray(STATUSES, DROPPED)),
      pending: this.#pending[cell]!,
      inFlight: this.#inFlight[cell]!,
    };
  }

  #grow(capacity: number): void {
    const counts = new Float64Array(capacity * STRIDE);
    counts.set(this.#counts);
    this.#counts = counts;
    this.#pending = grown(this.#pending, capacity);
    this.#inFlight = grown(this.#inFlight, capacity);
    const isDirty = new Uint8Array(capacity);
    isDirty.set(this.#isDirty);
    this.#isDirty = isDirty;
  }
}

function grown(from: Int32Array<ArrayBuffer>, capacity: number): Int32Array<ArrayBuffer> {
  const into = new Int32Array(capacity);
  into.set(from);
  return into;
}

function droppedOf(counts: Float64Array): Partial<Record<MirrorDropReason, number>> {
  const dropped: Partial<Record<MirrorDropReason, number>> = {};
  for (const reason of MIRROR_DROP_REASONS) {
    const count = counts[REASON_PLACE[reason]]!;
    if (count !== 0) dropped[reason] = count;
  }
  return dropped;
}

export interface MirrorDelta {
  readonly cells: readonly MirrorCellDelta[];
  /** Absent: nothing was compared. */
  readonly comparisons?: readonly ComparisonDelta[];
}

/** Increments since the last report, but `pending` and `inFlight`, which are the values now. */
export interface MirrorCellDelta extends MirrorLabels {
  readonly eligible: number;
  readonly notSampled: number;
  readonly sent: number;
  readonly answered: number;
  readonly timedOut: number;
  readonly failed: number;
  readonly dropped: Readonly<Partial<Record<MirrorDropReason, number>>>;
  /** Answers by status class 1xx..5xx. */
  readonly statuses: readonly number[];
  readonly pending: number;
  readonly inFlight: number;
}
