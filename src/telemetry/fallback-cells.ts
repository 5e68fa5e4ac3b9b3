/** A version that was meant, and the one that answered for it. */
export interface FallbackLabels {
  readonly route: string;
  readonly from: string;
  readonly to: string;
}

/** Counts requests that another version answered. A cell's number is stable for the life of the process. */
export class FallbackCells {
  readonly #labels: FallbackLabels[] = [];
  readonly #cellByKey = new Map<string, number>();
  readonly #counts: number[] = [];
  readonly #dirty = new Set<number>();

  /** Finds or makes the cell of these labels. Called when a snapshot is installed, never per request. */
  cellOf(labels: FallbackLabels): number {
    const key = `${labels.route}\0${labels.from}\0${labels.to}`;
    const known = this.#cellByKey.get(key);
    if (known !== undefined) return known;
    const cell = this.#labels.length;
    this.#cellByKey.set(key, cell);
    this.#labels.push({ route: labels.route, from: labels.from, to: labels.to });
    this.#counts.push(0);
    this.#dirty.add(cell);
    return cell;
  }

  count(cell: number): void {
    this.#counts[cell]!++;
    this.#dirty.add(cell);
  }

  /** Everything that changed since the last call. */
  takeDelta(): FallbackDelta {
    const cells: FallbackCellDelta[] = [];
    for (const cell of this.#dirty) {
      cells.push({ ...this.#labels[cell]!, count: this.#counts[cell]! });
      this.#counts[cell] = 0;
    }
    this.#dirty.clear();
    return { cells };
  }
}

/** The changed cells only; plain data. */
export interface FallbackDelta {
  readonly cells: readonly FallbackCellDelta[];
}

export interface FallbackCellDelta extends FallbackLabels {
  /** Increment since the last report. */
  readonly count: number;
}
