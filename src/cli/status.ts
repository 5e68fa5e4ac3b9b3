import type { Status } from '../control/status.ts';
import { adminClientOf } from './admin-client.ts';
import { parseArguments } from './arguments.ts';
import type { Command } from './command.ts';
import { statusText } from './status-text.ts';

export const statusCommand: Command = {
  name: 'status',
  summary: 'what a running gateway does now: listeners, shares, endpoints, workers',
  usage: 'status [--admin URL] [--token TOKEN] [--json]',
  async run(args, terminal) {
    const { values } = parseArguments(
      args,
      { admin: { type: 'string' }, token: { type: 'string' }, json: { type: 'boolean' } },
      0,
    );
    const status = (await adminClientOf(values, terminal).get('api/status')) as Status;
    terminal.out(values.json === true ? `${JSON.stringify(status, null, 2)}\n` : statusText(status));
    return 0;
  },
};
