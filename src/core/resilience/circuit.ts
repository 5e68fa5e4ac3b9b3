export interface CircuitSettings {
  /** Failures in a row that open it. */
  readonly failures: number;
  /** The first rest; each further one without a success between is twice as long. */
  readonly restMs: number;
  readonly maxRestMs: number;
}

type CircuitState = 'closed' | 'resting' | 'probing';

/** Lets a failing target rest: after so many failures in a row nothing passes for a while, then one probe at a time. */
export class Circuit {
  readonly #settings: CircuitSettings;
  #state: CircuitState = 'closed';
  #failuresInRow = 0;
  #rests = 0;
  #restUntilMs = 0;

  constructor(settings: CircuitSettings) {
    this.#settings = settings;
  }

  get isOpen(): boolean {
    return this.#state !== 'closed';
  }

  /** True when one more may pass now. Whoever passes must report `onSuccess`, `onFailure` or `onAbandoned`. */
  mayPass(nowMs: number): boolean {
    if (this.#state === 'closed') return true;
    if (this.#state === 'probing' || nowMs < this.#restUntilMs) return false;
    this.#state = 'probing';
    return true;
  }

  /** It answers: everything passes again, also when the answer is to something sent before the rest. */
  onSuccess(): void {
    this.#state = 'closed';
    this.#failuresInRow = 0;
    this.#rests = 0;
  }

  onFailure(nowMs: number): void {
    // A failure of something sent before the rest does not make the rest longer.
    if (this.#state === 'resting') return;
    this.#failuresInRow++;
    if (this.#state === 'probing' || this.#failuresInRow >= this.#settings.failures) this.#rest(nowMs);
  }

  /** It passed but proved nothing: the next one may be the probe. */
  onAbandoned(): void {
    if (this.#state === 'probing') this.#state = 'resting';
  }

  #rest(nowMs: number): void {
    const { restMs, maxRestMs } = this.#settings;
    this.#restUntilMs = nowMs + Math.min(restMs * 2 ** this.#rests, maxRestMs);
    this.#rests++;
    this.#failuresInRow = 0;
    this.#state = 'resting';
  }
}
