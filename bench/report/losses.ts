import type { Measured, Outcome } from './findings.ts';
import { cpuOf, isReached } from './verdicts.ts';

const OWN = 'graygate';
/** It does none of the work. */
const NO_PROXY = /^byte relay/;

/** Everything that graygate loses: figures missed, and whoever needs less processor time for the same traffic. */
export function losses(outcomes: readonly Outcome[]): readonly string[] {
  return outcomes.flatMap(({ scenario, measured, verdicts }) => [
    ...verdicts
      .filter((verdict) => !isReached(verdict, verdict.atMost))
      .map(({ what }) => `${scenario}: MISSED, ${what}`),
    ...[...new Set(measured.map(({ load }) => load))].flatMap((load) =>
      cheaperThanOwn(measured.filter((one) => one.load === load)).map((who) => `${scenario}, ${load}: ${who}`),
    ),
  ]);
}

function cheaperThanOwn(measured: readonly Measured[]): readonly string[] {
  const own = measured.find(({ label }) => label === OWN);
  if (own === undefined) return [];
  return measured
    .filter((other) => !other.label.startsWith(OWN) && !NO_PROXY.test(other.label) && cpuOf(other) < cpuOf(own))
    .map((other) => `${other.label} needs ${(cpuOf(other) / cpuOf(own)).toFixed(2)}x of graygate's CPU per request`);
}
