import {
  type ComparisonDelta,
  type ComparisonGroupDelta,
  type ComparisonSkipReason,
  type DifferenceSample,
  type FieldDelta,
  MAX_FIELDS,
  MAX_GROUPS,
  OTHER_GROUP,
  SAMPLES_PER_FIELD,
} from './comparison-cells.ts';
import { addPairs, BUCKET_COUNT } from './duration-histogram.ts';

/** One field of one group, summed over the workers. */
export interface FieldTotal {
  readonly field: string;
  raw: number;
  noise: number;
  /** The newest last. */
  samples: readonly DifferenceSample[];
}

export interface ComparisonGroupTotal {
  readonly method: string;
  /** The path, ids folded. */
  readonly path: string;
  compared: number;
  different: number;
  primaryMicros: number;
  shadowMicros: number;
  /** Dense duration histograms. */
  readonly primaryBuckets: Float64Array;
  readonly shadowBuckets: Float64Array;
  readonly fields: Map<string, FieldTotal>;
  fieldsLeftOut: number;
}

/** What the comparisons of one mirror came to, over all workers, since the start or since it was forgotten. */
export interface ComparisonTotal {
  readonly route: string;
  readonly mirror: string;
  readonly skipped: Partial<Record<ComparisonSkipReason, number>>;
  readonly groups: ReadonlyMap<string, ComparisonGroupTotal>;
}

/** Sums what workers report of their comparisons; of bounded size, whatever they report. */
export class ComparisonTotals {
  readonly #byMirror = new Map<string, OpenTotal>();

  add(deltas: readonly ComparisonDelta[]): void {
    for (const delta of deltas) this.#of(delta.route, delta.mirror).add(delta);
  }

  /** null: nothing was compared. */
  of(route: string, mirror: string): ComparisonTotal | null {
    return this.#byMirror.get(keyOf(route, mirror)) ?? null;
  }

  get all(): readonly ComparisonTotal[] {
    return [...this.#byMirror.values()];
  }

  /** Begins anew for this mirror. */
  forget(route: string, mirror: string): void {
    this.#byMirror.delete(keyOf(route, mirror));
  }

  #of(route: string, mirror: string): OpenTotal {
    const key = keyOf(route, mirror);
    let total = this.#byMirror.get(key);
    if (total === undefined) {
      total = new OpenTotal(route, mirror);
      this.#byMirror.set(key, total);
    }
    return total;
  }
}

class OpenTotal implements ComparisonTotal {
  readonly route: string;
  readonly mirror: string;
  readonly skipped: Partial<Record<ComparisonSkipReason, number>> = {};
  readonly groups = new Map<string, ComparisonGroupTotal>();

  constructor(route: string, mirror: string) {
    this.route = route;
    this.mirror = mirror;
  }

  add({ skipped, groups }: ComparisonDelta): void {
    for (const [reason, count] of Object.entries(skipped) as [ComparisonSkipReason, number][]) {
      this.skipped[reason] = (this.skipped[reason] ?? 0) + count;
    }
    for (const delta of groups) addGroup(this.#groupOf(delta.method, delta.path), delta);
  }

  #groupOf(method: string, path: string): ComparisonGroupTotal {
    const key = `${method} ${path}`;
    const known = this.groups.get(key);
    if (known !== undefined) return known;
    if (this.groups.size >= MAX_GROUPS && path !== OTHER_GROUP) return this.#groupOf('', OTHER_GROUP);
    const group = emptyGroup(method, path);
    this.groups.set(key, group);
    return group;
  }
}

function addGroup(group: ComparisonGroupTotal, delta: ComparisonGroupDelta): void {
  group.compared += delta.compared;
  group.different += delta.different;
  group.primaryMicros += delta.primaryMicros;
  group.shadowMicros += delta.shadowMicros;
  group.fieldsLeftOut += delta.fieldsLeftOut;
  addPairs(group.primaryBuckets, delta.primaryBuckets, 1);
  addPairs(group.shadowBuckets, delta.shadowBuckets, 1);
  for (const field of delta.fields) addField(group, field);
}

function addField(group: ComparisonGroupTotal, { field, raw, noise, samples }: FieldDelta): void {
  let total = group.fields.get(field);
  if (total === undefined) {
    if (group.fields.size >= MAX_FIELDS) {
      group.fieldsLeftOut += raw + noise;
      return;
    }
    total = { field, raw: 0, noise: 0, samples: [] };
    group.fields.set(field, total);
  }
  total.raw += raw;
  total.noise += noise;
  if (samples.length > 0) total.samples = [...total.samples, ...samples].slice(-SAMPLES_PER_FIELD);
}

function emptyGroup(method: string, path: string): ComparisonGroupTotal {
  return {
    method,
    path,
    compared: 0,
    different: 0,
    primaryMicros: 0,
    shadowMicros: 0,
    primaryBuckets: new Float64Array(BUCKET_COUNT),
    shadowBuckets: new Float64Array(BUCKET_COUNT),
    fields: new Map(),
    fieldsLeftOut: 0,
  };
}

function keyOf(route: string, mirror: string): string {
  return `${route}\0${mirror}`;
}
