import { Outlier } from '../core/resilience/outlier.ts';
import type { OutlierDetection } from '../core/snapshot.ts';
import type { EndpointPool } from './endpoint-pool.ts';
import type { Sweeper, Timed } from './sweeper.ts';

/** Whether one more endpoint of the version may be taken out of use at this moment. */
export interface EjectionLimit {
  mayEject(settings: OutlierDetection): boolean;
}

const NEVER = Number.POSITIVE_INFINITY;

/** The passive ejection of one endpoint: counts its results, takes it out of use, and brings it back when the time is up. */
export class Ejection implements Timed {
  deadlineAt = NEVER;
  sweepSlot = -1;
  readonly #pool: EndpointPool;
  readonly #limit: EjectionLimit;
  readonly #sweeper: Sweeper;
  readonly #outlier: Outlier;
  #settings: OutlierDetection;

  constructor(pool: EndpointPool, settings: OutlierDetection, limit: EjectionLimit, sweeper: Sweeper) {
    this.#pool = pool;
    this.#limit = limit;
    this.#sweeper = sweeper;
    this.#settings = settings;
    this.#outlier = new Outlier(settings);
    sweeper.watch(this);
  }

  update(settings: OutlierDetection): void {
    if (settings === this.#settings) return;
    this.#settings = settings;
    this.#outlier.update(settings);
  }

  /** The head of a final response came. An answer that blames the server is a failure; 501 and 505 blame the request. */
  answered(status: number): void {
    if (status < 500 || status === 501 || status === 505) this.#outlier.onSuccess(this.#sweeper.nowMs);
    else this.failed();
  }

  /** It could not be connected to, or gave no response: reset, malformed, too slow. */
  failed(): void {
    const { nowMs } = this.#sweeper;
    if (this.#outlier.onFailure(nowMs) !== 'eject' || !this.#limit.mayEject(this.#settings)) return;
    this.deadlineAt = this.#outlier.eject(nowMs);
    this.#pool.set('ejected', true);
  }

  /** The time is up. */
  onDeadline(): void {
    this.#pool.set('ejected', false);
  }

  /** Nothing is ejected any more: the endpoint has left, or the detection was taken out of the configuration. */
  close(): void {
    this.#sweeper.forget(this);
    this.#pool.set('ejected', false);
  }
}
