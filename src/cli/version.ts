import { version } from '../version.ts';
import { parseArguments } from './arguments.ts';
import type { Command } from './command.ts';

export const versionCommand: Command = {
  name: 'version',
  summary: 'print the version of Graygate and of Node',
  usage: 'version [--json]',
  async run(args, terminal) {
    const { values } = parseArguments(args, { json: { type: 'boolean' } }, 0);
    const text = `graygate ${version} (node ${process.version})`;
    terminal.out(`${values['json'] === true ? JSON.stringify({ graygate: version, node: process.version }) : text}\n`);
    return 0;
  },
};
