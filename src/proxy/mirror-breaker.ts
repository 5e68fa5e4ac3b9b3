const FAILURES = 5;
const FIRST_REST_MS = 1000;
const LONGEST_REST_MS = 30_000;

/** Lets a shadow that fails again and again rest, for a growing time; then one copy tries whether it is back. */
export class MirrorBreaker {
  #failures = 0;
  #restMs = FIRST_REST_MS;
  #closedUntilMs = 0;
  #isProbing = false;

  /** True when a copy may be sent now. */
  mayTry(nowMs: number): boolean {
    if (this.#failures < FAILURES) return true;
    if (nowMs < this.#closedUntilMs || this.#isProbing) return false;
    this.#isProbing = true;
    return true;
  }

  succeeded(): void {
    this.#failures = 0;
    this.#restMs = FIRST_REST_MS;
    this.#isProbing = false;
  }

  failed(nowMs: number): void {
    this.#failures += 1;
    this.#isProbing = false;
    if (this.#failures < FAILURES) return;
    this.#closedUntilMs = nowMs + this.#restMs;
    this.#restMs = Math.min(this.#restMs * 2, LONGEST_REST_MS);
  }
}
