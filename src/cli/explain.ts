import { explainOffline } from '../app.ts';
import { CommandError } from '../control/command-error.ts';
import type { RequestSample } from '../control/request-sample.ts';
import type { Explanation } from '../core/explain.ts';
import { adminClientOf } from './admin-client.ts';
import { parseArguments, required } from './arguments.ts';
import type { Command, Terminal } from './command.ts';
import { explanationText } from './explanation-text.ts';
import { decisionOf, type LoggedRequest, logLineOf } from './logged-request.ts';
import { columns } from './table.ts';

const OPTIONS = {
  config: { type: 'string', short: 'c' },
  admin: { type: 'string' },
  token: { type: 'string' },
  method: { type: 'string', short: 'X' },
  header: { type: 'string', short: 'H', multiple: true },
  data: { type: 'string', short: 'd' },
  ip: { type: 'string' },
  time: { type: 'string' },
  listener: { type: 'string' },
  trusted: { type: 'boolean' },
  decision: { type: 'string' },
  'log-line': { type: 'string' },
  json: { type: 'boolean' },
} as const;

export const explainCommand: Command = {
  name: 'explain',
  summary: 'say which rule and version a request would get, and why',
  usage: `explain -c FILE [-X METHOD] URL [-H 'NAME: VALUE']... [-d BODY] [--ip ADDRESS] [--time TIME] [--json]
        [--listener NAME] [--trusted]                      at this listener; from a proxy that it trusts
explain --admin URL [--token TOKEN] [-X METHOD] URL ...    ask a running gateway
explain --decision ID [--admin URL] [--token TOKEN]        why a running gateway decided so (ids: GET /api/decisions)
explain --log-line FILE|- (-c FILE | --admin URL)          the same for a line of the access log, which has no header fields`,
  async run(args, terminal) {
    const { values, positionals } = parseArguments(args, OPTIONS, 1);
    if (values.config !== undefined && values.admin !== undefined)
      throw new CommandError('usage', 'give -c FILE or --admin URL, not both');
    const logged = await loggedOf(values, terminal);
    if (logged !== null && positionals.length > 0)
      throw new CommandError(
        'usage',
        `unexpected argument "${positionals[0]}": the request is the one that was logged`,
      );
    const sample = logged?.sample ?? describedOf(values, positionals[0]);
    const explanation = await ask(sample, values, terminal);
    if (values.json === true) {
      const all = logged === null ? explanation : { ...explanation, logged: logged.logged, withheld: logged.withheld };
      terminal.out(`${JSON.stringify(all, null, 2)}\n`);
    } else {
      terminal.out(`${logged === null ? '' : loggedText(logged)}${explanationText(explanation)}`);
    }
    return 0;
  },
};

type Values = ReturnType<typeof parseArguments<typeof OPTIONS>>['values'];

/** A request that came in once; null: one is described by the other arguments. */
async function loggedOf(values: Values, terminal: Terminal): Promise<LoggedRequest | null> {
  const { decision, 'log-line': logLine } = values;
  if (decision === undefined) return logLine === undefined ? null : logLineOf(logLine);
  if (logLine !== undefined) throw new CommandError('usage', 'give --decision ID or --log-line FILE, not both');
  if (values.config !== undefined)
    throw new CommandError('usage', 'a decision is asked of the gateway that made it: give --admin URL');
  return decisionOf(decision, adminClientOf(values, terminal));
}

function describedOf(values: Values, url: string | undefined): RequestSample {
  return {
    method: values.method ?? (values.data === undefined ? 'GET' : 'POST'),
    url: required(url, 'the URL'),
    headers: (values.header ?? []).map(headerOf),
    body: values.data === undefined ? null : Buffer.from(values.data),
    clientAddress: values.ip ?? '127.0.0.1',
    timeMs: timeOf(values.time),
    listener: values.listener ?? null,
    trusted: values.trusted === true,
  };
}

/** What came of it then, above what would come of it now. */
function loggedText({ logged, withheld }: LoggedRequest): string {
  const { time, status, version, intended, reason, rule } = logged;
  const meant = version === intended ? `version ${version ?? 'none'}` : `version ${version ?? 'none'} for ${intended}`;
  const rows = [['logged', `${time}: status ${status}, ${meant}, reason ${reason}, rule ${rule ?? '-'}`]];
  if (withheld.length > 0) rows.push(['not kept', `${withheld.join(', ')}: what looks at them may come out otherwise`]);
  return `${columns(rows)}now\n`;
}

interface Source {
  readonly config?: string | undefined;
  readonly admin?: string | undefined;
  readonly token?: string | undefined;
  readonly decision?: string | undefined;
}

async function ask(sample: RequestSample, source: Source, terminal: Terminal): Promise<Explanation> {
  if (source.config !== undefined) return explainOffline(source.config, terminal.env, sample);
  if (source.admin === undefined && source.decision === undefined && terminal.env['GRAYGATE_ADMIN'] === undefined) {
    throw new CommandError('usage', 'give the configuration with -c FILE, or a running gateway with --admin URL');
  }
  const { body, timeMs, headers, ...rest } = sample;
  const answer = await adminClientOf(source, terminal).post('api/explain', {
    ...rest,
    headers: valuesByName(headers),
    ...(body === null ? {} : { bodyBase64: Buffer.from(body).toString('base64') }),
    time: new Date(timeMs).toISOString(),
  });
  return answer as Explanation;
}

function headerOf(line: string): [string, string] {
  const colonAt = line.indexOf(':');
  if (colonAt <= 0) throw new CommandError('usage', `a header is given as 'NAME: VALUE', not "${line}"`);
  return [line.slice(0, colonAt), line.slice(colonAt + 1).trim()];
}

function valuesByName(headers: RequestSample['headers']): Record<string, string[]> {
  const values = new Map<string, string[]>();
  for (const [name, value] of headers) values.set(name, [...(values.get(name) ?? []), value]);
  return Object.fromEntries(values);
}

function timeOf(text: string | undefined): number {
  if (text === undefined) return Date.now();
  const timeMs = Date.parse(text);
  if (Number.isNaN(timeMs))
    throw new CommandError('usage', `"${text}" is no time (example: 2026-11-22T08:30:00+08:00)`);
  return timeMs;
}
