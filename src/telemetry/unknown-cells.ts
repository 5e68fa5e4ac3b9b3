import { reasonsOf, type UnknownReason, type UnknownReasons } from '../core/unknown-reason.ts';

/** Counts requests in whose decision a condition was unknown, by route and reason: a closed list, never what a request says. */
export class UnknownCells {
  readonly #counts = new Map<string, Map<UnknownReason, number>>();

  /** One request for which these reasons came up; each counts once. `route` '' when none was found. */
  count(route: string, reasons: UnknownReasons): void {
    let counts = this.#counts.get(route);
    if (counts === undefined) {
      counts = new Map();
      this.#counts.set(route, counts);
    }
    for (const reason of reasonsOf(reasons)) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }

  /** Everything counted since the last call. */
  takeDelta(): UnknownDelta {
    const cells: UnknownCellDelta[] = [];
    for (const [route, counts] of this.#counts) {
      for (const [reason, count] of counts) cells.push({ route, reason, count });
    }
    this.#counts.clear();
    return { cells };
  }
}

/** What changed; plain data. */
export interface UnknownDelta {
  readonly cells: readonly UnknownCellDelta[];
}

export interface UnknownCellDelta {
  readonly route: string;
  readonly reason: UnknownReason;
  /** Increment since the last report. */
  readonly count: number;
}
