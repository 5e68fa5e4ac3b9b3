import { CommandError } from '../control/command-error.ts';
import type { WriteAnswer } from '../control/gateway-control.ts';
import { adminClientOf } from './admin-client.ts';
import { ADMIN_OPTIONS, ADMIN_USAGE } from './admin-options.ts';
import { parseArguments, required } from './arguments.ts';
import type { Command } from './command.ts';

export const endpointCommand: Command = {
  name: 'endpoint',
  summary: 'take an endpoint or a version out of service, or back in',
  usage: `endpoint drain|ready URL|SERVICE/VERSION [--reason TEXT] ${ADMIN_USAGE}`,
  async run(args, terminal) {
    const { values, positionals } = parseArguments(args, { ...ADMIN_OPTIONS, reason: { type: 'string' } }, 2);
    const action = required(positionals[0], 'drain or ready');
    if (action !== 'drain' && action !== 'ready')
      throw new CommandError('usage', `an endpoint is told drain or ready, not "${action}"`);
    const url = required(positionals[1], 'the endpoint');
    const body = { url, ...(values.reason === undefined ? {} : { reason: values.reason }) };
    const answer = (await adminClientOf(values, terminal).post(`api/endpoints/${action}`, body)) as WriteAnswer;
    const text = `${url}: ${action === 'drain' ? 'drained, gets no new request' : 'ready'}`;
    terminal.out(`${values.json === true ? JSON.stringify(answer) : text}\n`);
    return 0;
  },
};
