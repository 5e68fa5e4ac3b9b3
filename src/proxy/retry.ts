import type { Retry } from '../core/snapshot.ts';
import type { FallbackRuntime } from './installed-snapshot.ts';

/** Of the requests under way, this part may be in a further try at once. */
const BUDGET = 0.2;
const LEAST_BUDGET = 3;
const NEVER = Number.POSITIVE_INFINITY;

/** Keeps further tries from multiplying the load on a service in trouble. One for all requests of a worker. */
export class RetryBudget {
  /** Requests under way. */
  active = 0;
  /** Those of them that are past their first try. */
  retrying = 0;

  take(): boolean {
    if (this.retrying >= Math.max(LEAST_BUDGET, Math.floor(this.active * BUDGET))) return false;
    this.retrying += 1;
    return true;
  }

  give(): void {
    this.retrying -= 1;
  }
}

/** What a route, or a rule, says about further tries, resolved for one version that may be chosen. */
export interface RetryRuntime {
  readonly policy: Retry;
  /** Who gets the further tries; null: the version that was chosen. */
  readonly to: FallbackRuntime | null;
}

/** What went wrong: nothing was sent, no response began, or a response with this status. */
export type RetryOccasion = 'connect-failure' | 'reset-before-response' | number;

/** The further tries of one request after another. */
export class Tries {
  /** How long a try may take to begin its answer; Infinity: no limit, also where no other try could follow. */
  perTryMs = NEVER;
  /** Who gets the further tries; null: the version that was chosen. */
  to: FallbackRuntime | null = null;
  readonly #budget: RetryBudget;
  #policy: Retry | null = null;
  #left = 0;
  #isRepeatable = false;
  #isCounted = false;

  constructor(budget: RetryBudget) {
    this.#budget = budget;
  }

  begin({ policy, to }: RetryRuntime, method: string): void {
    this.#policy = policy;
    this.to = to;
    this.#left = policy.attempts;
    this.#isRepeatable = policy.methods.has(method);
    this.perTryMs = this.#isRepeatable ? (policy.perTryMs ?? NEVER) : NEVER;
  }

  /** The request has ended, with or without tries. */
  end(): void {
    if (this.#policy === null) return;
    if (this.#isCounted) this.#budget.give();
    this.#isCounted = false;
    this.#policy = null;
    this.to = null;
    this.#left = 0;
    this.perTryMs = NEVER;
  }

  /** Takes one more try, if there is one for this and the budget has room. */
  take(occasion: RetryOccasion): boolean {
    if (this.#left === 0 || !this.#covers(occasion)) return false;
    if (!this.#isCounted && !this.#budget.take()) return false;
    this.#isCounted = true;
    this.#left -= 1;
    return true;
  }

  #covers(occasion: RetryOccasion): boolean {
    const policy = this.#policy;
    if (policy === null) return false;
    if (occasion === 'connect-failure') return policy.onConnectFailure;
    if (!this.#isRepeatable) return false;
    // Whoever bounds a single try wants another one after it.
    if (occasion === 'reset-before-response') return policy.onReset || policy.perTryMs !== null;
    return policy.onStatus.has(occasion);
  }
}
