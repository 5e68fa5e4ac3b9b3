import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Contender, enter, measure, type Round } from './contest.ts';
import { autocannonLoad, chooseLoadGenerator, type LoadGenerator } from './measure/load.ts';
import { describePinning, pinThisProcess } from './measure/pinning.ts';
import { startOrigin } from './origin.ts';
import { graygate } from './peers/graygate.ts';
import { haproxy } from './peers/haproxy.ts';
import { nginxLua } from './peers/nginx-lua.ts';
import { nginxSplit } from './peers/nginx-split.ts';
import { byteRelay, fastifyHttpProxy, fastProxy, httpProxy3 } from './peers/node-peers.ts';
import type { Peer } from './peers/peer.ts';
import { describeMachine, entryOf, formatMarkdown, type Outcome } from './report.ts';
import type { Scenario } from './scenarios/scenario.ts';
import { smallGet } from './scenarios/small-get.ts';

const USAGE = `npm run bench -- [--quick] [--peers NAME,NAME] [--rounds N] [--seconds N] [--load wrk|autocannon]`;

const PEERS: readonly Peer[] = [
  graygate,
  nginxLua,
  nginxSplit,
  haproxy,
  fastifyHttpProxy,
  fastProxy,
  httpProxy3,
  byteRelay,
];
const SCENARIOS: readonly Scenario[] = [smallGet];
const RESULTS = fileURLToPath(new URL('results/', import.meta.url));

interface Plan {
  readonly peers: readonly Peer[];
  readonly rounds: number;
  readonly seconds: number;
  readonly warmupSeconds: number;
  readonly load: LoadGenerator;
}

function readPlan(): Plan {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      peers: { type: 'string' },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      load: { type: 'string' },
    },
  });
  const names = values.peers?.split(',');
  const peers = PEERS.filter(({ name, quick }) =>
    names === undefined ? quick || !values.quick : names.includes(name),
  );
  if (peers.length === 0) throw new Error(`no such peer; there are: ${PEERS.map(({ name }) => name).join(', ')}`);
  return {
    peers,
    rounds: Number(values.rounds ?? (values.quick ? 3 : 5)),
    seconds: Number(values.seconds ?? (values.quick ? 1 : 5)),
    warmupSeconds: values.quick ? 1 : 3,
    load: chooseLoadGenerator(values.load),
  };
}

/** Starts, verifies and measures all peers of one scenario: every round asks each of them once, in turn. */
async function runScenario(scenario: Scenario, plan: Plan, directory: string): Promise<Outcome> {
  const origin = await startOrigin(directory);
  let running: readonly Contender[] = [];
  try {
    const { contenders, skipped } = await enter(plan.peers, scenario, origin, directory);
    running = contenders;
    for (const { name, why } of skipped) say(`${name}: skipped, ${why}`);
    for (const contender of contenders) await measure(contender, scenario, plan.load, plan.warmupSeconds);
    const rounds = new Map<Contender, Round[]>(contenders.map((contender) => [contender, []]));
    for (let number = 1; number <= plan.rounds; number++) {
      for (const [contender, done] of rounds) {
        const round = await measure(contender, scenario, plan.load, plan.seconds);
        done.push(round);
        say(`round ${number}: ${contender.peer.name.padEnd(20)} ${round.cpuMicrosPerRequest.toFixed(2)} us/request`);
      }
    }
    if (plan.load !== autocannonLoad) await sayAutocannonView(contenders, scenario);
    return {
      scenario: scenario.name,
      about: scenario.about,
      when: new Date().toISOString(),
      machine: describeMachine(),
      pinning: describePinning(),
      origin: origin.kind,
      load: `${plan.load.name}, ${scenario.connections} connections`,
      secondsPerRound: plan.seconds,
      entries: [...rounds].map(([contender, done]) => entryOf(contender, done)),
      skipped,
    };
  } finally {
    await Promise.all(running.map((contender) => contender.process.stop()));
    await origin.stop();
  }
}

/** The simple view: what autocannon, which is slower than the proxies, sees of graygate and its nearest peers. */
async function sayAutocannonView(contenders: readonly Contender[], scenario: Scenario): Promise<void> {
  for (const contender of contenders.filter(({ peer }) => [graygate, nginxLua, fastifyHttpProxy].includes(peer))) {
    const { requestsPerSecond, p99Micros, errors } = await measure(contender, scenario, autocannonLoad, 1);
    const figures = `${Math.round(requestsPerSecond)} requests/s, p99 ${p99Micros / 1000} ms, ${errors} errors`;
    say(`autocannon: ${contender.peer.name.padEnd(20)} ${figures}`);
  }
}

/** Progress goes to stderr: stdout is the report alone. */
function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

async function main(): Promise<number> {
  let plan: Plan;
  try {
    plan = readPlan();
  } catch (error) {
    say(`${error instanceof Error ? error.message : error}\n${USAGE}`);
    return 2;
  }
  pinThisProcess();
  const directory = await mkdtemp(join(tmpdir(), 'graygate-bench-'));
  try {
    await mkdir(RESULTS, { recursive: true });
    for (const scenario of SCENARIOS) {
      const outcome = await runScenario(scenario, plan, directory);
      const file = join(RESULTS, `${outcome.when.replaceAll(':', '-')}-${scenario.name}.json`);
      await writeFile(file, `${JSON.stringify(outcome, null, 2)}\n`);
      process.stdout.write(`${formatMarkdown(outcome)}\n`);
      say(`written to ${file}`);
    }
    return 0;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

process.exitCode = await main();
