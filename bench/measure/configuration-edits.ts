import { rename, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { Contender } from '../arena.ts';

const GIVE_UP_MS = 60_000;
const PROBE_EVERY_MS = 5;

/**
 * Edits the file that a running gateway follows: the last route's traffic goes all to canary, all to stable, and so on. A
 * probe of that route shows when requests follow.
 */
export class ConfigurationEdits {
  readonly #file: string;
  readonly #port: number;
  readonly #path: string;
  readonly #before: string;
  readonly #after: string;
  /** Where the probe goes now; null: not yet known. */
  #isCanary: boolean | null = null;

  constructor({ port, launch }: Contender, path: string) {
    const { configuration, file = '' } = launch;
    const at = configuration.lastIndexOf('split: {');
    this.#before = configuration.slice(0, at);
    this.#after = configuration.slice(configuration.indexOf('\n', at));
    this.#file = file;
    this.#port = port;
    this.#path = path;
  }

  /** One edit; resolves with the seconds until a request followed it. */
  async flip(): Promise<number> {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    try {
      this.#isCanary ??= (await this.#ask(agent)) === 'canary';
      const wanted = this.#isCanary ? 'stable' : 'canary';
      const startedAt = performance.now();
      await this.#write();
      while ((await this.#ask(agent)) !== wanted) {
        if (performance.now() - startedAt > GIVE_UP_MS) throw new Error('the gateway does not follow its file');
        await delay(PROBE_EVERY_MS);
      }
      return (performance.now() - startedAt) / 1000;
    } finally {
      agent.destroy();
    }
  }

  /** One edit after the other, each followed before the next, at least so far apart; stops when told and says how many. */
  keepFlipping(everyMs: number): () => Promise<number> {
    let isGoingOn = true;
    let flips = 0;
    const all = (async () => {
      while (isGoingOn) {
        const [seconds] = await Promise.all([this.flip(), delay(everyMs)]);
        flips += Number.isFinite(seconds) ? 1 : 0;
      }
    })();
    return async () => {
      isGoingOn = false;
      await all;
      return flips;
    };
  }

  /** Renamed into place, as editors do: nobody reads half a file. */
  async #write(): Promise<void> {
    this.#isCanary = this.#isCanary !== true;
    const split = this.#isCanary ? 'split: { stable: 0, canary: 100 }' : 'split: { stable: 100, canary: 0 }';
    await writeFile(`${this.#file}.new`, `${this.#before}${split}${this.#after}`);
    await rename(`${this.#file}.new`, this.#file);
  }

  #ask(agent: Agent): Promise<string> {
    const options = { agent, host: '127.0.0.1', port: this.#port, path: this.#path, headers: { 'x-user': 'probe' } };
    return new Promise((resolve) => {
      const outgoing = request(options, (answer) => {
        answer.resume();
        answer.on('end', () => resolve(String(answer.headers['x-version'] ?? '')));
        answer.on('error', () => resolve(''));
      });
      outgoing.on('error', () => resolve(''));
      outgoing.end();
    });
  }
}
