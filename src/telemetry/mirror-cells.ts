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
  /** The target version's name. */
  readonly mirror: string;
}

/**
 * The account of a mirror. At every instant: `eligible = notSampled + dropped + sent + pending` and
 * `sent = answered + timedOut + failed + inFlight`; each method below keeps both.
 */
export class MirrorCells {
  cellOf(_labels: MirrorLabels): number {
    throw new Error('to be built');
  }
  /** A request for which this mirror is meant: eligible + pending. Exactly one of the next three follows. */
  eligible(_cell: number): void {}
  notSampled(_cell: number): void {}
  dropped(_cell: number, _reason: MirrorDropReason): void {}
  sent(_cell: number): void {}
  /** The end of a sent copy. */
  answered(_cell: number, _status: number): void {}
  timedOut(_cell: number): void {}
  failed(_cell: number): void {}
  takeDelta(): MirrorDelta {
    throw new Error('to be built');
  }
}

export interface MirrorDelta {
  readonly cells: readonly MirrorCellDelta[];
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
