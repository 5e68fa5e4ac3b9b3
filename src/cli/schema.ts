import { renderJsonSchema } from '../config/json-schema.ts';
import { parseArguments } from './arguments.ts';
import type { Command } from './command.ts';

export const schemaCommand: Command = {
  name: 'schema',
  summary: 'print the JSON Schema of the configuration, for editors',
  usage: 'schema',
  async run(args, terminal) {
    parseArguments(args, {}, 0);
    terminal.out(renderJsonSchema());
    return 0;
  },
};
