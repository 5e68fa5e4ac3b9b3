import { fileURLToPath } from 'node:url';
import { Arena, type Contender } from '../arena.ts';
import { type LatencyView, measureLatency } from '../latency.ts';
import { graygate } from '../peers/graygate.ts';
import type { Findings, Verdict } from '../report/findings.ts';
import { nameOfSetting } from '../report/setting.ts';
import { tableOf } from '../report/tables.ts';
import { costVerdicts, latencyVerdict } from '../report/verdicts.ts';
import { measureRound, warmUp } from '../rounds.ts';
import { freePort, type RunningProcess, startServer } from '../running-process.ts';
import type { Bench, Scenario } from './scenario.ts';
import { headerRuledTraffic } from './traffic.ts';

const SILENT = fileURLToPath(new URL('../origin/processes/silent.ts', import.meta.url));
const TRAFFIC = headerRuledTraffic();
const LABELS = {
  none: 'graygate',
  fast: 'graygate, mirror to a fast shadow',
  closed: 'graygate, mirror to a closed port',
  silent: 'graygate, mirror to one that never answers',
} as const;

/** What copies cost, and that the requests they are copies of do not notice. */
export const mirror: Scenario = {
  name: 'mirror',
  about:
    'small GET at a quarter of full load, mirrored 0 and 100 %: to a fast shadow, a closed port, one that never answers',
  weight: 70,
  quick: false,
  run,
};

async function run(bench: Bench): Promise<Findings> {
  const arena = await Arena.open(bench);
  let silent: RunningProcess | undefined;
  try {
    const [silentPort, closedPort] = [await freePort(), await freePort()];
    silent = await startServer('rest', process.execPath, [SILENT, String(silentPort)], silentPort);
    const ports = { none: null, fast: arena.origin.shadowPort, closed: closedPort, silent: silentPort };
    await arena.enter(
      Object.entries(ports).map(([kind, mirrorPort]) => ({
        peer: graygate,
        label: LABELS[kind as keyof typeof LABELS],
        setup: { mirrorPort },
      })),
      TRAFFIC,
    );
    const unmirrored = arena.find(LABELS.none);
    if (unmirrored === undefined) throw new Error('the gateway did not start');
    const view = await measureAll(bench, arena, unmirrored);
    return {
      setting: nameOfSetting(bench, arena.origin, TRAFFIC),
      entries: arena.entries,
      skipped: arena.skipped,
      measured: view.measured,
      tables: [tableOf(`At ${view.rate} requests/s`, view.measured, LABELS.none)],
      charts: [],
      verdicts: verdictsOf(view),
      notes: [],
    };
  } finally {
    await arena.close();
    await silent?.stop();
  }
}

async function measureAll(bench: Bench, arena: Arena, unmirrored: Contender): Promise<LatencyView> {
  const { load, warmupSeconds, rounds } = bench.plan;
  await warmUp(arena, arena.contenders, { load, traffic: TRAFFIC, seconds: warmupSeconds });
  const full = await measureRound(arena, unmirrored, { load, traffic: TRAFFIC, seconds: warmupSeconds });
  const rate = full.requestsPerSecond / 4;
  return measureLatency(bench, arena, arena.contenders, unmirrored, { traffic: TRAFFIC, rate, rounds });
}

function verdictsOf({ measured, noiseMicros }: LatencyView): readonly Verdict[] {
  const unmirrored = measured.find(({ label }) => label === LABELS.none);
  const mirrored = measured.filter(({ label }) => label !== LABELS.none);
  const errors = mirrored.flatMap(({ rounds }) => rounds).reduce((sum, round) => sum + round.errors, 0);
  const cost = { what: 'mirrored to a fast shadow, CPU vs not mirrored', of: LABELS.fast, against: LABELS.none };
  return [
    ...costVerdicts([{ ...cost, atMost: 1.9, aim: 1.9 }], measured),
    ...mirrored.flatMap((one) => {
      const goal = { what: `${one.label.replace('graygate, ', '')}: p99 vs not mirrored`, atMost: 1.1, aim: 1.1 };
      return unmirrored === undefined ? [] : [latencyVerdict(goal, one, unmirrored, noiseMicros)];
    }),
    { what: 'errors of mirrored requests', value: errors, unit: '', atMost: 0, aim: 0 },
  ];
}
