import { didYouMean } from '../config/did-you-mean.ts';
import { CommandError } from '../control/command-error.ts';
import { version } from '../version.ts';
import type { Command, Terminal } from './command.ts';
import { helpText } from './help.ts';

/** Each command is loaded when it is asked for, so that a small one does not wait for a whole gateway to load. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  run: async () => (await import('./run.ts')).runCommand,
  check: async () => (await import('./check.ts')).checkCommand,
  explain: async () => (await import('./explain.ts')).explainCommand,
  status: async () => (await import('./status.ts')).statusCommand,
  weights: async () => (await import('./weights.ts')).weightsCommand,
  switch: async () => (await import('./switch.ts')).switchCommand,
  freeze: async () => (await import('./freeze.ts')).freezeCommand,
  endpoint: async () => (await import('./endpoint.ts')).endpointCommand,
  mirror: async () => (await import('./mirror.ts')).mirrorCommand,
  history: async () => (await import('./history.ts')).historyCommand,
  rollback: async () => (await import('./rollback.ts')).rollbackCommand,
  audit: async () => (await import('./audit.ts')).auditCommand,
  demo: async () => (await import('./demo.ts')).demoCommand,
  schema: async () => (await import('./schema.ts')).schemaCommand,
  version: async () => (await import('./version.ts')).versionCommand,
};

/** Runs one command line, without the program's name, and returns the exit code. Never throws for what is refused. */
export async function runCli(args: readonly string[], terminal: Terminal): Promise<number> {
  try {
    return await dispatch(args, terminal);
  } catch (error) {
    if (!(error instanceof CommandError) || error.code === 'internal') throw error;
    terminal.err(`graygate: ${error.message}\n`);
    return error.exitCode;
  }
}

async function dispatch([name, ...args]: readonly string[], terminal: Terminal): Promise<number> {
  if (name === undefined) {
    terminal.err(await helpText(commands()));
    return 2;
  }
  if (name === 'help' || name === '--help' || name === '-h') return help(args, terminal);
  if (name === '--version' || name === '-V') {
    terminal.out(`${version}\n`);
    return 0;
  }
  const command = await find(name);
  if (args.includes('--help') || args.includes('-h')) return help([name], terminal);
  try {
    return await command.run(args, terminal);
  } catch (error) {
    if (!(error instanceof CommandError) || error.code !== 'usage') throw error;
    throw new CommandError('usage', `${error.message}\n${usageText(command)}`, { cause: error });
  }
}

async function help([name]: readonly string[], terminal: Terminal): Promise<number> {
  if (name === undefined) {
    terminal.out(await helpText(commands()));
    return 0;
  }
  const command = await find(name);
  terminal.out(`${command.summary}\n${usageText(command)}\n`);
  return 0;
}

function commands(): Promise<Command[]> {
  return Promise.all(Object.values(COMMANDS).map((load) => load()));
}

async function find(name: string): Promise<Command> {
  const load = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (load !== undefined) return load();
  const hint = didYouMean(name, Object.keys(COMMANDS));
  throw new CommandError(
    'usage',
    `unknown command "${name}"${hint === null ? '' : `; ${hint}`}\nusage: graygate COMMAND [ARGUMENTS]; graygate help lists the commands`,
  );
}

function usageText(command: Command): string {
  return command.usage
    .split('\n')
    .map((line, at) => `${at === 0 ? 'usage:' : '      '} graygate ${line}`)
    .join('\n');
}
