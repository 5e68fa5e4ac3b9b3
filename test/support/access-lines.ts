import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AccessLog, type AccessLogSettings } from '../../src/telemetry/access-log.ts';
import { eventually } from './eventually.ts';
import type { Gateway } from './gateway.ts';
import { temporaryDirectory } from './temporary-directory.ts';

export type AccessLine = Readonly<Record<string, unknown>>;

/** The access log of a gateway in this process, in a file of the running test's own. */
export class AccessLines implements AsyncDisposable {
  readonly #path = join(temporaryDirectory(), 'access.jsonl');
  readonly #log: AccessLog;

  constructor(gateway: Gateway, only: AccessLogSettings['only'] = 'all', draw: () => number = Math.random) {
    this.#log = new AccessLog({ to: this.#path, only }, { draw, notify: () => undefined, isHeld: false });
    gateway.plane.accessLog = this.#log;
  }

  /** All lines so far. Throws when one is not JSON. */
  all(): readonly AccessLine[] {
    if (!existsSync(this.#path)) return [];
    const lines = readFileSync(this.#path, 'utf8').split('\n').slice(0, -1);
    return lines.map((line) => JSON.parse(line) as AccessLine);
  }

  /** The lines, once there are so many. */
  async some(count: number): Promise<readonly AccessLine[]> {
    return eventually(() => {
      const lines = this.all();
      if (lines.length < count) throw new Error(`${lines.length} of ${count} lines`);
      return lines;
    });
  }

  async one(): Promise<AccessLine> {
    return (await this.some(1))[0]!;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#log.close();
  }
}
