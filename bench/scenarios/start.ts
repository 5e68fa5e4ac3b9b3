import { spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pinned } from '../measure/pinning.ts';
import { type Origin, startOrigin } from '../origin/origin.ts';
import { caddy } from '../peers/caddy.ts';
import { graygate, graygateBuilt } from '../peers/graygate.ts';
import { haproxy } from '../peers/haproxy.ts';
import { nginxLua } from '../peers/nginx-lua.ts';
import { nginxSplit } from '../peers/nginx-split.ts';
import { fastifyHttpProxy } from '../peers/node-peers.ts';
import type { Peer } from '../peers/peer.ts';
import type { Findings, Skipped } from '../report/findings.ts';
import { withRange } from '../report/tables.ts';
import { freePort, stopProcess } from '../running-process.ts';
import { median } from '../statistics.ts';
import type { Bench, Scenario } from './scenario.ts';
import { headerRuledTraffic } from './traffic.ts';

const PEERS = [graygate, graygateBuilt, nginxSplit, nginxLua, haproxy, caddy, fastifyHttpProxy];
const STARTS = 5;
const GIVE_UP_MS = 10_000;
const TRAFFIC = headerRuledTraffic();
const SETUP = { workers: 0, routes: null, mirrorPort: null, profileDirectory: null };

/** How long after the command a proxy answers. */
export const start: Scenario = {
  name: 'start',
  about: 'from the command to the first answer',
  weight: 25,
  quick: false,
  run,
};

async function run(bench: Bench): Promise<Findings> {
  const origin = await startOrigin(bench.directory, false);
  const times = new Map<Peer, number[]>();
  const skipped: Skipped[] = [];
  try {
    for (const peer of PEERS) {
      const how = peer.missing();
      if (how === null) times.set(peer, []);
      else skipped.push({ name: peer.name, why: `not there; to have it: ${how}` });
    }
    for (let number = 0; number < STARTS && (number === 0 || !bench.box.isOver); number++) {
      for (const [peer, own] of times) {
        try {
          own.push(await secondsToAnswer(bench, peer, origin, number));
        } catch (error) {
          times.delete(peer);
          skipped.push({ name: peer.name, why: String(error) });
        }
      }
    }
  } finally {
    await origin.stop();
  }
  const judged = [...times].find(([peer]) => peer === graygateBuilt) ?? [...times][0];
  return {
    setting: `${STARTS} starts each, in turn, on the proxy's core; the files of all of them are in the page cache.`,
    entries: [],
    skipped,
    measured: [],
    tables: [
      {
        title: 'Seconds from the command to the first answer',
        columns: ['proxy', 'seconds'],
        rows: [...times].map(([peer, seconds]) => [peer.name, withRange(seconds, 3)]),
      },
    ],
    charts: [],
    verdicts:
      judged === undefined
        ? []
        : [
            {
              what: `start to first answer (${judged[0].name})`,
              value: median(judged[1]),
              unit: 's',
              atMost: 0.7,
              aim: 0.3,
            },
          ],
    notes: [],
  };
}

async function secondsToAnswer(bench: Bench, peer: Peer, origin: Origin, number: number): Promise<number> {
  const port = await freePort();
  const directory = join(bench.directory, `${peer.name.replace(/\W+/g, '-')}-${number}`);
  await mkdir(directory, { recursive: true });
  const launch = await peer.prepare({ directory, port, origin, traffic: TRAFFIC, setup: SETUP });
  const [command, args] = pinned('proxy', launch.command, launch.args);
  const startedAt = performance.now();
  const child = spawn(command, args, { stdio: 'ignore' });
  try {
    while (!(await answers(port))) {
      if (performance.now() - startedAt > GIVE_UP_MS) throw new Error(`${peer.name} does not answer`);
      await delay(2);
    }
    const seconds = (performance.now() - startedAt) / 1000;
    bench.say(`  ${peer.name.padEnd(22)} ${seconds.toFixed(3)} s`);
    return seconds;
  } finally {
    await stopProcess(child);
  }
}

function answers(port: number): Promise<boolean> {
  const { path, headers } = TRAFFIC.requestOf('user-1', 0, false);
  return new Promise((resolve) => {
    const outgoing = request({ host: '127.0.0.1', port, path, headers, agent: false, timeout: 1_000 }, (answer) => {
      answer.resume();
      resolve(answer.statusCode === 200);
    });
    outgoing.on('error', () => resolve(false));
    outgoing.on('timeout', () => outgoing.destroy());
    outgoing.end();
  });
}
