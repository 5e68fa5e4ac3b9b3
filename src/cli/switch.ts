import { CommandError } from '../control/command-error.ts';
import type { WriteAnswer } from '../control/gateway-control.ts';
import type { Status } from '../control/status.ts';
import { adminClientOf } from './admin-client.ts';
import { ADMIN_OPTIONS, ADMIN_USAGE } from './admin-options.ts';
import { onOrOff, parseArguments, required } from './arguments.ts';
import type { Command } from './command.ts';

export const switchCommand: Command = {
  name: 'switch',
  summary: 'flip a switch',
  usage: `switch NAME on|off [--reason TEXT] ${ADMIN_USAGE}`,
  async run(args, terminal) {
    const { values, positionals } = parseArguments(args, { ...ADMIN_OPTIONS, reason: { type: 'string' } }, 2);
    const name = required(positionals[0], 'the switch');
    const on = onOrOff(positionals[1]);
    const client = adminClientOf(values, terminal);
    const { switches } = (await client.get('api/status')) as Status;
    const before = Object.hasOwn(switches, name) ? switches[name] : undefined;
    if (before === undefined) {
      const known = Object.keys(switches).join(', ') || 'none';
      throw new CommandError('not-found', `there is no switch ${name}; there are: ${known}`);
    }
    const body = { on, ...(values.reason === undefined ? {} : { reason: values.reason }) };
    const answer = (await client.put(`api/switches/${encodeURIComponent(name)}`, body, before.revision)) as WriteAnswer;
    const text = `${name}: ${on ? 'on' : 'off'} (revision ${answer.revision})`;
    terminal.out(`${values.json === true ? JSON.stringify({ ...answer, on }) : text}\n`);
    return 0;
  },
};
