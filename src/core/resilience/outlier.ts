/** When an endpoint is taken out of use. */
export interface OutlierSettings {
  /** Failures in a row that make it an outlier. */
  readonly consecutiveFailures: number;
  /** The first ejection; the n-th without recovery between lasts n times as long. */
  readonly ejectForMs: number;
}

/** No ejection lasts longer, however often it was repeated. */
const MAX_EJECTION_MS = 300_000;

/**
 * Passive ejection of one endpoint: results in, verdicts out. How many endpoints may be out at once is for whoever knows the
 * others to say: the verdict only asks, `eject` does it.
 */
export class Outlier {
  #settings: OutlierSettings;
  #failuresInRow = 0;
  /** How many ejections it has to work off: one less for each whole ejection time that it then served well. */
  #ejections = 0;
  #ejectedUntilMs = Number.NEGATIVE_INFINITY;

  constructor(settings: OutlierSettings) {
    this.#settings = settings;
  }

  /** Other settings, from the next result on; what is known of the endpoint stays. */
  update(settings: OutlierSettings): void {
    this.#settings = settings;
  }

  onSuccess(nowMs: number): void {
    this.#failuresInRow = 0;
    if (this.#ejections > 0 && nowMs - this.#ejectedUntilMs >= this.#ejectionMs()) {
      this.#ejections--;
      this.#ejectedUntilMs = nowMs;
    }
  }

  /** 'eject': it has failed too often in a row; asked again at each further failure until `eject` is called. */
  onFailure(nowMs: number): 'keep' | 'eject' {
    // Answers to what was sent before the ejection say nothing new.
    if (this.isEjected(nowMs)) return 'keep';
    this.#failuresInRow++;
    return this.#failuresInRow >= this.#settings.consecutiveFailures ? 'eject' : 'keep';
  }

  /** Takes it out of use; returns until when. */
  eject(nowMs: number): number {
    this.#ejections++;
    this.#failuresInRow = 0;
    this.#ejectedUntilMs = nowMs + this.#ejectionMs();
    return this.#ejectedUntilMs;
  }

  isEjected(nowMs: number): boolean {
    return nowMs < this.#ejectedUntilMs;
  }

  #ejectionMs(): number {
    return Math.min(this.#settings.ejectForMs * this.#ejections, Math.max(MAX_EJECTION_MS, this.#settings.ejectForMs));
  }
}
