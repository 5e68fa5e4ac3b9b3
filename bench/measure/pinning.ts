import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';

/** The core for the proxy under test, and the one for everything else. */
export type Role = 'proxy' | 'rest';

const CORES: Readonly<Record<Role, string>> = { proxy: '1', rest: '0' };

const canPin = availableParallelism() >= 2 && spawnSync('taskset', ['--version']).status === 0;

/** A command that runs on the core of its role; the command as it is where cores cannot be chosen. */
export function pinned(role: Role, command: string, args: readonly string[]): readonly [string, readonly string[]] {
  return canPin ? ['taskset', ['-c', CORES[role], command, ...args]] : [command, args];
}

/** Moves this very process to the core of the rest, so that it never takes time from a proxy. */
export function pinThisProcess(): void {
  if (canPin) spawnSync('taskset', ['-a', '-p', '-c', CORES.rest, String(process.pid)]);
}

/** One sentence for the report. */
export function describePinning(): string {
  return canPin
    ? 'proxy alone on core 1; load, origin and harness on core 0'
    : 'NOT pinned (needs two cores and taskset): the figures are rough';
}
