import { fork } from 'node:child_process';
import type { Link } from './link.ts';
import type { FromWorker, ToWorker } from './messages.ts';
import { linkToChild } from './process-link.ts';

/** A worker that was started and may not answer yet. */
export interface StartedWorker {
  readonly link: Link<ToWorker, FromWorker>;
  readonly pid: number;
  /** Ends it at once, whatever it does. */
  kill(): void;
}

/**
 * Starts the program at `entry` as one of `workers` workers in a process of its own, on the Node that runs this one.
 * `baseDirectory`: where the configuration's relative paths begin.
 */
export function startWorkerProcess(entry: string, workers: number, baseDirectory: string): StartedWorker {
  const child = fork(entry, [`${workers}`, baseDirectory], {
    // Cloned as within one process, so that both forms carry the same.
    serialization: 'advanced',
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    // A debugger's port is the primary's.
    execArgv: process.execArgv.filter((flag) => !flag.startsWith('--inspect')),
  });
  // A process that could not be started closes its channel like one that died.
  child.on('error', () => undefined);
  return { link: linkToChild(child), pid: child.pid ?? 0, kill: () => void child.kill('SIGKILL') };
}
