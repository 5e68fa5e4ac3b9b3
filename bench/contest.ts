import { join } from 'node:path';
import { cpuMicrosOfTree, residentBytesOfTree } from './measure/cpu.ts';
import type { LoadGenerator } from './measure/load.ts';
import { verify } from './measure/verify.ts';
import type { Origin } from './origin.ts';
import type { Peer } from './peers/peer.ts';
import { freePort, type RunningProcess, startServer } from './running-process.ts';
import type { Scenario } from './scenarios/scenario.ts';

/** A peer that runs, was verified, and may be measured. */
export interface Contender {
  readonly peer: Peer;
  readonly port: number;
  readonly process: RunningProcess;
  readonly configuration: string;
}

/** A peer that cannot be measured here, and why. */
export interface Skipped {
  readonly name: string;
  readonly why: string;
}

/** One measurement of one contender. */
export interface Round {
  /** User and system time of the proxy and all its processes, per request answered. */
  readonly cpuMicrosPerRequest: number;
  readonly requestsPerSecond: number;
  /** Part of one core that the proxy used: about 1 means that the proxy was the limit. */
  readonly busy: number;
  readonly p50Micros: number;
  readonly p99Micros: number;
  readonly p999Micros: number;
  readonly residentBytes: number;
  readonly errors: number;
}

/** Starts and verifies every peer. Who is missing, does not start or does not do the work is skipped with the reason. */
export async function enter(
  peers: readonly Peer[],
  scenario: Scenario,
  origin: Origin,
  directory: string,
): Promise<{ contenders: readonly Contender[]; skipped: readonly Skipped[] }> {
  const contenders: Contender[] = [];
  const skipped: Skipped[] = [];
  for (const peer of peers) {
    const missing = peer.missing();
    if (missing !== null) {
      skipped.push({ name: peer.name, why: `not installed; to have it: ${missing}` });
      continue;
    }
    try {
      contenders.push(await enterOne(peer, scenario, origin, directory));
    } catch (error) {
      skipped.push({ name: peer.name, why: error instanceof Error ? error.message : String(error) });
    }
  }
  return { contenders, skipped };
}

async function enterOne(peer: Peer, scenario: Scenario, origin: Origin, directory: string): Promise<Contender> {
  const port = await freePort();
  const { stablePort, canaryPort } = origin;
  const own = join(directory, peer.name.replace(/\W+/g, '-'));
  const { command, args, configuration } = await peer.prepare({
    directory: own,
    port,
    stablePort,
    canaryPort,
    scenario,
  });
  const process_ = await startServer('proxy', command, args, port);
  try {
    const wrong = await verify(peer, port, scenario, origin);
    if (wrong.length > 0) throw new Error(`failed the verification: ${wrong.join('; ')}`);
    return { peer, port, process: process_, configuration };
  } catch (error) {
    await process_.stop();
    throw error;
  }
}

/** Measures one contender once, at saturation where the load generator is fast enough. */
export async function measure(
  { port, process: process_ }: Contender,
  scenario: Scenario,
  load: LoadGenerator,
  seconds: number,
): Promise<Round> {
  const cpuBefore = cpuMicrosOfTree(process_.pid);
  const result = await load.run(port, scenario, seconds);
  const cpuMicros = cpuMicrosOfTree(process_.pid) - cpuBefore;
  const { requests, durationMicros, errors, p50Micros, p99Micros, p999Micros } = result;
  return {
    cpuMicrosPerRequest: cpuMicros / Math.max(1, requests),
    requestsPerSecond: requests / (durationMicros / 1e6),
    busy: cpuMicros / durationMicros,
    p50Micros,
    p99Micros,
    p999Micros,
    residentBytes: residentBytesOfTree(process_.pid),
    errors,
  };
}
