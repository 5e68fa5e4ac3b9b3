/** Passive ejection of one endpoint: results in, verdicts out. */
export interface OutlierSettings {
  readonly consecutiveFailures: number;
  readonly ejectForMs: number;
}

export class Outlier {
  readonly settings: OutlierSettings;

  constructor(settings: OutlierSettings) {
    this.settings = settings;
  }

  onSuccess(_nowMs: number): void {
    throw new Error('to be built');
  }

  /** 'eject': it has failed too often; whoever knows the other endpoints may now call `eject`. */
  onFailure(_nowMs: number): 'keep' | 'eject' {
    throw new Error('to be built');
  }

  /** Ejects it; returns until when. */
  eject(_nowMs: number): number {
    throw new Error('to be built');
  }

  isEjected(_nowMs: number): boolean {
    throw new Error('to be built');
  }
}
