import { CommandError } from '../control/command-error.ts';
import type { WriteAnswer } from '../control/gateway-control.ts';
import type { DifferencesView, MirrorView } from '../control/mirror-view.ts';
import { type AdminClient, adminClientOf } from './admin-client.ts';
import { ADMIN_OPTIONS, ADMIN_USAGE } from './admin-options.ts';
import { parseArguments, required } from './arguments.ts';
import type { Command, Terminal } from './command.ts';
import { mirrorText } from './mirror-text.ts';

/** More fields than a route's mirror can ignore. */
const MAX_POSITIONALS = 256;

interface Flags {
  readonly json?: boolean | undefined;
  readonly reason?: string | undefined;
  readonly none?: boolean | undefined;
}

export const mirrorCommand: Command = {
  name: 'mirror',
  summary: 'what became of copies, and what the answers of shadows differ in',
  usage: `mirror show ROUTE ${ADMIN_USAGE}
mirror ignore ROUTE VERSION FIELD... [--reason TEXT]    call fields noise: /a/*/b, header:NAME, status, body
mirror ignore ROUTE VERSION --none                      ignore only what the file names
mirror forget ROUTE VERSION                             compare anew, after the shadow was changed`,
  async run(args, terminal) {
    const options = { ...ADMIN_OPTIONS, reason: { type: 'string' }, none: { type: 'boolean' } } as const;
    const { values, positionals } = parseArguments(args, options, MAX_POSITIONALS);
    const [action, route, version, ...fields] = positionals;
    const client = adminClientOf(values, terminal);
    if (action === 'show' && version === undefined) return show(client, required(route, 'the route'), values, terminal);
    const place = `api/mirrors/${encoded(route, 'the route')}/${encoded(version, 'the version')}`;
    if (action === 'ignore') return ignore(client, place, fields, values, terminal);
    if (action !== 'forget' || fields.length > 0)
      throw new CommandError('usage', `mirror does not know "${positionals.join(' ')}"`);
    await client.post(`${place}/forget`, {});
    terminal.out(values.json === true ? '{}\n' : `${route} -> ${version}: compares anew\n`);
    return 0;
  },
};

function encoded(value: string | undefined, what: string): string {
  return encodeURIComponent(required(value, what));
}

async function show(client: AdminClient, route: string, { json }: Flags, terminal: Terminal): Promise<number> {
  const { mirrors } = (await client.get('api/mirrors')) as { readonly mirrors: readonly MirrorView[] };
  const own = mirrors.filter((mirror) => mirror.route === route);
  if (own.length === 0) {
    const known = [...new Set(mirrors.map((mirror) => mirror.route))].join(', ') || 'none';
    throw new CommandError('not-found', `route ${route} has no mirror; routes that have: ${known}`);
  }
  const compared = [...new Set(own.filter(({ comparison }) => comparison !== null).map(({ mirror }) => mirror))];
  const differences = await Promise.all(
    compared.map(
      (mirror) =>
        client.get(
          `api/mirrors/${encodeURIComponent(route)}/${encodeURIComponent(mirror)}/differences`,
        ) as Promise<DifferencesView>,
    ),
  );
  terminal.out(
    json === true ? `${JSON.stringify({ mirrors: own, differences }, null, 2)}\n` : mirrorText(own, differences),
  );
  return 0;
}

async function ignore(
  client: AdminClient,
  place: string,
  fields: readonly string[],
  { json, reason, none }: Flags,
  terminal: Terminal,
): Promise<number> {
  if ((fields.length === 0) !== (none === true)) throw new CommandError('usage', 'give fields, or --none');
  const { ignore: before } = (await client.get(`${place}/differences`)) as DifferencesView;
  const body = {
    ignore: [...(none === true ? [] : before.live), ...fields],
    ...(reason === undefined ? {} : { reason }),
  };
  const answer = (await client.put(`${place}/ignored`, body, before.revision)) as WriteAnswer;
  const { ignore: after } = (await client.get(`${place}/differences`)) as DifferencesView;
  const text = `ignored (revision ${answer.revision}); to make the file say the same:\n${after.yaml}`;
  terminal.out(json === true ? `${JSON.stringify({ ...answer, ...after })}\n` : text);
  return 0;
}
