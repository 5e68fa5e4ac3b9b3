import { type ComparisonVerdict, comparisonVerdict, isReal } from '../core/comparing/standing.ts';
import type { ComparisonSkipReason, DifferenceSample } from '../telemetry/comparison-cells.ts';
import { comparisonSummary } from '../telemetry/comparison-summary.ts';
import type { ComparisonGroupTotal, ComparisonTotal, ComparisonTotals } from '../telemetry/comparison-totals.ts';
import { quantile } from '../telemetry/duration-histogram.ts';
import type { MirrorTotal } from '../telemetry/totals.ts';
import { CommandError } from './command-error.ts';
import { type ComparedMirror, comparedMirrors, ignoredFieldsOf, ignoresYaml, mirrorObject } from './mirror-ignores.ts';
import type { InForce } from './publisher.ts';

/** One row of `GET /api/mirrors`: the account, and what comparing the answers came to. */
export interface MirrorView extends Readonly<MirrorTotal> {
  /** null: answers are not compared. */
  readonly comparison: ComparisonView | null;
}

export interface ComparisonView {
  readonly verdict: ComparisonVerdict;
  readonly compared: number;
  readonly same: number;
  /** Pairs that differ in some field, noise included. */
  readonly different: number;
  readonly skipped: Readonly<Partial<Record<ComparisonSkipReason, number>>>;
  /** Fields, by method and path, that really differ. */
  readonly differingFields: number;
  readonly latency: Latencies;
}

export interface Latencies {
  readonly primary: LatencyView;
  readonly shadow: LatencyView;
}

/** In milliseconds; null: nothing was compared. */
export interface LatencyView {
  readonly p50: number | null;
  readonly p99: number | null;
  readonly mean: number | null;
}

/** `GET /api/mirrors/{route}/{version}/differences`. */
export interface DifferencesView extends ComparisonView {
  readonly route: string;
  readonly mirror: string;
  readonly baseline: string | null;
  readonly ignore: IgnoreView;
  readonly groups: readonly GroupView[];
  /** The real ones first, the most frequent before the others. */
  readonly differences: readonly DifferenceView[];
}

export interface IgnoreView {
  readonly file: readonly string[];
  /** Added at run time. */
  readonly live: readonly string[];
  readonly revision: number;
  /** What to write into the file so that it says the same. */
  readonly yaml: string;
}

export interface GroupView {
  readonly method: string;
  /** Ids folded. */
  readonly path: string;
  readonly compared: number;
  readonly different: number;
  readonly latency: Latencies;
  /** Differences in fields for which there was no more room. */
  readonly fieldsLeftOut: number;
}

export interface DifferenceView {
  readonly method: string;
  readonly path: string;
  readonly field: string;
  /** Comparisons in which it differed from the primary's. */
  readonly count: number;
  /** Comparisons in which the primary's version differed from itself. */
  readonly noise: number;
  readonly compared: number;
  /** count / compared, 0..1. */
  readonly share: number;
  /** It stands out from the noise. */
  readonly real: boolean;
  /** The newest first. */
  readonly samples: readonly DifferenceSample[];
}

/** What comparing came to, as it is shown: fields that are ignored by now are forgotten first. */
export class MirrorViews {
  readonly #totals: ComparisonTotals;
  readonly #inForce: InForce | null;
  readonly #compared: ReadonlyMap<string, ComparedMirror>;

  constructor(totals: ComparisonTotals, inForce: InForce | null) {
    this.#totals = totals;
    this.#inForce = inForce;
    const mirrors = inForce === null ? [] : comparedMirrors(inForce.effective);
    this.#compared = new Map(mirrors.map((mirror) => [mirror.object, mirror]));
    for (const mirror of this.#compared.values()) this.#forgetIgnored(mirror);
  }

  #forgetIgnored(mirror: ComparedMirror): void {
    const ignored = ignoredFieldsOf(mirror);
    for (const { fields } of this.#totals.of(mirror.route, mirror.mirror)?.groups.values() ?? []) {
      for (const field of fields.keys()) if (ignored.ignores(field)) fields.delete(field);
    }
  }

  rows(accounts: readonly Readonly<MirrorTotal>[]): readonly MirrorView[] {
    return accounts.map((account) => {
      const { route, mirror } = account;
      const compares = this.#compared.has(mirrorObject(route, mirror));
      return { ...account, comparison: compares ? comparisonOf(this.#totalOf(route, mirror)) : null };
    });
  }

  #totalOf(route: string, mirror: string): ComparisonTotal {
    return this.#totals.of(route, mirror) ?? { route, mirror, skipped: {}, groups: new Map() };
  }

  /** Throws a `CommandError` when there is no such mirror, or it does not compare. */
  differences(route: string, name: string): DifferencesView {
    const mirror = this.#compared.get(mirrorObject(route, name));
    const inForce = this.#inForce;
    if (mirror === undefined || inForce === null)
      throw new CommandError('not-found', `no answers of ${name} on route ${route} are compared`);
    const total = this.#totalOf(route, name);
    const groups = [...total.groups.values()];
    return {
      route,
      mirror: name,
      baseline: mirror.baseline,
      ...comparisonOf(total),
      ignore: ignoreOf(mirror, inForce),
      groups: groups.map(groupOf),
      differences: groups.flatMap(differencesOf).sort(byWeight),
    };
  }
}

function ignoreOf(mirror: ComparedMirror, { config, live, objects }: InForce): IgnoreView {
  const { route, mirror: name, object } = mirror;
  const inFile = comparedMirrors(config).find((candidate) => candidate.object === object)?.ignore ?? [];
  return {
    file: inFile,
    live: live.ignored?.[route]?.[name] ?? [],
    revision: objects.mirrors.get(object) ?? 0,
    yaml: ignoresYaml(route, name, mirror.ignore),
  };
}

function comparisonOf(total: ComparisonTotal): ComparisonView {
  const { compared, same, different, skipped, differingFields, durations } = comparisonSummary(total);
  const { primary, shadow } = durations;
  return {
    verdict: comparisonVerdict(compared, differingFields),
    compared,
    same,
    different,
    skipped,
    differingFields,
    latency: {
      primary: latencyOf(primary.buckets, primary.micros, compared),
      shadow: latencyOf(shadow.buckets, shadow.micros, compared),
    },
  };
}

function groupOf(group: ComparisonGroupTotal): GroupView {
  const { method, path, compared, different, fieldsLeftOut } = group;
  const latency = {
    primary: latencyOf(group.primaryBuckets, group.primaryMicros, compared),
    shadow: latencyOf(group.shadowBuckets, group.shadowMicros, compared),
  };
  return { method, path, compared, different, latency, fieldsLeftOut };
}

function differencesOf({ method, path, compared, fields }: ComparisonGroupTotal): DifferenceView[] {
  return [...fields.values()].map(({ field, raw, noise, samples }) => ({
    method,
    path,
    field,
    count: raw,
    noise,
    compared,
    share: compared === 0 ? 0 : raw / compared,
    real: isReal({ raw, noise, compared }),
    samples: samples.toReversed(),
  }));
}

function byWeight(one: DifferenceView, other: DifferenceView): number {
  return one.real === other.real ? other.count - one.count : one.real ? -1 : 1;
}

function latencyOf(buckets: Float64Array, micros: number, compared: number): LatencyView {
  return {
    p50: millis(quantile(buckets, 0.5)),
    p99: millis(quantile(buckets, 0.99)),
    mean: millis(compared === 0 ? null : micros / compared),
  };
}

function millis(micros: number | null): number | null {
  return micros === null ? null : Math.round(micros) / 1000;
}
