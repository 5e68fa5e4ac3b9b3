import { COMPARISON_SKIP_REASONS } from './comparison-cells.ts';
import { type ComparisonSummary, comparisonSummary } from './comparison-summary.ts';
import { durationLines, head, labels } from './exposition-text.ts';
import { MIRROR_DROP_REASONS, type MirrorDropReason } from './mirror-cells.ts';
import { STATUS_LABELS } from './request-cells.ts';
import type { MirrorTotal, Totals } from './totals.ts';

const STATUS_CLASSES = STATUS_LABELS.slice(0, 5);
const MIRROR_COUNTERS = [
  ['eligible', 'eligible', 'Requests for which a version was chosen where this mirror stands.'],
  ['not_sampled', 'notSampled', 'Left out by the percentage.'],
  ['sent', 'sent', 'Copies that left.'],
  ['answered', 'answered', 'Copies that the shadow answered.'],
  ['timed_out', 'timedOut', 'Copies that the shadow did not answer in time.'],
  ['failed', 'failed', 'Copies that ended in an error.'],
] as const;

/** A mirror's account as it is exposed: by route and target, whichever rules carry it. */
export type MirrorAccount = Omit<MirrorTotal, 'rule'>;

/**
 * The accounts as they are now, copied at once: their identities hold within one exposition although its families are apart.
 */
export function mirrorsAtOnce(totals: Totals): readonly MirrorAccount[] {
  const accounts = new Map<string, MirrorAccount>();
  for (const { rule: _, ...total } of totals.mirrors) {
    const key = `${total.route}\0${total.mirror}`;
    const known = accounts.get(key);
    if (known !== undefined) addAccount(known, total);
    else accounts.set(key, { ...total, dropped: { ...total.dropped }, statuses: [...total.statuses] });
  }
  return [...accounts.values()];
}

function addAccount(sum: MirrorAccount, more: MirrorAccount): void {
  for (const [, field] of MIRROR_COUNTERS) sum[field] += more[field];
  sum.pending += more.pending;
  sum.inFlight += more.inFlight;
  for (const [reason, count] of Object.entries(more.dropped) as [MirrorDropReason, number][]) {
    sum.dropped[reason] = (sum.dropped[reason] ?? 0) + count;
  }
  for (const [at, count] of more.statuses.entries()) sum.statuses[at]! += count;
}

export function* mirrorFamilies(mirrors: readonly MirrorAccount[]): Generator<string> {
  for (const [word, field, help] of MIRROR_COUNTERS) {
    const name = `graygate_mirror_${word}_total`;
    yield head(name, 'counter', help);
    for (const total of mirrors) yield `${name}{${mirrorLabels(total)}} ${total[field]}\n`;
  }
  yield head('graygate_mirror_dropped_total', 'counter', 'Copies that were not sent, by reason.');
  for (const total of mirrors) {
    const start = `graygate_mirror_dropped_total{${mirrorLabels(total)},reason="`;
    yield MIRROR_DROP_REASONS.map((reason) => `${start}${reason}"} ${total.dropped[reason] ?? 0}\n`).join('');
  }
  yield head('graygate_mirror_responses_total', 'counter', 'Answers of the shadow, by status class.');
  for (const total of mirrors) {
    const start = `graygate_mirror_responses_total{${mirrorLabels(total)},status="`;
    yield STATUS_CLASSES.map((status, at) => `${start}${status}"} ${total.statuses[at]}\n`).join('');
  }
  yield head('graygate_mirror_pending', 'gauge', 'Eligible requests whose copy is not yet decided.');
  for (const total of mirrors) yield `graygate_mirror_pending{${mirrorLabels(total)}} ${total.pending}\n`;
  yield head('graygate_mirror_in_flight', 'gauge', 'Copies sent and not yet ended.');
  for (const total of mirrors) yield `graygate_mirror_in_flight{${mirrorLabels(total)}} ${total.inFlight}\n`;
}

/** What came of comparing the answers; only mirrors that do have a row. */
export function* comparisonFamilies(totals: Totals): Generator<string> {
  const summaries = totals.comparisons.all.map(comparisonSummary);
  yield head('graygate_mirror_compared_total', 'counter', 'Pairs of answers that were compared.');
  for (const summary of summaries) {
    const start = `graygate_mirror_compared_total{${mirrorLabels(summary)},result="`;
    yield `${start}same"} ${summary.same}\n${start}different"} ${summary.different}\n`;
  }
  yield head('graygate_mirror_compare_skipped_total', 'counter', 'Pairs of answers that were not compared, by reason.');
  for (const summary of summaries) {
    const start = `graygate_mirror_compare_skipped_total{${mirrorLabels(summary)},reason="`;
    yield COMPARISON_SKIP_REASONS.map((reason) => `${start}${reason}"} ${summary.skipped[reason] ?? 0}\n`).join('');
  }
  yield head('graygate_mirror_differing_fields', 'gauge', 'Fields in which the shadow really differs, noise left out.');
  for (const summary of summaries) {
    yield `graygate_mirror_differing_fields{${mirrorLabels(summary)}} ${summary.differingFields}\n`;
  }
  yield* latencyFamily(summaries);
}

function* latencyFamily(summaries: readonly ComparisonSummary[]): Generator<string> {
  const name = 'graygate_mirror_answer_duration_seconds';
  yield head(name, 'histogram', 'From the whole request to the whole answer, of compared pairs, by who answered.');
  for (const summary of summaries) {
    for (const answer of ['primary', 'shadow'] as const) {
      const { micros, buckets } = summary.durations[answer];
      yield durationLines(name, labels({ route: summary.route, mirror: summary.mirror, answer }), micros, buckets);
    }
  }
}

function mirrorLabels({ route, mirror }: { readonly route: string; readonly mirror: string }): string {
  return labels({ route, mirror });
}
