/** The last value of a gauge by worker and row, so that a worker's part can be replaced, or leave with the worker. */
export class WorkerGauges {
  readonly #byWorker = new Map<number, Map<number, number>>();

  /** Notes the value now; returns how much the sum over workers changed. */
  set(workerId: number, row: number, value: number): number {
    let gauges = this.#byWorker.get(workerId);
    if (!gauges) {
      gauges = new Map();
      this.#byWorker.set(workerId, gauges);
    }
    const before = gauges.get(row) ?? 0;
    if (value === 0) gauges.delete(row);
    else gauges.set(row, value);
    return value - before;
  }

  /** Forgets a worker; tells what each row loses with it. */
  forget(workerId: number, lost: (row: number, value: number) => void): void {
    this.#byWorker.get(workerId)?.forEach((value, row) => {
      lost(row, value);
    });
    this.#byWorker.delete(workerId);
  }
}
