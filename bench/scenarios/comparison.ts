import { Arena, type Entrant } from '../arena.ts';
import { measureLatency } from '../latency.ts';
import { autocannonLoad } from '../load/autocannon.ts';
import { openLoop } from '../load/own-client.ts';
import type { Measured, Verdict } from '../report/findings.ts';
import { nameOfSetting } from '../report/setting.ts';
import { isSaturated, tableOf } from '../report/tables.ts';
import { type CostGoal, costVerdicts, latencyVerdict, medianOf } from '../report/verdicts.ts';
import { interleave, warmUp } from '../rounds.ts';
import type { Bench, Scenario } from './scenario.ts';
import type { Traffic } from './traffic.ts';

/** Parts of the maximum of the slowest contender. */
const FIXED_RATES = [0.2, 0.4, 0.6] as const;
const QUICK_RATES = [0.4] as const;
const NOT_SATURATED =
  'NOT at saturation: no proxy had its core to itself. The load, the origin or something else on this machine was the limit.';

/** The same requests for several proxies, and what each of them costs. */
interface Comparison extends Pick<Scenario, 'name' | 'about' | 'weight'> {
  readonly traffic: Traffic;
  readonly entrants: readonly Entrant[];
  /** Labels of those that the quick run has; not given: the quick run leaves the scenario out. */
  readonly quickEntrants?: readonly string[];
  readonly readsBodies?: boolean;
  /** Label of the one that the others are compared with. */
  readonly reference: string;
  /** Held to at saturation. */
  readonly goals: readonly CostGoal[];
  /** Labels of those that are measured at fixed rates too. */
  readonly fixedRatesOf?: readonly string[];
  /** Labels for the latencies at half of full load, graygate among them; the first is the one it is compared with. */
  readonly latencyOf?: readonly string[];
  /** Labels for autocannon's view. */
  readonly autocannonOf?: readonly string[];
}

export function comparison(plan: Comparison): Scenario {
  const { name, about, weight, quickEntrants } = plan;
  return { name, about, weight, quick: quickEntrants !== undefined, run: (bench) => run(bench, plan) };
}

async function run(bench: Bench, plan: Comparison) {
  const arena = await Arena.open(bench, { readsBodies: plan.readsBodies === true });
  try {
    const isEntered = ({ peer, label = peer.name }: Entrant) =>
      !bench.plan.isQuick || plan.quickEntrants?.includes(label) !== false;
    await arena.enter(plan.entrants.filter(isEntered), plan.traffic);
    const saturated = await atSaturation(bench, arena, plan);
    const atRates = await atFixedRates(bench, arena, plan, saturated);
    const latency = await atHalfLoad(bench, arena, plan, saturated);
    const simple = await autocannonView(bench, arena, plan);
    return {
      setting: nameOfSetting(bench, arena.origin, plan.traffic),
      entries: arena.entries,
      skipped: arena.skipped,
      measured: [...saturated, ...atRates, ...latency.measured, ...simple],
      tables: [
        tableOf('At saturation', saturated, plan.reference),
        ...[...new Set(atRates.map(({ load }) => load))].map((load) =>
          tableOf(
            `At ${load}`,
            atRates.filter((one) => one.load === load),
            plan.reference,
          ),
        ),
        ...(latency.measured.length > 0 ? [tableOf(latency.title, latency.measured, plan.reference)] : []),
        ...(simple.length > 0 ? [tableOf('As autocannon sees it', simple, plan.reference)] : []),
      ],
      charts: [],
      verdicts: [...costVerdicts(plan.goals, saturated), ...latency.verdicts],
      notes: saturated.length === 0 || isSaturated(saturated) ? [] : [NOT_SATURATED],
    };
  } finally {
    await arena.close();
  }
}

/** When more follows, half of the time is for this. */
async function atSaturation(bench: Bench, arena: Arena, plan: Comparison): Promise<readonly Measured[]> {
  const { load, warmupSeconds, secondsPerRound, rounds } = bench.plan;
  const { traffic, fixedRatesOf, latencyOf } = plan;
  const box = bench.box.part(1, fixedRatesOf === undefined && latencyOf === undefined ? 1 : 2);
  await warmUp(arena, arena.contenders, { load, traffic, seconds: warmupSeconds });
  return interleave(bench, arena, arena.contenders, { load, traffic, seconds: secondsPerRound }, { rounds, box });
}

/** What a request costs when there is less to do: no proxy can gather several in one turn. */
async function atFixedRates(
  bench: Bench,
  arena: Arena,
  { traffic, fixedRatesOf = [], latencyOf }: Comparison,
  saturated: readonly Measured[],
): Promise<readonly Measured[]> {
  const contenders = arena.contenders.filter(({ label }) => fixedRatesOf.includes(label));
  const maxima = saturated.filter(({ label }) => fixedRatesOf.includes(label)).map(requestsPerSecondOf);
  const measured: Measured[] = [];
  const rates = bench.plan.isQuick ? QUICK_RATES : FIXED_RATES;
  for (const [index, part] of rates.entries()) {
    if (bench.box.isOver || contenders.length === 0) break;
    const trial = {
      load: openLoop(Math.round(Math.min(...maxima) * part)),
      traffic,
      seconds: bench.plan.secondsPerRound,
    };
    // The latencies after it get as much as one rate and a half.
    const box = bench.box.part(1, rates.length - index + (latencyOf === undefined ? 0 : 1.5));
    const rounds = Math.min(3, bench.plan.rounds);
    measured.push(...(await interleave(bench, arena, contenders, trial, { rounds, box })));
  }
  return measured;
}

function requestsPerSecondOf(measured: Measured): number {
  return medianOf(measured, (round) => round.requestsPerSecond);
}

async function atHalfLoad(bench: Bench, arena: Arena, plan: Comparison, saturated: readonly Measured[]) {
  const contenders = (plan.latencyOf ?? []).flatMap((label) => arena.find(label) ?? []);
  const [reference] = contenders;
  const own = arena.find('graygate');
  if (reference === undefined || own === undefined || bench.box.isOver)
    return { title: '', measured: [], verdicts: [] as Verdict[] };
  const maxima = saturated
    .filter(({ label }) => label === own.label || label === reference.label)
    .map(requestsPerSecondOf);
  const rate = Math.min(...maxima) / 2;
  const rounds = bench.plan.isQuick ? 2 : bench.plan.rounds + 2;
  const view = await measureLatency(bench, arena, contenders, reference, { traffic: plan.traffic, rate, rounds });
  const [theirs, ours] = [reference, own].map(({ label }) => view.measured.find((one) => one.label === label));
  const isHalf = view.rate > rate * 0.99;
  const load = isHalf
    ? 'half of full load'
    : `${Math.round((view.rate / rate) * 50)} % of full load (the client keeps no more here)`;
  const goal = { what: `p99 at ${load}, vs ${reference.label} at the same rate`, atMost: 1.5, aim: 1.1 };
  return {
    title: `Latency at ${view.rate} requests/s, ${load}`,
    measured: view.measured,
    verdicts: ours === undefined || theirs === undefined ? [] : [latencyVerdict(goal, ours, theirs, view.noiseMicros)],
  };
}

/** The simple view: what a client that is slower than the proxies sees. */
async function autocannonView(bench: Bench, arena: Arena, plan: Comparison): Promise<readonly Measured[]> {
  const contenders = (plan.autocannonOf ?? []).flatMap((label) => arena.find(label) ?? []);
  if (contenders.length === 0 || bench.box.isOver) return [];
  return interleave(
    bench,
    arena,
    contenders,
    { load: autocannonLoad, traffic: plan.traffic, seconds: 1 },
    { rounds: 1 },
  );
}
