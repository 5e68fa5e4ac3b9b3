import { CommandError } from './command-error.ts';
import type { RequestSample } from './request-sample.ts';

/** A request to explain as it comes in over the admin port: every part but `url` may be left out. */
export interface ExplainRequest {
  readonly method?: string;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** The body as text (sent as UTF-8), or as base64; not both. */
  readonly body?: string;
  readonly bodyBase64?: string;
  readonly clientAddress?: string;
  /** RFC 3339 text, or milliseconds since the epoch. */
  readonly time?: string | number;
}

const KNOWN = ['method', 'url', 'headers', 'body', 'bodyBase64', 'clientAddress', 'time'];

/** Reads plain JSON; throws `invalid-request` with one sentence about the first thing that is wrong. */
export function sampleOfExplainRequest(input: unknown, nowMs: number): RequestSample {
  if (!isObject(input)) throw refused('the body must be a JSON object');
  for (const key of Object.keys(input)) {
    if (!KNOWN.includes(key)) throw refused(`unknown key "${key}" (known: ${KNOWN.join(', ')})`);
  }
  const url = textOf(input, 'url');
  if (url === undefined || url === '') throw refused('"url" is missing');
  return {
    method: textOf(input, 'method') ?? 'GET',
    url,
    headers: headersOf(input['headers']),
    body: bodyOf(input),
    clientAddress: textOf(input, 'clientAddress') ?? '127.0.0.1',
    timeMs: timeOf(input['time'], nowMs),
  };
}

/** RFC 3339 text, or milliseconds since the epoch. */
export function timeOf(time: unknown, nowMs: number): number {
  if (time === undefined || time === null) return nowMs;
  const timeMs = typeof time === 'number' ? time : typeof time === 'string' ? Date.parse(time) : Number.NaN;
  if (!Number.isFinite(timeMs)) throw refused(`"${String(time)}" is no time (example: 2026-11-22T08:30:00+08:00)`);
  return timeMs;
}

function headersOf(value: unknown): [string, string][] {
  if (value === undefined || value === null) return [];
  if (!isObject(value)) throw refused('"headers" must be an object of names and values');
  return Object.entries(value).flatMap(([name, given]) => {
    const values = Array.isArray(given) ? given : [given];
    return values.map((one): [string, string] => {
      if (typeof one !== 'string') throw refused(`the value of header "${name}" must be text or a list of texts`);
      return [name, one];
    });
  });
}

function bodyOf(input: Record<string, unknown>): Uint8Array | null {
  const text = textOf(input, 'body');
  const base64 = textOf(input, 'bodyBase64');
  if (text !== undefined && base64 !== undefined) throw refused('give "body" or "bodyBase64", not both');
  if (text !== undefined) return Buffer.from(text);
  return base64 === undefined ? null : Buffer.from(base64, 'base64');
}

function textOf(input: Record<string, unknown>, key: string): string | undefined {
  const value = input[key];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') throw refused(`"${key}" must be text`);
  return value;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function refused(message: string): CommandError {
  return new CommandError('invalid-request', message);
}
