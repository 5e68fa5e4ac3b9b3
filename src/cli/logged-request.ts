import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { CommandError, messageOf } from '../control/command-error.ts';
import type { RequestSample } from '../control/request-sample.ts';
import type { AdminClient } from './admin-client.ts';

/** What was decided when the request came, in the words of the access log. */
export interface LoggedOutcome {
  readonly time: string;
  readonly status: number;
  readonly route: string | null;
  readonly rule: string | null;
  readonly version: string | null;
  readonly intended: string | null;
  readonly reason: string | null;
}

/** A real request, to be decided once more. */
export interface LoggedRequest {
  readonly sample: RequestSample;
  readonly logged: LoggedOutcome;
  /** What the decision may have looked at and was not kept. */
  readonly withheld: readonly string[];
}

/** A decision of `GET /api/decisions`, as far as a command looks at it. */
interface Decision extends LoggedOutcome {
  readonly id: string;
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly clientAddress: string;
  readonly listener: string;
  readonly trusted: boolean;
  readonly draw: number | null;
  readonly visitorId: string | null;
  readonly withheld: readonly string[];
}

/** The decision of that id, if the gateway has it still. */
export async function decisionOf(id: string, admin: AdminClient): Promise<LoggedRequest> {
  const { decisions } = (await admin.get('api/decisions')) as { readonly decisions: readonly Decision[] };
  const decision = decisions.find((candidate) => candidate.id === id);
  if (decision === undefined) {
    const message = `the gateway has no decision ${id}: it looks at ten a second of each worker at most, and keeps the last 200`;
    throw new CommandError('not-found', message);
  }
  const { method, url, clientAddress, listener, trusted, draw, visitorId, time, withheld } = decision;
  const headers = Object.entries(decision.headers).flatMap(([name, values]) =>
    [values].flat().map((value): [string, string] => [name, value]),
  );
  const timeMs = Date.parse(time);
  const sample = { method, url, headers, body: null, clientAddress, timeMs, listener, trusted, draw, visitorId };
  return { sample, logged: outcomeOf(decision), withheld };
}

/** The first line of the access log that is in a file, or on stdin for `-`. */
export async function logLineOf(file: string): Promise<LoggedRequest> {
  let lines: string;
  try {
    lines = file === '-' ? await text(process.stdin) : await readFile(file, 'utf8');
  } catch (cause) {
    throw new CommandError('invalid-request', `cannot read ${file}: ${messageOf(cause)}`, { cause });
  }
  return requestOfLine(lines.split('\n').find((line) => line.trim() !== '') ?? '');
}

/** What a line of the access log says; it holds neither header fields nor a body. */
export function requestOfLine(line: string): LoggedRequest {
  const entry = entryOf(line);
  const { method, host, path, query, client, listener, time } = entry;
  if (
    typeof method !== 'string' ||
    typeof path !== 'string' ||
    typeof client !== 'string' ||
    entry['route'] === undefined
  )
    throw new CommandError('invalid-request', 'the line is no request of the access log');
  if (entry['cut'] === true)
    throw new CommandError('invalid-request', 'the line was too long, and its path or query is cut');
  if (entry['reason'] === null)
    throw new CommandError('invalid-request', `the request was refused before anything was decided: ${entry['error']}`);
  const sample: RequestSample = {
    method,
    url: typeof query === 'string' && query !== '' ? `${path}?${query}` : path,
    headers: typeof host === 'string' ? [['host', host]] : [],
    body: null,
    clientAddress: client,
    timeMs: Date.parse(String(time)),
    listener: typeof listener === 'string' ? listener : null,
  };
  return { sample, logged: outcomeOf(entry as unknown as LoggedOutcome), withheld: ['header fields', 'body'] };
}

function entryOf(line: string): Readonly<Record<string, unknown>> {
  try {
    const entry: unknown = JSON.parse(line);
    if (typeof entry === 'object' && entry !== null) return entry as Readonly<Record<string, unknown>>;
  } catch {
    // Said below: whatever it is, it is no line of the log.
  }
  throw new CommandError('invalid-request', 'the line is no request of the access log');
}

function outcomeOf({ time, status, route, rule, version, intended, reason }: LoggedOutcome): LoggedOutcome {
  return { time, status, route, rule, version, intended, reason };
}
