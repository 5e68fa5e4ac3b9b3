import { median } from '../statistics.ts';
import type { Measured, Round, Table } from './findings.ts';
import { cpuOf } from './verdicts.ts';

/** Above this part of its core a proxy counts as saturated. */
const SATURATED = 0.8;

/** What was measured under one load: medians, in brackets lowest and highest round, cheapest first. */
export function tableOf(title: string, measured: readonly Measured[], referenceLabel: string): Table {
  const reference = measured.find(({ label }) => label === referenceLabel);
  const rounds = Math.max(0, ...measured.map((one) => one.rounds.length));
  return {
    title: `${title} (${rounds} ${rounds === 1 ? 'round' : 'rounds'})`,
    columns: [
      ...['proxy', 'CPU us/request', `vs ${referenceLabel}`, 'requests/s', 'core busy', 'p50 ms', 'p99 ms'],
      ...['p99.9 ms', 'RSS MB', 'errors', 'doubtful'],
    ],
    rows: measured.toSorted((a, b) => cpuOf(a) - cpuOf(b)).map((one) => rowOf(one, reference)),
  };
}

function rowOf(measured: Measured, reference: Measured | undefined): readonly string[] {
  const values = (pick: (round: Round) => number) => measured.rounds.map(pick);
  const doubtful = measured.rounds.filter((round) => round.isDoubtful).length;
  return [
    measured.label,
    withRange(values((round) => round.cpuMicrosPerRequest)),
    reference === undefined ? '' : `${(cpuOf(measured) / cpuOf(reference)).toFixed(2)}x`,
    Math.round(median(values((round) => round.requestsPerSecond))).toLocaleString('en'),
    `${Math.round(median(values((round) => round.busy)) * 100)} %`,
    milliseconds(median(values((round) => round.p50Micros))),
    withRange(values((round) => round.p99Micros / 1000)),
    milliseconds(median(values((round) => round.p999Micros))),
    String(Math.round(median(values((round) => round.residentBytes)) / 2 ** 20)),
    String(measured.rounds.reduce((sum, { errors }) => sum + errors, 0)),
    doubtful === 0 ? '' : `${doubtful} of ${measured.rounds.length}`,
  ];
}

/** With cores to itself a saturating load saturates at least the slowest; where it does not, the load or the machine was the limit. */
export function isSaturated(measured: readonly Measured[]): boolean {
  return measured.some(({ rounds }) => median(rounds.map(({ busy }) => busy)) >= SATURATED);
}

/** Median [lowest-highest]. */
export function withRange(values: readonly number[], digits = 2): string {
  const [low, high] = [Math.min(...values), Math.max(...values)].map((value) => value.toFixed(digits));
  return `${median(values).toFixed(digits)} [${low}-${high}]`;
}

function milliseconds(micros: number): string {
  return (micros / 1000).toFixed(2);
}
