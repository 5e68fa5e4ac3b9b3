import type { RevisionSummary } from '../control/state-store.ts';
import { adminClientOf } from './admin-client.ts';
import { ADMIN_OPTIONS, ADMIN_USAGE } from './admin-options.ts';
import { parseArguments } from './arguments.ts';
import type { Command } from './command.ts';
import { columns } from './table.ts';

interface History {
  readonly revisions: readonly (RevisionSummary & { readonly inForce: boolean })[];
}

export const historyCommand: Command = {
  name: 'history',
  summary: 'the accepted configurations, newest first',
  usage: `history ${ADMIN_USAGE}`,
  async run(args, terminal) {
    const { values } = parseArguments(args, ADMIN_OPTIONS, 0);
    const history = (await adminClientOf(values, terminal).get('api/config/history')) as History;
    terminal.out(values.json === true ? `${JSON.stringify(history, null, 2)}\n` : historyText(history));
    return 0;
  },
};

function historyText({ revisions }: History): string {
  const rows = revisions.map(({ revision, acceptedAt, by, adopted, inForce }) => {
    const who = by === null ? '' : `${by.who} (${by.via})`;
    const note = adopted.length > 0 ? `live weights of ${adopted.join(', ')}` : '';
    return [`${revision}`, acceptedAt, who, inForce ? 'in force' : '', note];
  });
  return columns([['REVISION', 'ACCEPTED', 'BY'], ...rows]);
}
