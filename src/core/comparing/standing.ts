/** How often a field was found to differ, of how many comparisons. */
export interface FieldCounts {
  /** Between the primary's answer and the shadow's. */
  readonly raw: number;
  /** Between the primary's answer and that of a second instance of the same version; 0 without a baseline. */
  readonly noise: number;
  readonly compared: number;
}

/** Of what two instances of one version differ in, a candidate differs as often: less than this apart is chance, in percent. */
const MIN_RELATIVE_PERCENT = 20;
/** Of all comparisons, in percent. */
const MIN_ABSOLUTE_PERCENT = 0.03;

/** Both measures by which a difference stands out from the noise, in percent. */
function standingOut({ raw, noise, compared }: FieldCounts): {
  readonly relativePercent: number;
  readonly absolutePercent: number;
} {
  const apart = Math.abs(raw - noise);
  return {
    relativePercent: raw + noise === 0 ? 0 : (100 * apart) / (raw + noise),
    absolutePercent: compared === 0 ? 0 : (100 * apart) / compared,
  };
}

/** Whether the field really differs: more often than it differs from itself, and not just once in a blue moon. */
export function isReal(counts: FieldCounts): boolean {
  const { relativePercent, absolutePercent } = standingOut(counts);
  return counts.raw > counts.noise && relativePercent > MIN_RELATIVE_PERCENT && absolutePercent > MIN_ABSOLUTE_PERCENT;
}

export type ComparisonVerdict = 'same' | 'different' | 'inconclusive';

/** So many comparisons before anything is said to be the same. */
export const MIN_COMPARED = 100;

/** A real difference is one however few were compared; sameness takes some. */
export function comparisonVerdict(compared: number, realDifferences: number): ComparisonVerdict {
  if (realDifferences > 0) return 'different';
  return compared >= MIN_COMPARED ? 'same' : 'inconclusive';
}
