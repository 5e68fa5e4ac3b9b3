import { bucketOf } from './duration-histogram.ts';

/** Why two answers were not compared, although a copy was sent for it. */
export const COMPARISON_SKIP_REASONS = [
  /** The shadow's answer did not come whole: refused, reset, malformed, too late. */
  'shadow-failed',
  /** The primary's answer did not come whole, or was the gateway's own. */
  'primary-failed',
  /** The primary's answer was not whole within the mirror's time after the shadow's. */
  'primary-slow',
  /** There was no second answer of the primary's version to tell noise by. */
  'no-baseline',
  /** Another version than the baseline's answered. */
  'other-version',
  'answer-too-large',
  /** No room in `mirroring.bytes`. */
  'bytes',
  /** More answers came than may be compared. */
  'busy',
  /** The answers hold too many values, or nest too deep. */
  'too-complex',
] as const;
export type ComparisonSkipReason = (typeof COMPARISON_SKIP_REASONS)[number];

/** One pair of values that differed, fit to be shown. */
export interface DifferenceSample {
  /** The id that the request has in the access log and in what the upstream got. */
  readonly requestId: string;
  /** Milliseconds since the epoch. */
  readonly timeMs: number;
  /** The version whose answer the client got. */
  readonly answeredBy: string;
  /** JSON texts, redacted; null: the field was not there. */
  readonly primary: string | null;
  readonly shadow: string | null;
}

/** What came of one comparison. */
export interface ComparedPair {
  readonly method: string;
  /** The path, ids folded. */
  readonly path: string;
  readonly primaryMicros: number;
  readonly shadowMicros: number;
  /** Fields in which the shadow differs from the primary. */
  readonly fields: readonly string[];
  /** Fields in which the primary's version differs from itself. */
  readonly noise: readonly string[];
  /** Called for a field of `fields` of which a sample is wanted. */
  readonly sampleOf: (field: string) => DifferenceSample;
}

export interface FieldDelta {
  readonly field: string;
  readonly raw: number;
  readonly noise: number;
  readonly samples: readonly DifferenceSample[];
}

/** Increments of one group: requests of one method to one path template. */
export interface ComparisonGroupDelta {
  readonly method: string;
  readonly path: string;
  readonly compared: number;
  /** Of these, pairs that differ in some field. */
  readonly different: number;
  /** [bucket, count, ...] and sums of the durations of both answers. */
  readonly primaryBuckets: readonly number[];
  readonly shadowBuckets: readonly number[];
  readonly primaryMicros: number;
  readonly shadowMicros: number;
  readonly fields: readonly FieldDelta[];
  /** Differences in fields for which there was no more room. */
  readonly fieldsLeftOut: number;
}

export interface ComparisonDelta {
  readonly route: string;
  readonly mirror: string;
  readonly skipped: Readonly<Partial<Record<ComparisonSkipReason, number>>>;
  readonly groups: readonly ComparisonGroupDelta[];
}

/** The group of whatever comes when there are too many groups. */
export const OTHER_GROUP = '(other)';
export const MAX_GROUPS = 100;
export const MAX_FIELDS = 50;
export const SAMPLES_PER_FIELD = 5;
/** Of one mirror in one report. */
const SAMPLES_PER_REPORT = 100;

interface FieldCount {
  raw: number;
  noise: number;
  samples: DifferenceSample[];
}

/** What one mirror's comparisons came to since the last report: of bounded size, whatever was compared. */
class MirrorComparisons {
  readonly #groups = new Map<string, GroupCounts>();
  readonly #skipped: Partial<Record<ComparisonSkipReason, number>> = {};
  #samplesLeft = SAMPLES_PER_REPORT;

  skipped(reason: ComparisonSkipReason): void {
    this.#skipped[reason] = (this.#skipped[reason] ?? 0) + 1;
  }

  compared(pair: ComparedPair): void {
    this.#samplesLeft -= this.#groupOf(pair).add(pair, this.#samplesLeft);
  }

  #groupOf({ method, path }: ComparedPair): GroupCounts {
    const key = `${method} ${path}`;
    const known = this.#groups.get(key);
    if (known !== undefined) return known;
    if (this.#groups.size >= MAX_GROUPS && path !== OTHER_GROUP) return this.#groupOf(OTHER);
    const group = new GroupCounts(method, path);
    this.#groups.set(key, group);
    return group;
  }

  delta(route: string, mirror: string): ComparisonDelta {
    return { route, mirror, skipped: this.#skipped, groups: [...this.#groups.values()].map((group) => group.delta()) };
  }
}

class GroupCounts {
  readonly #method: string;
  readonly #path: string;
  readonly #fields = new Map<string, FieldCount>();
  readonly #primary = new Map<number, number>();
  readonly #shadow = new Map<number, number>();
  #compared = 0;
  #different = 0;
  #primaryMicros = 0;
  #shadowMicros = 0;
  #fieldsLeftOut = 0;

  constructor(method: string, path: string) {
    this.#method = method;
    this.#path = path;
  }

  /** Takes at most so many samples; returns how many it took. */
  add(pair: ComparedPair, samples: number): number {
    this.#compared++;
    if (pair.fields.length > 0) this.#different++;
    this.#primaryMicros += pair.primaryMicros;
    this.#shadowMicros += pair.shadowMicros;
    count(this.#primary, bucketOf(pair.primaryMicros));
    count(this.#shadow, bucketOf(pair.shadowMicros));
    for (const field of pair.noise) {
      const counts = this.#fieldOf(field);
      if (counts !== null) counts.noise++;
    }
    let taken = 0;
    for (const field of pair.fields) {
      const counts = this.#fieldOf(field);
      if (counts === null) continue;
      counts.raw++;
      if (taken >= samples || counts.samples.length >= SAMPLES_PER_FIELD) continue;
      counts.samples.push(pair.sampleOf(field));
      taken++;
    }
    return taken;
  }

  #fieldOf(field: string): FieldCount | null {
    const known = this.#fields.get(field);
    if (known !== undefined) return known;
    if (this.#fields.size >= MAX_FIELDS) {
      this.#fieldsLeftOut++;
      return null;
    }
    const counts: FieldCount = { raw: 0, noise: 0, samples: [] };
    this.#fields.set(field, counts);
    return counts;
  }

  delta(): ComparisonGroupDelta {
    return {
      method: this.#method,
      path: this.#path,
      compared: this.#compared,
      different: this.#different,
      primaryBuckets: [...this.#primary].flat(),
      shadowBuckets: [...this.#shadow].flat(),
      primaryMicros: this.#primaryMicros,
      shadowMicros: this.#shadowMicros,
      fields: [...this.#fields].map(([field, counts]) => ({ field, ...counts })),
      fieldsLeftOut: this.#fieldsLeftOut,
    };
  }
}

const OTHER: ComparedPair = {
  method: '',
  path: OTHER_GROUP,
  primaryMicros: 0,
  shadowMicros: 0,
  fields: [],
  noise: [],
  sampleOf: () => ({ requestId: '', timeMs: 0, answeredBy: '', primary: null, shadow: null }),
};

function count(buckets: Map<number, number>, bucket: number): void {
  buckets.set(bucket, (buckets.get(bucket) ?? 0) + 1);
}

/** What this worker's comparisons came to since its last report. */
export class ComparisonCells {
  readonly #byMirror = new Map<
    string,
    { readonly labels: readonly [string, string]; readonly counts: MirrorComparisons }
  >();

  /** This mirror compares: it is reported, be it with nothing. */
  announce(route: string, mirror: string): void {
    this.#of(route, mirror);
  }

  skipped(route: string, mirror: string, reason: ComparisonSkipReason): void {
    this.#of(route, mirror).skipped(reason);
  }

  compared(route: string, mirror: string, pair: ComparedPair): void {
    this.#of(route, mirror).compared(pair);
  }

  #of(route: string, mirror: string): MirrorComparisons {
    const key = `${route}\0${mirror}`;
    let known = this.#byMirror.get(key);
    if (known === undefined) {
      known = { labels: [route, mirror], counts: new MirrorComparisons() };
      this.#byMirror.set(key, known);
    }
    return known.counts;
  }

  takeDelta(): readonly ComparisonDelta[] {
    const deltas = [...this.#byMirror.values()].map(({ labels, counts }) => counts.delta(...labels));
    this.#byMirror.clear();
    return deltas;
  }
}
