import { type FieldPattern, parseFieldPattern } from './field-name.ts';
import { ANY } from './path-template.ts';

/** Headers that differ between any two answers, or tell nothing of what was answered. */
const NOISY_HEADERS: ReadonlySet<string> = new Set([
  'date',
  'age',
  'etag',
  'last-modified',
  'expires',
  'set-cookie',
  'via',
  'server-timing',
  'content-length',
  'request-id',
  'x-request-id',
  'x-correlation-id',
  'x-trace-id',
  'x-amzn-trace-id',
  'x-amzn-requestid',
  'x-b3-traceid',
  'x-cloud-trace-context',
  'traceparent',
  'tracestate',
  'x-response-time',
  'x-runtime',
  'x-envoy-upstream-service-time',
]);

/** Pointers, step by step. */
interface Step {
  readonly below: Map<string, Step>;
  /** Ends here: this, and everything below it, is ignored. */
  isEnd: boolean;
}

/** Where one stands in the patterns: all that may still match. */
export type IgnorePlace = readonly Step[];
const NOWHERE: IgnorePlace = [];

/** What of two answers is not compared. */
export class IgnoredFields {
  /** As given, in order. */
  readonly patterns: readonly string[];
  readonly #chosenHeaders: ReadonlySet<string> | null;
  readonly #headers = new Set<string>();
  readonly #root: Step = newStep();
  ignoresStatus = false;
  ignoresBody = false;

  /** `patterns` that name no field are passed over. `chosenHeaders` (lower case): no others are compared; null: all but the noisy ones. */
  constructor(patterns: readonly string[], chosenHeaders: readonly string[] | null = null) {
    this.patterns = patterns;
    this.#chosenHeaders = chosenHeaders === null ? null : new Set(chosenHeaders);
    for (const text of patterns) {
      const pattern = parseFieldPattern(text);
      if (pattern !== null) this.#add(pattern);
    }
  }

  #add(pattern: FieldPattern): void {
    if (pattern.kind === 'status') this.ignoresStatus = true;
    else if (pattern.kind === 'body') this.ignoresBody = true;
    else if (pattern.kind === 'header') this.#headers.add(pattern.name);
    else this.#addPointer(pattern.steps);
  }

  #addPointer(steps: readonly string[]): void {
    let at = this.#root;
    for (const key of steps) {
      let next = at.below.get(key);
      if (next === undefined) {
        next = newStep();
        at.below.set(key, next);
      }
      at = next;
    }
    at.isEnd = true;
  }

  /** `name` in lower case. */
  ignoresHeader(name: string): boolean {
    if (this.#headers.has(name)) return true;
    return this.#chosenHeaders === null ? NOISY_HEADERS.has(name) : !this.#chosenHeaders.has(name);
  }

  /** The place of a whole document. */
  get start(): IgnorePlace {
    return this.#root.below.size === 0 ? NOWHERE : [this.#root];
  }

  /** One step further down; null: what lies there is ignored. */
  below(place: IgnorePlace, key: string): IgnorePlace | null {
    if (place.length === 0) return NOWHERE;
    const next: Step[] = [];
    for (const step of place) {
      for (const found of [step.below.get(key), step.below.get(ANY)]) {
        if (found === undefined) continue;
        if (found.isEnd) return null;
        if (!next.includes(found)) next.push(found);
      }
    }
    return next;
  }

  /** Whether a field as reported would not be compared any more. */
  ignores(field: string): boolean {
    const pattern = parseFieldPattern(field);
    if (pattern === null) return false;
    if (pattern.kind === 'status') return this.ignoresStatus;
    if (pattern.kind === 'body') return this.ignoresBody;
    if (pattern.kind === 'header') return this.ignoresHeader(pattern.name);
    let place: IgnorePlace | null = this.start;
    for (const key of pattern.steps) {
      place = this.below(place, key);
      if (place === null) return true;
    }
    return false;
  }
}

function newStep(): Step {
  return { below: new Map(), isEnd: false };
}
