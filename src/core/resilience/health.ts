/** How many checks in a row change the mind about an endpoint. */
export interface HealthThresholds {
  readonly unhealthyAfter: number;
  readonly healthyAfter: number;
}

/** What active checks say of one endpoint: well until checks have failed often enough in a row, and the same back. */
export class Health {
  #isHealthy = true;
  /** Results in a row that speak against what is held. */
  #against = 0;

  get isHealthy(): boolean {
    return this.#isHealthy;
  }

  /** The result of one check. True when it changed the mind. */
  onResult(isWell: boolean, { unhealthyAfter, healthyAfter }: HealthThresholds): boolean {
    if (isWell === this.#isHealthy) {
      this.#against = 0;
      return false;
    }
    this.#against++;
    if (this.#against < (isWell ? healthyAfter : unhealthyAfter)) return false;
    this.#isHealthy = isWell;
    this.#against = 0;
    return true;
  }
}
