import { createApp } from '../app.ts';
import { CommandError } from '../control/command-error.ts';
import { type DemoGateway, runDemo } from '../demo/run-demo.ts';
import { parseArguments, wholeNumber } from './arguments.ts';
import type { Command, Terminal } from './command.ts';
import { logTo } from './log-lines.ts';
import { MAX_WORKERS, urlOf } from './run.ts';
import { untilStopSignal } from './until-signal.ts';

const OPTIONS = { port: { type: 'string' }, 'admin-port': { type: 'string' }, workers: { type: 'string' } } as const;

export const demoCommand: Command = {
  name: 'demo',
  summary: 'bring up demo services and a gateway before them on this machine',
  usage: 'demo [--port 8080] [--admin-port 9900] [--workers 0]',
  async run(args, terminal) {
    const { values } = parseArguments(args, OPTIONS, 0);
    const workers = wholeNumber(values.workers ?? '0', '--workers', 0, MAX_WORKERS);
    const stopped = untilStopSignal({});
    let announced = () => {};
    const demo = await runDemo({
      port: wholeNumber(values.port ?? '8080', '--port', 0, 65_535),
      adminPort: wholeNumber(values['admin-port'] ?? '9900', '--admin-port', 0, 65_535),
      startGateway: async (configFile) => {
        const { announced: told, ...gateway } = await startGateway(configFile, workers, terminal);
        announced = told;
        return gateway;
      },
      print: terminal.out,
    });
    announced();
    await stopped;
    await demo.close();
    return 0;
  },
};

async function startGateway(
  configPath: string,
  workers: number,
  terminal: Terminal,
): Promise<DemoGateway & { announced(): void }> {
  const log = logTo(terminal);
  const app = await createApp({
    configPath,
    workers,
    env: terminal.env,
    log: (level, text) => level !== 'info' && log(level, text),
  });
  const listeners = await app.start();
  const find = (name: string) => {
    const listener = listeners.find((candidate) => candidate.name === name);
    if (listener === undefined) throw new CommandError('internal', `the demo configuration has no listener ${name}`);
    return urlOf(listener);
  };
  return {
    gatewayUrl: find('edge'),
    adminUrl: find('admin'),
    stop: () => app.stop(),
    announced: () => app.announced(),
  };
}
