import { checkConfiguration } from '../app.ts';
import { formatIssue } from '../config/issue.ts';
import { parseArguments, required } from './arguments.ts';
import type { Command } from './command.ts';

export const checkCommand: Command = {
  name: 'check',
  summary: 'validate a configuration: one line a problem, exit 1 on any error',
  usage: 'check -c FILE [--json]',
  async run(args, terminal) {
    const { values } = parseArguments(args, { config: { type: 'string', short: 'c' }, json: { type: 'boolean' } }, 0);
    const path = required(values.config, 'the configuration (-c FILE)');
    const { issues, config } = checkConfiguration(path, terminal.env);
    if (values.json === true) terminal.out(`${JSON.stringify({ ok: config !== null, issues }, null, 2)}\n`);
    else terminal.out(issues.map((issue) => `${formatIssue(issue)}\n`).join(''));
    return config === null ? 1 : 0;
  },
};
