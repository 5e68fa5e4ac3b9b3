import type { Command } from './command.ts';
import { columns } from './table.ts';

/** The list of all commands. */
export async function helpText(commands: Promise<readonly Command[]>): Promise<string> {
  const rows = (await commands).map(({ name, summary }) => [name, summary]);
  return `Gray release without a mesh: decides, request by request, which version of a service answers.

usage: graygate COMMAND [ARGUMENTS]

${columns(rows, '  ')}
graygate help COMMAND says more. Commands that talk to a running gateway take --admin URL and --token TOKEN,
or GRAYGATE_ADMIN and GRAYGATE_TOKEN.
`;
}
