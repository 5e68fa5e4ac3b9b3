import { version } from '../version.ts';
import { parseArguments } from './arguments.ts';
import type { Command } from './command.ts';

export const versionCommand: Command = {
  name: 'version',
  summary: 'print the version of Graygate and of Node',
  usage: 'version',
  async run(args, terminal) {
    parseArguments(args, {}, 0);
    terminal.out(`graygate ${version} (node ${process.version})\n`);
    return 0;
  },
};
