import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { pinned } from '../measure/pinning.ts';
import type { Load, LoadResult } from './load.ts';

const SCRIPT = fileURLToPath(new URL('wrk-requests.lua', import.meta.url));

/** wrk with one thread: the cheapest client there is, in a closed loop. */
export const wrk: Load = {
  name: 'wrk',
  async prepare({ port, traffic, requestsFile, seconds }) {
    const [command, args] = pinned('rest', 'wrk', [
      ...['-t', '1', '-c', String(traffic.connections), '-d', `${Math.max(1, Math.round(seconds))}s`, '-s', SCRIPT],
      ...[`http://127.0.0.1:${port}`, '--', requestsFile],
    ]);
    return {
      async run() {
        const { stdout } = await promisify(execFile)(command, [...args]);
        const result = /^RESULT (.*)$/m.exec(stdout)?.[1];
        if (result === undefined) throw new Error(`wrk said: ${stdout}`);
        return { ...(JSON.parse(result) as Omit<LoadResult, 'lateP99Micros'>), lateP99Micros: null };
      },
      close: async () => {},
    };
  },
};
