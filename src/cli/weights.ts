import { CommandError } from '../control/command-error.ts';
import type { WriteAnswer } from '../control/gateway-control.ts';
import type { RouteStatus, Status } from '../control/status.ts';
import { type AdminClient, adminClientOf } from './admin-client.ts';
import { ADMIN_OPTIONS, ADMIN_USAGE } from './admin-options.ts';
import { parseArguments, required } from './arguments.ts';
import type { Command } from './command.ts';

const MAX_VERSIONS = 64;
const OPTIONS = {
  ...ADMIN_OPTIONS,
  adopt: { type: 'boolean' },
  reset: { type: 'boolean' },
  reason: { type: 'string' },
} as const;

export const weightsCommand: Command = {
  name: 'weights',
  summary: "set a route's live weights, adopt them, or go back to the file's",
  usage: `weights ROUTE VERSION=WEIGHT... [--reason TEXT] ${ADMIN_USAGE}
weights ROUTE --adopt      record the live weights as a revision; prints the YAML change
weights ROUTE --reset      back to what the file says`,
  async run(args, terminal) {
    const { values, positionals } = parseArguments(args, OPTIONS, MAX_VERSIONS);
    const [name, ...weights] = positionals;
    const routeName = required(name, 'the route');
    const body = bodyOf(weights, values.adopt === true, values.reset === true);
    const client = adminClientOf(values, terminal);
    const before = await routeOf(client, routeName);
    const path = `api/routes/${encodeURIComponent(routeName)}/weights`;
    const reason = values.reason === undefined ? {} : { reason: values.reason };
    const answer = (await client.put(path, { ...body, ...reason }, before.revision)) as WriteAnswer;
    const after = await routeOf(client, routeName);
    if (values.json === true) terminal.out(`${JSON.stringify({ ...answer, split: after.split })}\n`);
    else if (values.adopt === true) terminal.out(yamlChange(after));
    else terminal.out(`${routeName}: ${splitText(after.split)} (revision ${answer.revision})\n`);
    return 0;
  },
};

type Body = { readonly split: Record<string, number> } | { readonly adopt: true } | { readonly reset: true };

function bodyOf(weights: readonly string[], adopt: boolean, reset: boolean): Body {
  if (Number(adopt) + Number(reset) + Number(weights.length > 0) !== 1)
    throw new CommandError('usage', 'give weights as VERSION=WEIGHT, or --adopt, or --reset');
  if (adopt) return { adopt };
  if (reset) return { reset };
  return { split: Object.fromEntries(weights.map(weightOf)) };
}

function weightOf(text: string): [string, number] {
  const match = /^(.+)=(\d+(?:\.\d+)?)$/.exec(text);
  if (match === null) throw new CommandError('usage', `a weight is given as VERSION=NUMBER, not "${text}"`);
  return [match[1]!, Number(match[2])];
}

async function routeOf(client: AdminClient, name: string): Promise<RouteStatus> {
  const { routes } = (await client.get('api/status')) as Status;
  const route = routes.find((candidate) => candidate.name === name);
  if (route !== undefined) return route;
  const known = routes.map((one) => one.name).join(', ');
  throw new CommandError('not-found', `there is no route ${name}; there are ${known}`);
}

/** What makes the file say what is in force. */
function yamlChange({ name, split }: RouteStatus): string {
  return `routes:\n  - name: ${name}\n    split: ${splitText(split)}\n`;
}

function splitText(split: Readonly<Record<string, number>>): string {
  const parts = Object.entries(split).map(([version, weight]) => `${version}: ${weight}`);
  return `{ ${parts.join(', ')} }`;
}
