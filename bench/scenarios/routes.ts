import { Arena, type Contender } from '../arena.ts';
import { graygate } from '../peers/graygate.ts';
import { costChart } from '../report/cost-chart.ts';
import type { Findings } from '../report/findings.ts';
import { nameOfSetting } from '../report/setting.ts';
import { tableOf } from '../report/tables.ts';
import { costVerdicts } from '../report/verdicts.ts';
import { interleave, warmUp } from '../rounds.ts';
import type { Bench, Scenario } from './scenario.ts';
import { headerRuledTraffic, type Traffic } from './traffic.ts';

const COUNTS = [1, 10, 100, 1000, 10_000] as const;
const RULES = 10;
/** Coprime with every count: the load walks over all of the table. */
const STRIDE = 7919;
const DISTINCT_REQUESTS = 10_000;

/** A table of many routes beside one of few: how much a request pays for the others. */
export const routes: Scenario = {
  name: 'routes',
  about: `GET through a table of 1 to 10,000 routes with ${RULES} rules each, requests spread over all of them`,
  weight: 110,
  quick: false,
  run,
};

export function routesTraffic(count: number): Traffic {
  return headerRuledTraffic({
    pathOf: (index) => `/svc-${(index * STRIDE) % count}/orders/42?page=1&size=20`,
    seenPath: '/svc-0/seen',
    users: DISTINCT_REQUESTS,
  });
}

async function run(bench: Bench): Promise<Findings> {
  const arena = await Arena.open(bench);
  try {
    const traffics = new Map<Contender, Traffic>();
    for (const count of COUNTS) {
      const traffic = routesTraffic(count);
      const label = labelOf(count);
      await arena.enter([{ peer: graygate, label, setup: { routes: { count, rules: RULES } } }], traffic);
      const contender = arena.find(label);
      if (contender !== undefined) traffics.set(contender, traffic);
    }
    const { load, warmupSeconds, secondsPerRound, rounds } = bench.plan;
    for (const [contender, traffic] of traffics)
      await warmUp(arena, [contender], { load, traffic, seconds: warmupSeconds });
    const trafficOf = ({ label }: Contender) =>
      [...traffics].find(([one]) => one.label === label)?.[1] ?? routesTraffic(1);
    const trial = { load, traffic: trafficOf, seconds: secondsPerRound };
    const measured = await interleave(bench, arena, [...traffics.keys()], trial, { rounds });
    const goal = {
      what: `10,000 routes with ${RULES} rules each vs one such route, CPU per request`,
      of: labelOf(10_000),
      against: labelOf(1),
      atMost: 1.15,
      aim: 1.05,
    };
    const points = COUNTS.flatMap((x) => {
      const found = measured.find(({ label }) => label === labelOf(x));
      return found === undefined ? [] : [{ x, series: graygate.name, measured: found }];
    });
    return {
      setting: nameOfSetting(bench, arena.origin, routesTraffic(1)),
      entries: arena.entries,
      skipped: arena.skipped,
      measured,
      tables: [tableOf('At saturation', measured, labelOf(1))],
      charts: costChart({ file: 'routes.svg', title: 'CPU per request against routes', x: 'routes' }, points),
      verdicts: costVerdicts([goal], measured),
      notes: [],
    };
  } finally {
    await arena.close();
  }
}

function labelOf(count: number): string {
  return `graygate, ${count.toLocaleString('en')} ${count === 1 ? 'route' : 'routes'}`;
}
