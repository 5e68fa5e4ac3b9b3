import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { cpus, release, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describePinning, pinThisProcess } from './measure/pinning.ts';
import { describeProfiles } from './measure/profile.ts';
import { allPeers } from './peers/all.ts';
import { type Order, readOrder, USAGE } from './plan.ts';
import type { Outcome, Report, Skipped } from './report/findings.ts';
import { formatMarkdown } from './report/markdown.ts';
import { writeReport } from './report/write-report.ts';
import { stopEverything } from './running-process.ts';
import { allScenarios, toCome } from './scenarios/all.ts';
import type { Scenario } from './scenarios/scenario.ts';
import { TimeBox } from './time-box.ts';

const RESULTS = fileURLToPath(new URL('results/', import.meta.url));

/** Progress goes to stderr: stdout is the report alone. */
function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** One scenario after the other, each in a part of the time that is left. */
async function runAll({ scenarios, plan, minutes }: Order, directory: string) {
  const outcomes: Outcome[] = [];
  const missing: Skipped[] = [];
  const whole = new TimeBox(minutes * 60_000);
  let weightToCome = scenarios.reduce((sum, { weight }) => sum + weight, 0);
  for (const scenario of scenarios) {
    const { name, about, weight } = scenario;
    const box = whole.part(weight, weightToCome);
    weightToCome -= weight;
    if (whole.isOver) {
      missing.push({ name, why: 'no time left (--minutes)' });
      continue;
    }
    say(`${name}: ${about}`);
    const own = await mkdtemp(join(directory, 'scenario-'));
    try {
      const findings = await scenario.run({ plan, box, directory: own, say });
      outcomes.push({ scenario: name, about, ...findings });
    } catch (error) {
      missing.push({ name, why: error instanceof Error ? error.message : String(error) });
      say(`${name}: failed, ${error instanceof Error ? error.stack : error}`);
    } finally {
      await rm(own, { recursive: true, force: true });
    }
  }
  return { outcomes, missing };
}

async function measureAll(order: Order): Promise<Report> {
  const directory = await mkdtemp(join(tmpdir(), 'graygate-bench-'));
  const startedAt = performance.now();
  try {
    const { outcomes, missing } = await runAll(order, directory);
    return {
      when: new Date().toISOString(),
      machine: describeMachine(),
      pinning: describePinning(),
      versions: allPeers.map((peer) => {
        const how = peer.missing();
        return `${peer.name}: ${how === null ? peer.version() : `not installed (${how})`}`;
      }),
      minutes: (performance.now() - startedAt) / 60_000,
      outcomes,
      missing: [...missing, ...(isWhole(order.scenarios) ? toCome : [])],
    };
  } finally {
    await stopEverything();
    await rm(directory, { recursive: true, force: true });
  }
}

function isWhole(scenarios: readonly Scenario[]): boolean {
  return scenarios.length === allScenarios.length;
}

function describeMachine(): string {
  const all = cpus();
  return `${all.length} x ${all[0]?.model.trim() ?? 'unknown processor'}, ${process.platform} ${release()}`;
}

async function main(): Promise<number> {
  let order: Order;
  try {
    const peerNames = allPeers.map(({ name }) => name);
    order = readOrder(process.argv.slice(2), allScenarios, peerNames);
  } catch (error) {
    say(`${error instanceof Error ? error.message : error}\n${USAGE}`);
    return 2;
  }
  for (const peer of allPeers) {
    const how = peer.missing();
    if (how !== null) say(`${peer.name} is not installed and will be left out; to have it: ${how}`);
  }
  pinThisProcess();
  const report = await measureAll(order);
  const target = resolve(order.reportDirectory ?? join(RESULTS, report.when.replaceAll(':', '-')));
  await mkdir(target, { recursive: true });
  await writeReport(target, report);
  process.stdout.write(formatMarkdown(report));
  say(`written to ${target}`);
  const { profileDirectory } = order.plan;
  if (profileDirectory !== null) for (const line of await describeProfiles(profileDirectory)) say(line);
  return report.outcomes.length > 0 ? 0 : 1;
}

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void stopEverything().then(() => process.exit(130)));
process.exitCode = await main();
