import { availableParallelism } from 'node:os';
import { createApp } from '../app.ts';
import { parseArguments, required, wholeNumber } from './arguments.ts';
import type { Command } from './command.ts';
import { logTo } from './log-lines.ts';
import { untilStopSignal } from './until-signal.ts';

const OPTIONS = {
  config: { type: 'string', short: 'c' },
  workers: { type: 'string' },
  state: { type: 'string' },
  'last-good': { type: 'boolean' },
} as const;

export const MAX_WORKERS = 512;

export const runCommand: Command = {
  name: 'run',
  summary: 'run the gateway',
  usage: 'run -c FILE [--workers N] [--state DIR] [--last-good]',
  async run(args, terminal) {
    const { values } = parseArguments(args, OPTIONS, 0);
    const configPath = required(values.config, 'the configuration (-c FILE)');
    const workers =
      values.workers === undefined ? availableParallelism() : wholeNumber(values.workers, '--workers', 0, MAX_WORKERS);
    const log = logTo(terminal);
    const app = await createApp({
      configPath,
      lastGood: values['last-good'] === true,
      workers,
      env: terminal.env,
      log,
      ...(values.state === undefined ? {} : { stateDirectory: values.state }),
    });
    const stopped = untilStopSignal({
      reload: () => {
        app.reopenLogs();
        void app.reload().catch((error) => log('error', String(error)));
      },
      restartWorkers: () => {
        app.reopenLogs();
        void app.restartWorkers();
      },
    });
    for (const listener of await app.start()) terminal.out(`listening ${listener.name} ${urlOf(listener)}\n`);
    terminal.out('ready\n');
    app.announced();
    const signal = await stopped;
    log('info', `${signal}: finishing what was begun; once more to stop at once`);
    await app.stop();
    return 0;
  },
};

export function urlOf({ address, port }: { readonly address: string; readonly port: number }): string {
  return `http://${address.includes(':') ? `[${address}]` : address}:${port}`;
}
