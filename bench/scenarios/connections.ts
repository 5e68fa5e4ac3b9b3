import { Arena, type Contender } from '../arena.ts';
import { openLoop } from '../load/own-client.ts';
import { residentBytesOfTree } from '../measure/cpu.ts';
import { caddy } from '../peers/caddy.ts';
import { graygate } from '../peers/graygate.ts';
import { haproxy } from '../peers/haproxy.ts';
import { nginxSplit } from '../peers/nginx-split.ts';
import { fastifyHttpProxy } from '../peers/node-peers.ts';
import { type CostPoint, costChart } from '../report/cost-chart.ts';
import type { Findings, Round, Table } from '../report/findings.ts';
import { nameOfSetting } from '../report/setting.ts';
import { tableOf } from '../report/tables.ts';
import { interleave, measureRound, warmUp } from '../rounds.ts';
import type { Bench, Scenario } from './scenario.ts';
import { headerRuledTraffic } from './traffic.ts';

const COUNTS = [1, 10, 100, 1000, 10_000] as const;
const MOST = 10_000;
const RATE = 4_000;
const ON_CURVE: readonly string[] = [graygate.name, nginxSplit.name];
const MIB = 2 ** 20;

interface Held {
  readonly contender: Contender;
  readonly bytesBefore: number;
  readonly round: Round;
}

/** What a connection costs that is merely open. */
export const connections: Scenario = {
  name: 'connections',
  about: `${MOST.toLocaleString('en')} kept-alive connections: the memory they hold, and small GETs at ${RATE} requests/s over 1 to ${MOST.toLocaleString('en')} of them in turn`,
  weight: 80,
  quick: false,
  run,
};

function trafficOver(count: number) {
  return headerRuledTraffic({ connections: count });
}

async function run(bench: Bench): Promise<Findings> {
  const arena = await Arena.open(bench);
  try {
    const entrants = [graygate, nginxSplit, haproxy, caddy, fastifyHttpProxy].map((peer) => ({ peer }));
    await arena.enter(entrants, trafficOver(MOST));
    const held: Held[] = [];
    for (const contender of arena.contenders) held.push(await hold(arena, contender));
    const points = await sweep(bench, arena);
    const own = held.find(({ contender }) => contender.label === graygate.name);
    const frame = {
      file: 'connections.svg',
      title: `CPU per request against connections, ${RATE} requests/s`,
      x: 'connections',
    };
    return {
      setting: nameOfSetting(bench, arena.origin, trafficOver(MOST)),
      entries: arena.entries,
      skipped: arena.skipped,
      measured: points.map(({ x, measured }) => ({ ...measured, load: `${x} connections` })),
      tables: [
        memoryTable(held),
        ...COUNTS.map((count) => {
          const atCount = points.filter(({ x }) => x === count).map(({ measured }) => measured);
          return tableOf(`${count.toLocaleString('en')} connections`, atCount, nginxSplit.name);
        }).filter(({ rows }) => rows.length > 0),
      ],
      charts: costChart(frame, points),
      verdicts:
        own === undefined
          ? []
          : [
              {
                what: '10,000 idle connections, RSS',
                value: own.round.residentBytes / MIB,
                unit: 'MB',
                atMost: 200,
                aim: 100,
              },
            ],
      notes: [],
    };
  } finally {
    await arena.close();
  }
}

/** Opens all connections, asks once over each of them, and looks at the memory while they stay. */
async function hold(arena: Arena, contender: Contender): Promise<Held> {
  const bytesBefore = residentBytesOfTree(contender.process.pid);
  const load = openLoop(RATE);
  const round = await measureRound(arena, contender, { load, traffic: trafficOver(MOST), seconds: MOST / RATE });
  return { contender, bytesBefore, round };
}

function memoryTable(held: readonly Held[]): Table {
  return {
    title: `Memory with ${MOST.toLocaleString('en')} connections that were used once`,
    columns: ['proxy', 'RSS MB before', 'RSS MB with them', 'KiB per connection', 'errors'],
    rows: held.map(({ contender, bytesBefore, round }) => [
      contender.label,
      (bytesBefore / MIB).toFixed(0),
      (round.residentBytes / MIB).toFixed(0),
      ((round.residentBytes - bytesBefore) / 1024 / MOST).toFixed(1),
      String(round.errors),
    ]),
  };
}

async function sweep(bench: Bench, arena: Arena): Promise<readonly CostPoint[]> {
  const contenders = arena.contenders.filter(({ label }) => ON_CURVE.includes(label));
  const load = openLoop(RATE);
  await warmUp(arena, contenders, { load, traffic: trafficOver(64), seconds: bench.plan.warmupSeconds });
  const points: CostPoint[] = [];
  for (const [index, x] of COUNTS.entries()) {
    if (bench.box.isOver) break;
    const trial = { load, traffic: trafficOver(x), seconds: bench.plan.secondsPerRound };
    const box = bench.box.part(1, COUNTS.length - index);
    bench.say(`  ${x} connections:`);
    const measured = await interleave(bench, arena, contenders, trial, { rounds: Math.min(3, bench.plan.rounds), box });
    points.push(...measured.map((one) => ({ x, series: one.label, measured: one })));
  }
  return points;
}
