import { explainOffline } from '../app.ts';
import { CommandError } from '../control/command-error.ts';
import type { RequestSample } from '../control/request-sample.ts';
import type { Explanation } from '../core/explain.ts';
import { adminClientOf } from './admin-client.ts';
import { parseArguments, required } from './arguments.ts';
import type { Command, Terminal } from './command.ts';
import { explanationText } from './explanation-text.ts';

const OPTIONS = {
  config: { type: 'string', short: 'c' },
  admin: { type: 'string' },
  token: { type: 'string' },
  method: { type: 'string', short: 'X' },
  header: { type: 'string', short: 'H', multiple: true },
  data: { type: 'string', short: 'd' },
  ip: { type: 'string' },
  time: { type: 'string' },
  json: { type: 'boolean' },
} as const;

export const explainCommand: Command = {
  name: 'explain',
  summary: 'say which rule and version a request would get, and why',
  usage: `explain -c FILE [-X METHOD] URL [-H 'NAME: VALUE']... [-d BODY] [--ip ADDRESS] [--time TIME] [--json]
explain --admin URL [--token TOKEN] [-X METHOD] URL ...    ask a running gateway`,
  async run(args, terminal) {
    const { values, positionals } = parseArguments(args, OPTIONS, 1);
    if (values.config !== undefined && values.admin !== undefined)
      throw new CommandError('usage', 'give -c FILE or --admin URL, not both');
    const sample: RequestSample = {
      method: values.method ?? (values.data === undefined ? 'GET' : 'POST'),
      url: required(positionals[0], 'the URL'),
      headers: (values.header ?? []).map(headerOf),
      body: values.data === undefined ? null : Buffer.from(values.data),
      clientAddress: values.ip ?? '127.0.0.1',
      timeMs: timeOf(values.time),
    };
    const explanation = await ask(sample, values, terminal);
    terminal.out(values.json === true ? `${JSON.stringify(explanation, null, 2)}\n` : explanationText(explanation));
    return 0;
  },
};

interface Source {
  readonly config?: string | undefined;
  readonly admin?: string | undefined;
  readonly token?: string | undefined;
}

async function ask(sample: RequestSample, source: Source, terminal: Terminal): Promise<Explanation> {
  if (source.config !== undefined) return explainOffline(source.config, terminal.env, sample);
  if (source.admin === undefined && terminal.env['GRAYGATE_ADMIN'] === undefined) {
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
