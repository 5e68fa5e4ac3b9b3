import { fileURLToPath } from 'node:url';
import { Arena, type Contender } from '../arena.ts';
import { type LatencyView, measureLatency } from '../latency.ts';
import { openLoop } from '../load/own-client.ts';
import { graygate } from '../peers/graygate.ts';
import { nginxSplit } from '../peers/nginx-split.ts';
import type { Findings, Measured, Verdict } from '../report/findings.ts';
import { nameOfSetting } from '../report/setting.ts';
import { tableOf } from '../report/tables.ts';
import { latencyVerdict } from '../report/verdicts.ts';
import { interleave, measureRound, warmUp } from '../rounds.ts';
import { freePort, type RunningProcess, startServer } from '../running-process.ts';
import type { Bench, Scenario } from './scenario.ts';
import { headerRuledTraffic } from './traffic.ts';

const MOODY = fileURLToPath(new URL('../origin/processes/moody.ts', import.meta.url));
const TRAFFIC = headerRuledTraffic();
const OWN = 'graygate';
const OWN_MIRRORED = 'graygate, mirrored';
const OWN_COMPARED = 'graygate, mirrored and compared';
const NGINX = 'nginx';
const NGINX_MIRRORED = 'nginx, mirrored';

/** Graygate's mirror beside nginx's, while one and the same shadow goes from well to silent to dead. */
export const mirrorMoods: Scenario = {
  name: 'mirror-moods',
  about:
    "small GET at a quarter of full load, all of it mirrored, by graygate and by nginx's mirror: to a shadow that answers, then never does, then is gone",
  weight: 70,
  quick: false,
  run,
};

interface Mood {
  readonly name: string;
  readonly view: LatencyView;
}

async function run(bench: Bench): Promise<Findings> {
  const arena = await Arena.open(bench);
  const shadowPort = await freePort();
  const shadow = await startServer('rest', process.execPath, [MOODY, String(shadowPort)], shadowPort);
  try {
    await enter(arena, shadowPort);
    const own = arena.find(OWN);
    if (own === undefined) throw new Error('the gateway did not start');
    const moods = await throughMoods(bench, arena, own, shadow);
    return {
      setting: nameOfSetting(bench, arena.origin, TRAFFIC),
      entries: arena.entries,
      skipped: arena.skipped,
      measured: moods.flatMap(({ name, view }) =>
        view.measured.map((one) => ({ ...one, load: `${one.load}, ${name}` })),
      ),
      tables: moods.map(({ name, view }) =>
        tableOf(`A shadow that ${name}, ${view.rate} requests/s`, view.measured, OWN),
      ),
      charts: [],
      verdicts: moods.flatMap(verdictsOf),
      notes: [
        'Errors are requests that were not answered within 2 s of the end of their round, or not with 200.',
        ...arena.skipped.map(({ name, why }) => `${name} was left out: ${why}`),
      ],
    };
  } finally {
    await arena.close();
    await shadow.stop();
  }
}

async function enter(arena: Arena, mirrorPort: number): Promise<void> {
  await arena.enter(
    [
      { peer: graygate, label: OWN },
      { peer: graygate, label: OWN_MIRRORED, setup: { mirrorPort } },
      { peer: graygate, label: OWN_COMPARED, setup: { mirrorPort, comparesAnswers: true } },
      { peer: nginxSplit, label: NGINX },
      { peer: nginxSplit, label: NGINX_MIRRORED, setup: { mirrorPort } },
    ],
    TRAFFIC,
  );
}

/** The rate is settled while the shadow is well; it stays the same, so that its moods alone differ. */
async function throughMoods(
  bench: Bench,
  arena: Arena,
  own: Contender,
  shadow: RunningProcess,
): Promise<readonly Mood[]> {
  const { load, warmupSeconds, secondsPerRound } = bench.plan;
  const rounds = Math.min(3, bench.plan.rounds);
  await warmUp(arena, arena.contenders, { load, traffic: TRAFFIC, seconds: warmupSeconds });
  const full = await measureRound(arena, own, { load, traffic: TRAFFIC, seconds: warmupSeconds });
  const wanted = { traffic: TRAFFIC, rate: full.requestsPerSecond / 4, rounds };
  const well = await measureLatency(bench, arena, arena.contenders, own, wanted);
  const moods: Mood[] = [{ name: 'answers', view: well }];
  const trial = { load: openLoop(well.rate), traffic: TRAFFIC, seconds: secondsPerRound };
  const again = async (name: string): Promise<void> => {
    bench.say(`  the shadow ${name}`);
    const measured = await interleave(bench, arena, arena.contenders, trial, { rounds });
    moods.push({ name, view: { ...well, measured } });
  };
  process.kill(shadow.pid, 'SIGUSR2');
  await again('never answers');
  await shadow.stop();
  await again('is gone');
  return moods;
}

function verdictsOf({ name, view }: Mood): readonly Verdict[] {
  const find = (label: string): Measured | undefined => view.measured.find((one) => one.label === label);
  const unmirrored = find(OWN);
  return [OWN_MIRRORED, OWN_COMPARED].flatMap((label) => {
    const one = find(label);
    if (one === undefined || unmirrored === undefined) return [];
    const what = `${label}, to a shadow that ${name}`;
    const errors = one.rounds.reduce((sum, round) => sum + round.errors, 0);
    return [
      latencyVerdict(
        { what: `${what}: p99 vs not mirrored`, atMost: 1.1, aim: 1.1 },
        one,
        unmirrored,
        view.noiseMicros,
      ),
      { what: `${what}: errors`, value: errors, unit: '' as const, atMost: 0, aim: 0 },
    ];
  });
}
