import { Arena } from '../arena.ts';
import { graygate } from '../peers/graygate.ts';
import { haproxy } from '../peers/haproxy.ts';
import { nginxLargeBuffers, nginxSplit } from '../peers/nginx-split.ts';
import { fastifyHttpProxy } from '../peers/node-peers.ts';
import type { Peer } from '../peers/peer.ts';
import { type CostPoint, costChart } from '../report/cost-chart.ts';
import type { Findings, Measured, Table, Verdict } from '../report/findings.ts';
import { nameOfSetting } from '../report/setting.ts';
import { tableOf } from '../report/tables.ts';
import { costVerdicts } from '../report/verdicts.ts';
import { interleave, warmUp } from '../rounds.ts';
import type { Bench, Scenario } from './scenario.ts';
import { headerRuledTraffic, type Traffic } from './traffic.ts';

const KIB = 1024;
/** Sizes that have a figure to reach; the others are there for the curve. */
const JUDGED: readonly number[] = [64 * KIB, KIB * KIB];
const SIZES = [KIB, 4 * KIB, 16 * KIB, 64 * KIB, 256 * KIB, KIB * KIB] as const;
const ENTRANTS: readonly Peer[] = [graygate, nginxSplit, nginxLargeBuffers, haproxy, fastifyHttpProxy];
/** The curve is drawn for these alone. */
const ON_CURVE: readonly string[] = [graygate.name, nginxSplit.name, nginxLargeBuffers.name];

interface BodyKind {
  readonly name: string;
  readonly readsBodies: boolean;
  trafficOf(bytes: number): Traffic;
}

const ANSWERS: BodyKind = {
  name: 'answers',
  readsBodies: false,
  trafficOf: (bytes) => headerRuledTraffic({ pathOf: () => `/bytes/${bytes}` }),
};

const UPLOADS: BodyKind = {
  name: 'uploads',
  readsBodies: true,
  trafficOf: (bytes) => headerRuledTraffic({ bodyBytes: bytes, users: bytes > 16 * KIB ? 20 : 200 }),
};

/** Large answers. */
export const answers: Scenario = {
  name: ANSWERS.name,
  about: 'GET answered by 1 KiB to 1 MiB',
  weight: 85,
  quick: false,
  run: (bench) => run(bench, ANSWERS),
};

/** Large requests, streamed: nginx with proxy_request_buffering off, as the others do. */
export const uploads: Scenario = {
  name: UPLOADS.name,
  about: 'POST of 1 KiB to 1 MiB, streamed to the origin, answered by ~300 bytes',
  weight: 85,
  quick: false,
  run: (bench) => run(bench, UPLOADS),
};

async function run(bench: Bench, kind: BodyKind): Promise<Findings> {
  const arena = await Arena.open(bench, { readsBodies: kind.readsBodies });
  try {
    const usual = kind.trafficOf(64 * KIB);
    await arena.enter(
      ENTRANTS.map((peer) => ({ peer })),
      usual,
    );
    const { load, warmupSeconds } = bench.plan;
    await warmUp(arena, arena.contenders, { load, traffic: usual, seconds: warmupSeconds });
    const bySize = await measureSizes(bench, arena, kind);
    return {
      setting: nameOfSetting(bench, arena.origin, usual),
      entries: arena.entries,
      skipped: arena.skipped,
      measured: [...bySize].flatMap(([bytes, all]) => all.map((one) => ({ ...one, load: sizeName(bytes) }))),
      tables: tablesOf(bySize),
      charts: costChart(
        {
          file: `${kind.name}.svg`,
          title: `${kind.name}: CPU per request against body size`,
          x: 'bytes of body',
          isLogLog: true,
        },
        pointsOf(bySize),
      ),
      verdicts: verdictsOf(kind, bySize),
      notes: [],
    };
  } finally {
    await arena.close();
  }
}

/** The judged sizes first, so that they are there when time runs out. */
async function measureSizes(bench: Bench, arena: Arena, kind: BodyKind): Promise<Map<number, readonly Measured[]>> {
  const { load, secondsPerRound, rounds } = bench.plan;
  const bySize = new Map<number, readonly Measured[]>();
  for (const bytes of [...JUDGED, ...SIZES.filter((size) => !JUDGED.includes(size))]) {
    if (bench.box.isOver) break;
    const isJudged = JUDGED.includes(bytes);
    const contenders = arena.contenders.filter(({ label }) => isJudged || ON_CURVE.includes(label));
    const trial = { load, traffic: kind.trafficOf(bytes), seconds: isJudged ? secondsPerRound : 1 };
    bench.say(`  ${sizeName(bytes)}:`);
    const box = bench.box.part(isJudged ? 2 : 1, JUDGED.length * 2 + SIZES.length - JUDGED.length - bySize.size);
    bySize.set(bytes, await interleave(bench, arena, contenders, trial, { rounds: Math.min(3, rounds), box }));
  }
  return new Map([...bySize].toSorted(([a], [b]) => a - b));
}

function tablesOf(bySize: ReadonlyMap<number, readonly Measured[]>): readonly Table[] {
  return [...bySize].map(([bytes, measured]) => tableOf(sizeName(bytes), measured, nginxSplit.name));
}

function pointsOf(bySize: ReadonlyMap<number, readonly Measured[]>): readonly CostPoint[] {
  return [...bySize].flatMap(([x, all]) =>
    all.filter(({ label }) => ON_CURVE.includes(label)).map((measured) => ({ x, series: measured.label, measured })),
  );
}

function verdictsOf({ name }: BodyKind, bySize: ReadonlyMap<number, readonly Measured[]>): readonly Verdict[] {
  return JUDGED.flatMap((bytes) => {
    const what = `${name} of ${sizeName(bytes)}, CPU vs`;
    const goals = [
      { what: `${what} nginx`, against: nginxSplit.name, atMost: 1.3, aim: 1 },
      {
        what: `${what} nginx with 64k buffers`,
        against: nginxLargeBuffers.name,
        atMost: Number.POSITIVE_INFINITY,
        aim: 1.3,
      },
    ];
    return costVerdicts(goals, bySize.get(bytes) ?? []);
  });
}

function sizeName(bytes: number): string {
  return bytes >= KIB * KIB ? `${bytes / KIB / KIB} MiB` : `${bytes / KIB} KiB`;
}
