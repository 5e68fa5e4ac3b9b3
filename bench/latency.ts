import type { Arena, Contender } from './arena.ts';
import { openLoop } from './load/own-client.ts';
import type { Measured } from './report/findings.ts';
import { latencyNoise } from './report/verdicts.ts';
import { interleave, isClientLate } from './rounds.ts';
import type { Bench } from './scenarios/scenario.ts';
import type { Traffic } from './scenarios/traffic.ts';

const A_A_RUNS = 3;
/** How often a rate that the client cannot keep is lowered, and by how much. */
const LOWERINGS = 4;
const LOWERING = 0.7;

export interface LatencyView {
  readonly rate: number;
  /** Range of the p99 of three runs of the reference. */
  readonly noiseMicros: number;
  readonly measured: readonly Measured[];
}

/**
 * Latencies at a fixed rate, by the open-loop client. The reference goes first, three times, to see how far the same thing
 * differs from itself; when the client cannot keep the rate even then, the rate is lowered.
 */
export async function measureLatency(
  bench: Bench,
  arena: Arena,
  contenders: readonly Contender[],
  reference: Contender,
  { traffic, rate: wanted, rounds }: { readonly traffic: Traffic; readonly rate: number; readonly rounds: number },
): Promise<LatencyView> {
  const seconds = bench.plan.secondsPerRound;
  let rate = Math.round(wanted);
  for (let lowerings = 0; ; lowerings++) {
    const trial = { load: openLoop(rate), traffic, seconds };
    bench.say(`  ${rate} requests/s: three runs of ${reference.label} against itself`);
    const [sameAgain] = await interleave(bench, arena, [reference], trial, { rounds: A_A_RUNS });
    const isKept = sameAgain?.rounds.some((round) => !isClientLate(round)) ?? false;
    if (sameAgain !== undefined && (isKept || lowerings === LOWERINGS || bench.box.isOver)) {
      const measured = await interleave(bench, arena, contenders, trial, { rounds });
      return { rate, noiseMicros: latencyNoise(sameAgain), measured };
    }
    rate = Math.round(rate * LOWERING);
  }
}
