import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';

/** The core for the proxy under test; for everything else; for the load; those of a proxy with worker processes. */
export type Role = 'proxy' | 'rest' | 'load' | 'proxies';

const cores = availableParallelism();
const CORES: Readonly<Record<Role, string>> = {
  proxy: '1',
  rest: '0',
  load: cores > 2 ? '2' : '0',
  proxies: cores > 3 ? '1,3' : '0,1',
};

const canPin = cores >= 2 && spawnSync('taskset', ['--version']).status === 0;

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
  if (!canPin) return 'NOT pinned (needs two cores and taskset): the figures are rough';
  return `proxy alone on core ${CORES.proxy}; origin and harness on core ${CORES.rest}, load on core ${CORES.load}`;
}
