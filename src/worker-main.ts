import { aesCbc } from './adapters/aes-cbc.ts';
import { systemNames } from './adapters/names.ts';
import { placeDatabases } from './adapters/places.ts';
import { systemRandom } from './adapters/random.ts';
import { re2 } from './adapters/re2.ts';
import { ListCache } from './config/compile/list-cache.ts';
import type { FromWorker, ToWorker } from './workers/messages.ts';
import { linkToParent } from './workers/process-link.ts';
import { Worker } from './workers/worker.ts';

/** The program of one worker process; only the primary starts it. */
function main(): void {
  const link = linkToParent<FromWorker, ToWorker>();
  if (link === null) {
    process.stderr.write('graygate: this program is started by graygate run\n');
    process.exit(2);
  }
  // Signals reach the whole group of processes; what is to be done about them, the primary says.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR2'] as const) process.on(signal, () => undefined);
  // Also when the primary was killed: a worker that nobody can steer serves nobody.
  process.on('disconnect', () => process.exit(0));
  const [, , workers, baseDirectory = ''] = process.argv;
  const ports = { regex: re2, aes: aesCbc, places: placeDatabases(baseDirectory), lists: new ListCache() };
  const own = { random: systemRandom(), names: systemNames(), ...ports };
  new Worker({ link, ...own, workers: Number(workers), pid: process.pid });
}

function fail(error: unknown): never {
  const text = error instanceof Error ? error.stack : String(error);
  process.stderr.write(`graygate: worker process ${process.pid}: ${text}\n`);
  process.exit(1);
}

process.on('uncaughtException', fail);
process.on('unhandledRejection', fail);
main();
