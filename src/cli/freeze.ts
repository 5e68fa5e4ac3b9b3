import { CommandError } from '../control/command-error.ts';
import type { WriteAnswer } from '../control/gateway-control.ts';
import { adminClientOf } from './admin-client.ts';
import { ADMIN_OPTIONS, ADMIN_USAGE } from './admin-options.ts';
import { onOrOff, parseArguments } from './arguments.ts';
import type { Command } from './command.ts';

export const freezeCommand: Command = {
  name: 'freeze',
  summary: 'refuse every raise of a share until it is lifted',
  usage: `freeze on --reason TEXT ${ADMIN_USAGE}
freeze off`,
  async run(args, terminal) {
    const { values, positionals } = parseArguments(args, { ...ADMIN_OPTIONS, reason: { type: 'string' } }, 1);
    const on = onOrOff(positionals[0]);
    if (on && (values.reason ?? '') === '') throw new CommandError('usage', 'say why, with --reason TEXT');
    const body = { on, ...(values.reason === undefined ? {} : { reason: values.reason }) };
    const answer = (await adminClientOf(values, terminal).post('api/freeze', body)) as WriteAnswer;
    terminal.out(`${values.json === true ? JSON.stringify({ ...answer, on }) : on ? 'frozen' : 'no longer frozen'}\n`);
    return 0;
  },
};
