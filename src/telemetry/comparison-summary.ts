import { isReal } from '../core/comparing/standing.ts';
import type { ComparisonSkipReason } from './comparison-cells.ts';
import type { ComparisonGroupTotal, ComparisonTotal } from './comparison-totals.ts';
import { BUCKET_COUNT } from './duration-histogram.ts';

/** All groups of a mirror's comparisons in one. */
export interface ComparisonSummary {
  readonly route: string;
  readonly mirror: string;
  readonly compared: number;
  readonly same: number;
  /** Pairs that differ in some field, noise included. */
  readonly different: number;
  readonly skipped: Readonly<Partial<Record<ComparisonSkipReason, number>>>;
  /** Fields, by group, in which the shadow really differs. */
  readonly differingFields: number;
  readonly durations: Readonly<
    Record<'primary' | 'shadow', { readonly micros: number; readonly buckets: Float64Array }>
  >;
}

export function comparisonSummary({ route, mirror, skipped, groups }: ComparisonTotal): ComparisonSummary {
  const all = [...groups.values()];
  const sum = (of: (group: ComparisonGroupTotal) => number): number =>
    all.reduce((total, group) => total + of(group), 0);
  const compared = sum((group) => group.compared);
  const different = sum((group) => group.different);
  return {
    route,
    mirror,
    compared,
    same: compared - different,
    different,
    skipped,
    differingFields: sum(differingFields),
    durations: {
      primary: {
        micros: sum((group) => group.primaryMicros),
        buckets: added(all.map((group) => group.primaryBuckets)),
      },
      shadow: { micros: sum((group) => group.shadowMicros), buckets: added(all.map((group) => group.shadowBuckets)) },
    },
  };
}

function differingFields({ fields, compared }: ComparisonGroupTotal): number {
  let count = 0;
  for (const { raw, noise } of fields.values()) if (isReal({ raw, noise, compared })) count++;
  return count;
}

function added(histograms: readonly Float64Array[]): Float64Array {
  const sum = new Float64Array(BUCKET_COUNT);
  for (const histogram of histograms)
    for (let bucket = 0; bucket < sum.length; bucket++) sum[bucket]! += histogram[bucket]!;
  return sum;
}
