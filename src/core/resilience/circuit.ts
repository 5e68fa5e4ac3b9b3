export interface CircuitSettings {
  /** How many failures in a row open it. */
  readonly failures: number;
  /** The first rest; each further one without a success between is twice as long. */
  readonly restMs: number;
  readonly maxRestMs: number;
}

/** Lets a failing target rest: after so many failures in a row nothing passes for a while, then one probe. */
export class Circuit {
  readonly settings: CircuitSettings;

  constructor(settings: CircuitSettings) {
    this.settings = settings;
  }

  /** True when one more may pass now. Whoever passes must report `onSuccess`, `onFailure` or `onAbandoned`. */
  mayPass(_nowMs: number): boolean {
    throw new Error('to be built');
  }

  onSuccess(): void {
    throw new Error('to be built');
  }

  onFailure(_nowMs: number): void {
    throw new Error('to be built');
  }

  /** It passed but proved nothing: another may be the probe. */
  onAbandoned(): void {
    throw new Error('to be built');
  }
}
