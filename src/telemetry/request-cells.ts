import { BUCKET_COUNT, bucketOf } from './duration-histogram.ts';

/** Place of a request's end in the counters. `aborted`: the client left; `fallback`: another version answered for the one meant. */
export const STATUS_LABELS = ['1xx', '2xx', '3xx', '4xx', '5xx', 'aborted', 'fallback'] as const;
export const ABORTED = 5;
export const FALLBACK = 6;

const STRIDE = STATUS_LABELS.length;
/** Drained histograms kept for the next cell that needs one; more are left to the collector. */
const SPARE_HISTOGRAMS = 1024;
/** New cells that one report names before they have counted anything; a table of 200,000 is told in slices. */
const ANNOUNCED_PER_DELTA = 4096;

/** Labels of one cell. Refused before routing: all ''. No rule: rule ''. */
export interface CellLabels {
  readonly route: string;
  readonly rule: string;
  readonly version: string;
}

/**
 * Counters of answered requests, per (route, rule, intended version): typed arrays, written on the hot path, read only when
 * a report is collected. A cell's number is stable for the life of the process and survives reloads.
 *
 * A histogram belongs to a cell only from its first request to the next report, so that idle cells cost a few dozen bytes.
 */
export class RequestCells {
  readonly #labels: CellLabels[] = [];
  readonly #cellByKey = new Map<string, number>();
  #counts = new Float64Array(16 * STRIDE);
  #durationMicros = new Float64Array(16);
  #inFlight = new Int32Array(16);
  #isDirty = new Uint8Array(16);
  #dirty = new Int32Array(16);
  #dirtyCount = 0;
  #announced = 0;
  readonly #histograms: (Uint32Array | null)[] = [];
  readonly #spare: Uint32Array[] = [];

  /** Finds or makes the cell of these labels. Called when a snapshot is installed, never per request. */
  cellOf(labels: CellLabels): number {
    const key = `${labels.route}\0${labels.rule}\0${labels.version}`;
    const known = this.#cellByKey.get(key);
    if (known !== undefined) return known;
    const cell = this.#labels.length;
    if (cell === this.#inFlight.length) this.#grow(cell * 2);
    this.#cellByKey.set(key, cell);
    this.#labels.push({ route: labels.route, rule: labels.rule, version: labels.version });
    this.#histograms.push(null);
    return cell;
  }

  begin(cell: number): void {
    this.#inFlight[cell]!++;
    if (this.#isDirty[cell] === 0) this.#touch(cell);
  }

  /** Ends what `begin` began. `status` is the place in STATUS_LABELS. */
  end(cell: number, status: number, durationMicros: number): void {
    this.#inFlight[cell]!--;
    this.#counts[cell * STRIDE + status]!++;
    this.#durationMicros[cell]! += durationMicros;
    const histogram = this.#histograms[cell] ?? this.#lendHistogram(cell);
    histogram[bucketOf(durationMicros)]!++;
    if (this.#isDirty[cell] === 0) this.#touch(cell);
  }

  /**
   * Everything that changed since the last call. Cells that are new are named with zeros, so that they are shown before their
   * first request: a few thousand with each report, since that only concerns what is shown and may not block the loop.
   */
  takeDelta(): RequestDelta {
    const cells: RequestCellDelta[] = [];
    const announceTo = Math.min(this.#announced + ANNOUNCED_PER_DELTA, this.#labels.length);
    for (; this.#announced < announceTo; this.#announced++) {
      if (this.#isDirty[this.#announced] === 0) cells.push(this.#takeCell(this.#announced));
    }
    for (let at = 0; at < this.#dirtyCount; at++) cells.push(this.#takeCell(this.#dirty[at]!));
    this.#dirtyCount = 0;
    return { cells };
  }

  #takeCell(cell: number): RequestCellDelta {
    this.#isDirty[cell] = 0;
    const { route, rule, version } = this.#labels[cell]!;
    const from = cell * STRIDE;
    const counts = new Array<number>(STRIDE);
    for (let status = 0; status < STRIDE; status++) counts[status] = this.#counts[from + status]!;
    this.#counts.fill(0, from, from + STRIDE);
    const durationMicros = this.#durationMicros[cell]!;
    this.#durationMicros[cell] = 0;
    const buckets = this.#takeHistogram(cell);
    return { route, rule, version, counts, inFlight: this.#inFlight[cell]!, durationMicros, buckets };
  }

  #takeHistogram(cell: number): number[] {
    const pairs: number[] = [];
    const histogram = this.#histograms[cell];
    if (!histogram) return pairs;
    for (let bucket = 0; bucket < BUCKET_COUNT; bucket++) {
      const count = histogram[bucket]!;
      if (count !== 0) pairs.push(bucket, count);
    }
    this.#histograms[cell] = null;
    if (this.#spare.length < SPARE_HISTOGRAMS) this.#spare.push(histogram.fill(0));
    return pairs;
  }

  #lendHistogram(cell: number): Uint32Array {
    const histogram = this.#spare.pop() ?? new Uint32Array(BUCKET_COUNT);
    this.#histograms[cell] = histogram;
    return histogram;
  }

  #touch(cell: number): void {
    this.#isDirty[cell] = 1;
    this.#dirty[this.#dirtyCount++] = cell;
  }

  #grow(capacity: number): void {
    this.#counts = grown(this.#counts, new Float64Array(capacity * STRIDE));
    this.#durationMicros = grown(this.#durationMicros, new Float64Array(capacity));
    this.#inFlight = grown(this.#inFlight, new Int32Array(capacity));
    this.#isDirty = grown(this.#isDirty, new Uint8Array(capacity));
    this.#dirty = grown(this.#dirty, new Int32Array(capacity));
  }
}

function grown<T extends Float64Array | Int32Array | Uint8Array>(from: T, into: T): T {
  into.set(from);
  return into;
}

/** The changed cells only; plain data. Counts are increments, `inFlight` is the value now. */
export interface RequestDelta {
  readonly cells: readonly RequestCellDelta[];
}

export interface RequestCellDelta extends CellLabels {
  /** Increments by place in STATUS_LABELS. */
  readonly counts: readonly number[];
  readonly inFlight: number;
  /** Sum of durations in microseconds, and increments of the histogram as pairs [bucket, count, bucket, count ...]. */
  readonly durationMicros: number;
  readonly buckets: readonly number[];
}
