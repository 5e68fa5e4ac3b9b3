import type { ResponseHead } from '../http/response-head.ts';
import type { Comparison } from './comparison.ts';
import type { Faults } from './faults.ts';

/** Lets those who compare see the primary's answer as it passes by. It holds nothing up and throws nothing. */
export class AnswerTee {
  readonly #comparisons: readonly Comparison[];
  readonly #faults: Faults;

  constructor(comparisons: readonly Comparison[], faults: Faults) {
    this.#comparisons = comparisons;
    this.#faults = faults;
  }

  /** The head that is passed on to the client, and the version that it is from. */
  head(head: ResponseHead, answeredBy: string): void {
    for (const comparison of this.#comparisons) {
      try {
        comparison.answeredBy = answeredBy;
        const baseline = comparison.mirror.compare?.baseline ?? null;
        if (baseline !== null && baseline.target.name !== answeredBy) comparison.primary.fail('other-version');
        else comparison.primary.head(head);
      } catch (error) {
        this.#faults.report(error);
      }
    }
  }

  /** Payload [from, to). */
  body(memory: Buffer, from: number, to: number): void {
    for (const { primary } of this.#comparisons) {
      try {
        primary.body(memory, from, to);
      } catch (error) {
        this.#faults.report(error);
      }
    }
  }

  end(): void {
    for (const { primary } of this.#comparisons) {
      try {
        primary.end();
      } catch (error) {
        this.#faults.report(error);
      }
    }
  }

  /** No more comes. What is not whole by now never will be. */
  cut(): void {
    for (const { primary } of this.#comparisons) {
      try {
        primary.fail('primary-failed');
      } catch (error) {
        this.#faults.report(error);
      }
    }
  }
}
