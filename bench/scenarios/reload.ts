import { Arena, type Contender } from '../arena.ts';
import { openLoop } from '../load/own-client.ts';
import { ConfigurationEdits } from '../measure/configuration-edits.ts';
import { graygate } from '../peers/graygate.ts';
import type { Chart } from '../report/chart.ts';
import type { Findings, Measured, Round, Verdict } from '../report/findings.ts';
import { nameOfSetting } from '../report/setting.ts';
import { tableOf, withRange } from '../report/tables.ts';
import { latencyNoise, latencyVerdict } from '../report/verdicts.ts';
import { measureRound, warmUp } from '../rounds.ts';
import { median } from '../statistics.ts';
import { routesTraffic } from './routes.ts';
import type { Bench, Scenario } from './scenario.ts';

const COUNTS = [1, 10, 100, 1000, 10_000] as const;
const RULES = 10;
const RATE = 2_000;
const EDITS = 3;
/** A round of reloads is longer than others, to hold several of them. */
const LONGER = 5;

interface Timed {
  readonly count: number;
  /** From the renamed file to the first answer that follows it. */
  readonly seconds: readonly number[];
}

/** Configuration changes under traffic: what requests notice, and how long until they follow. */
export const reload: Scenario = {
  name: 'reload',
  about: `reload every second at ${RATE} requests/s; from edit to effect with 1 to 10,000 routes of ${RULES} rules each`,
  weight: 130,
  quick: false,
  run,
};

async function run(bench: Bench): Promise<Findings> {
  const arena = await Arena.open(bench);
  try {
    const timed: Timed[] = [];
    const measured: Measured[] = [];
    const verdicts: Verdict[] = [];
    for (const [index, count] of COUNTS.entries()) {
      if (bench.box.isOver) break;
      const box = bench.box.part(1, COUNTS.length - index);
      const label = labelOf(count);
      const setup = { workers: 1, routes: { count, rules: RULES } };
      await arena.enter([{ peer: graygate, label, setup }], routesTraffic(count));
      const contender = arena.find(label);
      if (contender === undefined) continue;
      const edits = new ConfigurationEdits(contender, `/svc-${count - 1}/orders/42`);
      const seconds: number[] = [];
      while (seconds.length < EDITS && (seconds.length === 0 || !box.isOver)) seconds.push(await edits.flip());
      timed.push({ count, seconds });
      bench.say(`  ${label}: ${withRange(seconds, 3)} s from edit to effect`);
      const isLargest = count === COUNTS.at(-1);
      if (count !== 1 && !isLargest) continue;
      const under = await underTraffic(bench, arena, contender, edits, isLargest ? median(seconds) : null);
      measured.push(...under.measured);
      verdicts.push(...under.verdicts);
    }
    return {
      setting: nameOfSetting(bench, arena.origin, routesTraffic(1)),
      entries: arena.entries,
      skipped: arena.skipped,
      measured,
      tables: [timeTable(timed), tableOf(`At ${RATE} requests/s`, measured, measured[0]?.label ?? '')],
      charts: timed.length === 0 ? [] : [timeChart(timed)],
      verdicts: [...timeVerdicts(timed), ...verdicts],
      notes: [],
    };
  } finally {
    await arena.close();
  }
}

/** The same traffic with and without reloads: one a second, or (given their time) one large one after the other. */
async function underTraffic(
  bench: Bench,
  arena: Arena,
  contender: Contender,
  edits: ConfigurationEdits,
  secondsOfOne: number | null,
) {
  const traffic = routesTraffic(secondsOfOne === null ? 1 : 10_000);
  const usual = bench.plan.secondsPerRound * LONGER;
  const seconds = Math.min(40, secondsOfOne === null ? usual : Math.max(usual, secondsOfOne * 1.5));
  const load = openLoop(RATE);
  await warmUp(arena, [contender], { load, traffic, seconds: bench.plan.warmupSeconds });
  const steady: Round[] = [];
  for (let run = 0; run < 3; run++)
    steady.push(await measureRound(arena, contender, { load, traffic, seconds: usual / 2 }));
  const stop = edits.keepFlipping(secondsOfOne === null ? 1_000 : 0);
  const reloading = await measureRound(arena, contender, { load, traffic, seconds });
  const flips = await stop();
  const what = secondsOfOne === null ? 'one reload a second' : 'reload of 10,000 routes';
  bench.say(`  ${what}: ${flips} reloads in ${seconds.toFixed(0)} s, ${reloading.errors} errors`);
  const measured: readonly Measured[] = [
    { label: `${contender.label}, steady`, load: what, rounds: steady },
    { label: `${contender.label}, ${flips} reloads in ${seconds.toFixed(0)} s`, load: what, rounds: [reloading] },
  ];
  return { measured, verdicts: verdictsUnder(what, measured[0] as Measured, measured[1] as Measured) };
}

function verdictsUnder(what: string, steady: Measured, reloading: Measured): readonly Verdict[] {
  const [round] = reloading.rounds;
  const longest = median(steady.rounds.map(({ maxMicros }) => maxMicros));
  const addedMs = Math.max(0, ((round?.maxMicros ?? 0) - longest) / 1000);
  return [
    { what: `${what}: errors`, value: round?.errors ?? 0, unit: '', atMost: 0, aim: 0 },
    latencyVerdict({ what: `${what}: p99 vs steady`, atMost: 2, aim: 1 }, reloading, steady, latencyNoise(steady)),
    {
      what: `${what}: longest wait of a request, above the steady longest`,
      value: addedMs,
      unit: 'ms',
      atMost: 10,
      aim: 10,
    },
  ];
}

function timeVerdicts(timed: readonly Timed[]): readonly Verdict[] {
  const largest = timed.find(({ count }) => count === COUNTS.at(-1));
  if (largest === undefined) return [];
  const value = median(largest.seconds);
  return [{ what: 'reload of 10,000 routes, edit to effect', value, unit: 's', atMost: 20, aim: 5 }];
}

function timeTable(timed: readonly Timed[]) {
  return {
    title: 'From the renamed file to the first request that follows it',
    columns: ['routes', 'seconds'],
    rows: timed.map(({ count, seconds }) => [count.toLocaleString('en'), withRange(seconds, 3)]),
  };
}

function timeChart(timed: readonly Timed[]): Chart {
  const points = timed.map(({ count, seconds }) => ({
    x: count,
    y: median(seconds),
    low: Math.min(...seconds),
    high: Math.max(...seconds),
  }));
  const title = `reload: seconds from edit to effect against routes (${RULES} rules each)`;
  return {
    file: 'reload.svg',
    title,
    x: 'routes',
    y: 'seconds',
    isLogLog: true,
    series: [{ name: graygate.name, points }],
  };
}

function labelOf(count: number): string {
  return `graygate, ${count.toLocaleString('en')} ${count === 1 ? 'route' : 'routes'}`;
}
