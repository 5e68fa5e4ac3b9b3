import { bucketOf } from './duration-histogram.ts';

/**
 * Edges of the exposed duration histograms in microseconds, 1 ms to 59 s. Each is an edge of the buckets that are counted
 * (hence 1.024 ms and not 1 ms), so that every count below an edge is exact.
 */
export const DURATION_EDGES_MICROS = [
  1024, 2560, 5120, 10_240, 24_576, 49_152, 98_304, 245_760, 491_520, 983_040, 2_621_440, 5_242_880, 10_485_760,
  29_360_128, 58_720_256,
] as const;

const EDGE_BUCKETS = DURATION_EDGES_MICROS.map(bucketOf);

/** The two lines before a family's samples. */
export function head(name: string, type: 'counter' | 'gauge' | 'histogram', help: string): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
}

export function labels(values: Readonly<Record<string, string>>): string {
  let text = '';
  for (const name in values) text += `${text === '' ? '' : ','}${name}="${escapeLabel(values[name]!)}"`;
  return text;
}

/** Backslash, double quote and line feed, as the text format wants them. */
function escapeLabel(value: string): string {
  return /[\\"\n]/.test(value) ? value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n') : value;
}

/** One histogram of durations. `buckets` null: nothing was counted yet. */
export function durationLines(
  name: string,
  ofWhat: string,
  durationMicros: number,
  buckets: ArrayLike<number> | null,
): string {
  let lines = '';
  let below = 0;
  let bucket = 0;
  for (let edge = 0; edge < EDGE_BUCKETS.length; edge++) {
    if (buckets) for (; bucket <= EDGE_BUCKETS[edge]!; bucket++) below += buckets[bucket]!;
    lines += `${name}_bucket{${ofWhat},le="${DURATION_EDGES_MICROS[edge]! / 1e6}"} ${below}\n`;
  }
  if (buckets) for (; bucket < buckets.length; bucket++) below += buckets[bucket]!;
  return `${lines}${name}_bucket{${ofWhat},le="+Inf"} ${below}\n${name}_sum{${ofWhat}} ${durationMicros / 1e6}\n${name}_count{${ofWhat}} ${below}\n`;
}
