import { ComparedAnswer } from '../core/comparing/answer.ts';
import { compareAnswers } from '../core/comparing/compare-answers.ts';
import type { IgnoredFields } from '../core/comparing/ignored-fields.ts';
import type { FieldDifference } from '../core/comparing/json-difference.ts';
import { pathTemplate } from '../core/comparing/path-template.ts';
import { shownValue } from '../core/comparing/redaction.ts';
import type { ComparisonCells, DifferenceSample } from '../telemetry/comparison-cells.ts';
import { decodedBody } from './answer-body.ts';
import type { AnswerCapture } from './answer-capture.ts';
import type { Comparison } from './comparison.ts';
import type { Faults } from './faults.ts';

/** Answers that wait to be compared; those that come when so many wait are not. */
const MAX_WAITING = 1024;
/** Work at one time, so that no request waits for it longer. One comparison is never interrupted. */
const SLICE_MS = 1;
/** After work it rests for so many times as long: comparing takes at most a tenth of the worker's time. */
const REST_FACTOR = 9;

/** Compares answers in the gaps between requests, and gives up what it cannot keep up with. */
export class Comparer {
  readonly #cells: ComparisonCells;
  readonly #faults: Faults;
  readonly #waiting: Comparison[] = [];
  #timer: NodeJS.Timeout | null = null;
  #restUntilMs = 0;

  constructor(cells: ComparisonCells, faults: Faults) {
    this.#cells = cells;
    this.#faults = faults;
  }

  /** All answers are whole. */
  add(comparison: Comparison): void {
    if (this.#waiting.length >= MAX_WAITING) {
      comparison.skip('busy');
      return;
    }
    this.#waiting.push(comparison);
    if (this.#timer === null) this.#workIn(Math.max(0, this.#restUntilMs - performance.now()));
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    for (const comparison of this.#waiting.splice(0)) comparison.done();
  }

  #workIn(delayMs: number): void {
    this.#timer = setTimeout(() => this.#work(), delayMs);
    this.#timer.unref();
  }

  #work(): void {
    this.#timer = null;
    // Time that the system gave to others in between is not ours to rest for.
    const spentBefore = process.threadCpuUsage();
    const from = performance.now();
    let now = from;
    while (this.#waiting.length > 0 && now - from < SLICE_MS) {
      this.#compareSafely(this.#waiting.shift() as Comparison);
      now = performance.now();
    }
    const { user, system } = process.threadCpuUsage(spentBefore);
    const restMs = (REST_FACTOR * (user + system)) / 1000;
    this.#restUntilMs = now + restMs;
    if (this.#waiting.length > 0) this.#workIn(restMs);
  }

  #compareSafely(comparison: Comparison): void {
    try {
      this.#compare(comparison);
    } catch (error) {
      this.#faults.report(error);
      comparison.skip('too-complex');
    }
  }

  #compare(comparison: Comparison): void {
    const { mirror, primary, shadow, baseline } = comparison;
    const { ignored } = mirror.compare as NonNullable<typeof mirror.compare>;
    const answer = answerOf(primary);
    const differences = compareAnswers(answer, answerOf(shadow), ignored);
    const noise = baseline === null ? NO_FIELDS : differingFields(answer, answerOf(baseline), ignored);
    if (differences === null || noise === null) {
      comparison.skip('too-complex');
      return;
    }
    this.#cells.compared(mirror.route, mirror.name, {
      method: comparison.method,
      path: pathTemplate(comparison.path),
      primaryMicros: (primary.wholeAtMs - comparison.sentAtMs) * 1000,
      shadowMicros: (shadow.wholeAtMs - comparison.sentAtMs) * 1000,
      fields: differences.map(({ field }) => field),
      noise,
      sampleOf: (field) => sampleOf(comparison, differences.find((found) => found.field === field) as FieldDifference),
    });
    comparison.done();
  }
}

const NO_FIELDS: readonly string[] = [];

function differingFields(
  primary: ComparedAnswer,
  baseline: ComparedAnswer,
  ignored: IgnoredFields,
): readonly string[] | null {
  return compareAnswers(primary, baseline, ignored)?.map(({ field }) => field) ?? null;
}

function answerOf(capture: AnswerCapture): ComparedAnswer {
  const { status, fieldLines, body } = capture.answer;
  const encoding = /^content-encoding:(.*)$/im.exec(fieldLines)?.[1] ?? '';
  return new ComparedAnswer({ status, fieldLines, body: decodedBody(body, encoding) });
}

function sampleOf(comparison: Comparison, { field, primary, other }: FieldDifference): DifferenceSample {
  return {
    requestId: comparison.requestId,
    timeMs: Date.now(),
    answeredBy: comparison.answeredBy,
    primary: shownValue(field, primary),
    shadow: shownValue(field, other),
  };
}
