import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { pinned } from '../measure/pinning.ts';
import type { Load, LoadResult, LoadTarget, PreparedLoad } from './load.ts';
import type { LoadOrder } from './load-run.ts';

const SCRIPT = fileURLToPath(new URL('processes/client.ts', import.meta.url));

/** Our own client: every connection asks again as soon as it is answered. */
export const closedLoop: Load = { name: 'own client', prepare: (target) => prepare(target, null) };

/** Our own client at a fixed rate: latency counts from when a request ought to have left. */
export function openLoop(requestsPerSecond: number): Load {
  return { name: `${requestsPerSecond} requests/s`, prepare: (target) => prepare(target, requestsPerSecond) };
}

async function prepare(target: LoadTarget, rate: number | null): Promise<PreparedLoad> {
  const { port, traffic, seconds, requestsFile } = target;
  const order: LoadOrder = { port, connections: traffic.connections, seconds, rate };
  const [command, args] = pinned('load', process.execPath, [SCRIPT, JSON.stringify(order), requestsFile]);
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const nextLine = async () => {
    const { value, done } = await lines.next();
    if (done === true) throw new Error('the load client ended before its time');
    return value;
  };
  await nextLine();
  return {
    async run() {
      child.stdin.write('run\n');
      return JSON.parse(await nextLine()) as LoadResult;
    },
    close: () => end(child),
  };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.stdin?.end();
  await ended;
}
