import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Arena, type Contender } from './arena.ts';
import { closedLoop } from './load/own-client.ts';
import { pinThisProcess } from './measure/pinning.ts';
import { graygate } from './peers/graygate.ts';
import { byteRelay } from './peers/node-peers.ts';
import { measureRound, warmUp } from './rounds.ts';
import { stopEverything } from './running-process.ts';
import type { Bench } from './scenarios/scenario.ts';
import { headerRuledTraffic } from './scenarios/traffic.ts';
import { median } from './statistics.ts';
import { TimeBox } from './time-box.ts';

/**
 * What a small GET may cost at most, as a multiple of what passing its bytes on costs, in the same run. Far above what it
 * does cost, so that a busy machine never fails it; a hot path with 10 us more to do does.
 */
const AT_MOST = 1.75;
const ATTEMPTS = 3;
const ROUNDS = 3;
const SECONDS = 0.8;
const TRAFFIC = headerRuledTraffic();

const TRIAL = { load: closedLoop, traffic: TRAFFIC, seconds: SECONDS };

/** The regression guard of CI: measured up to three times, because one attempt may be unlucky and three are not. */
async function guard(bench: Bench): Promise<boolean> {
  const arena = await Arena.open(bench);
  try {
    await arena.enter([{ peer: graygate }, { peer: byteRelay }], TRAFFIC);
    const [own, relay] = arena.contenders;
    if (own === undefined || relay === undefined) return false;
    await warmUp(arena, [own, relay], TRIAL);
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const ratio = await measureRatio(arena, own, relay);
      bench.say(`attempt ${attempt}: a small GET costs ${ratio.toFixed(2)}x of its bytes, at most ${AT_MOST}x wanted`);
      if (ratio <= AT_MOST) return true;
    }
    return false;
  } finally {
    await arena.close();
  }
}

/** The two are measured one right after the other, and only then compared: what disturbs one disturbs the other. */
async function measureRatio(arena: Arena, own: Contender, relay: Contender): Promise<number> {
  const ratios: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const ownRound = await measureRound(arena, own, TRIAL);
    const relayRound = await measureRound(arena, relay, TRIAL);
    ratios.push(ownRound.cpuMicrosPerRequest / relayRound.cpuMicrosPerRequest);
  }
  return median(ratios);
}

const directory = await mkdtemp(join(tmpdir(), 'graygate-guard-'));
try {
  pinThisProcess();
  const plan = {
    isQuick: true,
    peers: null,
    rounds: ROUNDS,
    secondsPerRound: SECONDS,
    warmupSeconds: SECONDS,
    load: closedLoop,
    profileDirectory: null,
  };
  const box = new TimeBox(60_000);
  const say = (line: string) => process.stderr.write(`${line}\n`);
  const isWithin = await guard({ plan, directory, box, say });
  if (!isWithin) say('the hot path has become markedly more expensive, or the gateway did not run');
  process.exitCode = isWithin ? 0 : 1;
} finally {
  await stopEverything();
  await rm(directory, { recursive: true, force: true });
}
