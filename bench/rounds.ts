import type { Arena, Contender } from './arena.ts';
import type { Load } from './load/load.ts';
import { cpuMicrosOfTree, residentBytesOfTree } from './measure/cpu.ts';
import { isDisturbed, watchMachine } from './measure/disturbance.ts';
import type { Measured, Round } from './report/findings.ts';
import type { Bench } from './scenarios/scenario.ts';
import type { Traffic } from './scenarios/traffic.ts';
import type { TimeBox } from './time-box.ts';

/** A client that was later than this itself for one request in a hundred says nothing about the proxy. */
const TOO_LATE_MICROS = 300;
/** After so many repetitions that were no better, the machine is simply busy. */
const TRIES_IN_VAIN = 3;

/** Whether the client, not the proxy, was what made requests late. */
export function isClientLate({ lateP99Micros }: Pick<Round, 'lateP99Micros'>): boolean {
  return (lateP99Micros ?? 0) > TOO_LATE_MICROS;
}

/** What the contenders are put under. */
export interface Trial {
  readonly load: Load;
  /** The same for everybody, or one for each. */
  readonly traffic: Traffic | ((contender: Contender) => Traffic);
  readonly seconds: number;
}

/** Several contenders in turn, A B A B, so that whatever changes meanwhile changes for all of them. */
export async function interleave(
  bench: Bench,
  arena: Arena,
  contenders: readonly Contender[],
  trial: Trial,
  { rounds, box = bench.box }: { readonly rounds: number; readonly box?: TimeBox },
): Promise<readonly Measured[]> {
  const done = contenders.map((contender) => ({ contender, rounds: [] as Round[] }));
  for (let number = 1; number <= rounds && (number === 1 || !box.isOver); number++) {
    for (const { contender, rounds: own } of done) {
      const round = await measureUndisturbed(arena, contender, trial, box);
      own.push(round);
      bench.say(progress(number, contender.label, trial.load.name, round));
    }
  }
  return done.map(({ contender, rounds: own }) => ({ label: contender.label, load: trial.load.name, rounds: own }));
}

function progress(number: number, label: string, load: string, round: Round): string {
  const { cpuMicrosPerRequest, p99Micros, isDoubtful } = round;
  const figures = `${cpuMicrosPerRequest.toFixed(2)} us/request, p99 ${(p99Micros / 1000).toFixed(2)} ms`;
  return `  ${load}, round ${number}: ${label.padEnd(22)} ${figures}${isDoubtful ? ' (doubtful)' : ''}`;
}

/** Lets everybody warm up, compilers above all. Nothing of it is kept. */
export async function warmUp(arena: Arena, contenders: readonly Contender[], trial: Trial): Promise<void> {
  for (const contender of contenders) await measureRound(arena, contender, trial);
}

/**
 * Once more when something else used the machine or the client was late, if there is time and it has helped lately; then it
 * stays, marked.
 */
async function measureUndisturbed(arena: Arena, contender: Contender, trial: Trial, box: TimeBox): Promise<Round> {
  const first = await measureRound(arena, contender, trial);
  if (!first.isDoubtful || box.isOver || arena.repeatedInVain >= TRIES_IN_VAIN) return first;
  const second = await measureRound(arena, contender, trial);
  arena.repeatedInVain = second.isDoubtful ? arena.repeatedInVain + 1 : 0;
  return second;
}

/** Measures one contender once. */
export async function measureRound(arena: Arena, contender: Contender, trial: Trial): Promise<Round> {
  const { load, seconds } = trial;
  const { port, process } = contender;
  const traffic = typeof trial.traffic === 'function' ? trial.traffic(contender) : trial.traffic;
  const prepared = await load.prepare({ port, traffic, seconds, requestsFile: await arena.requestsFile(traffic) });
  try {
    const disturbance = watchMachine();
    const cpuBefore = cpuMicrosOfTree(process.pid);
    const result = await prepared.run();
    const cpuMicros = cpuMicrosOfTree(process.pid) - cpuBefore;
    const { requests, durationMicros, lateP99Micros, ...latencies } = result;
    return {
      ...latencies,
      cpuMicrosPerRequest: cpuMicros / Math.max(1, requests),
      requestsPerSecond: requests / (durationMicros / 1e6),
      busy: cpuMicros / durationMicros,
      lateP99Micros,
      residentBytes: residentBytesOfTree(process.pid),
      isDoubtful: isDisturbed(disturbance()) || isClientLate(result),
    };
  } finally {
    await prepared.close();
  }
}
