import { median, spread } from '../statistics.ts';
import type { Measured, Round, Verdict } from './findings.ts';

/** A difference in latency below this says nothing, whatever its ratio. */
const LATENCY_FLOOR_MICROS = 300;

/** A ratio of processor time per request that graygate is held to. */
export interface CostGoal {
  readonly what: string;
  /** Label of the one that is held to it; default: graygate. */
  readonly of?: string;
  readonly against: string;
  readonly atMost: number;
  readonly aim: number;
}

export function cpuOf({ rounds }: Measured): number {
  return median(rounds.map((round) => round.cpuMicrosPerRequest));
}

export function medianOf({ rounds }: Measured, pick: (round: Round) => number): number {
  return median(rounds.map(pick));
}

/** Judges what was measured under one load. Goals about somebody who was not measured are left out. */
export function costVerdicts(goals: readonly CostGoal[], measured: readonly Measured[]): readonly Verdict[] {
  return goals.flatMap(({ what, of = 'graygate', against, atMost, aim }) => {
    const own = measured.find(({ label }) => label === of);
    const other = measured.find(({ label }) => label === against);
    if (own === undefined || other === undefined) return [];
    return [{ what, value: cpuOf(own) / cpuOf(other), unit: 'x' as const, atMost, aim }];
  });
}

interface LatencyGoal {
  readonly what: string;
  readonly atMost: number;
  readonly aim: number;
}

/** Judges a p99 against another; a difference within the noise of the run, or below the floor, is none. */
export function latencyVerdict(goal: LatencyGoal, own: Measured, other: Measured, noiseMicros: number): Verdict {
  const [ownP99, otherP99] = [own, other].map((one) => medianOf(one, (round) => round.p99Micros)) as [number, number];
  const band = Math.max(noiseMicros, LATENCY_FLOOR_MICROS);
  const isWithin = ownP99 - otherP99 <= band;
  const difference = `${((ownP99 - otherP99) / 1000).toFixed(2)} ms`;
  return {
    ...goal,
    value: ownP99 / otherP99,
    unit: 'x',
    ...(isWithin &&
      ownP99 > otherP99 && {
        excuse: `${difference}, within the ${(band / 1000).toFixed(2)} ms that count as noise`,
      }),
  };
}

/** The noise band of a p99: the range of runs of one and the same contender. */
export function latencyNoise(sameAgain: Measured): number {
  return spread(sameAgain.rounds.map((round) => round.p99Micros));
}

/** Whether a figure is within a bound, or not beyond it by more than the run can tell. */
export function isReached({ value, excuse }: Verdict, bound: number): boolean {
  return value <= bound || excuse !== undefined;
}

/** In a word or two, for the report. */
export function outcomeOf(verdict: Verdict): string {
  const { value, atMost, aim, excuse } = verdict;
  if (value <= aim) return 'aim reached';
  if (excuse !== undefined) return `no difference: ${excuse}`;
  if (!Number.isFinite(atMost)) return 'aim missed';
  return value <= atMost ? 'reached' : '**MISSED**';
}
