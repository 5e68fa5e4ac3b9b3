import type { AuditEntry } from '../control/audit.ts';
import { adminClientOf } from './admin-client.ts';
import { ADMIN_OPTIONS, ADMIN_USAGE } from './admin-options.ts';
import { parseArguments, wholeNumber } from './arguments.ts';
import type { Command } from './command.ts';
import { columns } from './table.ts';

interface Audit {
  readonly entries: readonly AuditEntry[];
}

export const auditCommand: Command = {
  name: 'audit',
  summary: 'every change, newest first: when, who, what, from, to, reason',
  usage: `audit [--limit N] ${ADMIN_USAGE}`,
  async run(args, terminal) {
    const { values } = parseArguments(args, { ...ADMIN_OPTIONS, limit: { type: 'string' } }, 0);
    const limit = wholeNumber(values.limit ?? '50', '--limit', 1, 1000);
    const audit = (await adminClientOf(values, terminal).get(`api/audit?limit=${limit}`)) as Audit;
    terminal.out(values.json === true ? `${JSON.stringify(audit, null, 2)}\n` : auditText(audit));
    return 0;
  },
};

function auditText({ entries }: Audit): string {
  const rows = entries.map(({ at, who, via, what, object, from, to, reason }) => {
    return [at, `${who} (${via})`, what, object, `${JSON.stringify(from)} -> ${JSON.stringify(to)}`, reason];
  });
  return columns([['WHEN', 'WHO', 'WHAT', 'OF', 'CHANGE', 'REASON'], ...rows]);
}
