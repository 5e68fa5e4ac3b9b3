/** Place of a request's end in the counters. `aborted`: the client left; `fallback`: another version answered for the one meant. */
export const STATUS_LABELS = ['1xx', '2xx', '3xx', '4xx', '5xx', 'aborted', 'fallback'] as const;
export const ABORTED = 5;
export const FALLBACK = 6;

/** Labels of one cell. Refused before routing: all ''. No rule: rule ''. */
export interface CellLabels {
  readonly route: string;
  readonly rule: string;
  readonly version: string;
}

/**
 * Counters of answered requests, per (route, rule, intended version): typed arrays, written on the hot path, read only when
 * a report is collected. A cell's number is stable for the life of the process and survives reloads.
 */
export class RequestCells {
  /** Finds or makes the cell of these labels. Called when a snapshot is installed, never per request. */
  cellOf(_labels: CellLabels): number {
    throw new Error('to be built');
  }
  begin(_cell: number): void {}
  /** Ends what `begin` began. `status` is the place in STATUS_LABELS. */
  end(_cell: number, _status: number, _durationMicros: number): void {}
  /** Everything that changed since the last call. */
  takeDelta(): RequestDelta {
    throw new Error('to be built');
  }
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
