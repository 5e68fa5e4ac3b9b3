import type { WriteAnswer } from '../control/gateway-control.ts';
import { adminClientOf } from './admin-client.ts';
import { ADMIN_OPTIONS, ADMIN_USAGE } from './admin-options.ts';
import { parseArguments, required, wholeNumber } from './arguments.ts';
import type { Command } from './command.ts';

export const rollbackCommand: Command = {
  name: 'rollback',
  summary: 'put an accepted configuration back in force, until the file changes',
  usage: `rollback REVISION [--reason TEXT] ${ADMIN_USAGE}`,
  async run(args, terminal) {
    const { values, positionals } = parseArguments(args, { ...ADMIN_OPTIONS, reason: { type: 'string' } }, 1);
    const revision = wholeNumber(required(positionals[0], 'the revision'), 'the revision', 1, 999_999_999);
    const body = { revision, ...(values.reason === undefined ? {} : { reason: values.reason }) };
    const answer = (await adminClientOf(values, terminal).post('api/config/rollback', body)) as WriteAnswer;
    const text = `revision ${answer.revision} is in force (generation ${answer.generation}) until the file changes`;
    terminal.out(`${values.json === true ? JSON.stringify(answer) : text}\n`);
    return 0;
  },
};
