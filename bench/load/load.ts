import { execFile, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import autocannon from 'autocannon';
import type { Scenario } from '../scenarios/scenario.ts';
import { pinned } from './pinning.ts';

/** What one run of load saw from the client's side. */
export interface LoadResult {
  readonly requests: number;
  readonly durationMicros: number;
  /** Statuses other than 2xx and 3xx, broken connections and timeouts. */
  readonly errors: number;
  readonly p50Micros: number;
  readonly p99Micros: number;
  readonly p999Micros: number;
}

/** Sends as much as the connections carry, for so many seconds. */
export interface LoadGenerator {
  readonly name: string;
  run(port: number, scenario: Scenario, seconds: number): Promise<LoadResult>;
}

const SCRIPT = fileURLToPath(new URL('wrk-users.lua', import.meta.url));

const wrk: LoadGenerator = {
  name: 'wrk',
  async run(port, scenario, seconds) {
    const headers = Object.entries(scenario.headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
    const [, prefix = '', first = '0'] = /^(.*?)(\d+)$/.exec(scenario.users[0] ?? '') ?? [];
    const forScript = [scenario.path, scenario.userHeader, prefix, first, String(scenario.users.length)];
    const rule = [scenario.rule.header, scenario.rule.value, String(scenario.ruleEvery)];
    const [command, args] = pinned('rest', 'wrk', [
      ...['-t', '1', '-c', String(scenario.connections), '-d', `${seconds}s`, '-s', SCRIPT, ...headers],
      ...[`http://127.0.0.1:${port}`, '--', ...forScript, ...rule],
    ]);
    const { stdout } = await promisify(execFile)(command, args);
    const result = /^RESULT (.*)$/m.exec(stdout)?.[1];
    if (result === undefined) throw new Error(`wrk said: ${stdout}`);
    return JSON.parse(result) as LoadResult;
  },
};

/** Slower than most of the proxies measured: the load stays below saturation, the cost per request stays true. */
export const autocannonLoad: LoadGenerator = {
  name: 'autocannon',
  async run(port, scenario, seconds) {
    const result = await autocannon({
      url: `http://127.0.0.1:${port}`,
      connections: scenario.connections,
      duration: seconds,
      requests: scenario.users.map((user, index) => ({
        method: 'GET',
        path: scenario.path,
        headers: {
          ...scenario.headers,
          [scenario.userHeader]: user,
          ...((index + 1) % scenario.ruleEvery === 0 && { [scenario.rule.header]: scenario.rule.value }),
        },
      })),
    });
    return {
      requests: result.requests.total,
      durationMicros: result.duration * 1e6,
      errors: result.errors + result.timeouts + result.non2xx,
      p50Micros: result.latency.p50 * 1000,
      p99Micros: result.latency.p99 * 1000,
      p999Micros: result.latency.p99_9 * 1000,
    };
  },
};

/** wrk where it is installed, autocannon elsewhere or when asked for. */
export function chooseLoadGenerator(wanted: string | undefined): LoadGenerator {
  if (wanted === 'autocannon') return autocannonLoad;
  const installed = spawnSync('wrk', ['-v']).error === undefined;
  if (wanted === 'wrk' && !installed) throw new Error('wrk is not installed (apt-get install wrk)');
  return installed ? wrk : autocannonLoad;
}
