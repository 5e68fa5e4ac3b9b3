import { CommandError } from '../control/command-error.ts';
import type { RequestSample } from '../control/request-sample.ts';

const FIELDS = [
  'method',
  'url',
  'headers',
  'body',
  'bodyBase64',
  'clientAddress',
  'time',
  'listener',
  'trusted',
  'draw',
  'visitorId',
];
/** What a decision of `GET /api/decisions` says beyond that: it can be posted as it is. */
const TOLD: readonly string[] = [
  'id',
  'host',
  'path',
  'query',
  'withheld',
  'route',
  'rule',
  'version',
  'intended',
  'reason',
  'status',
];
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/;

/** The body of `POST /api/explain` as a sample. Absent: GET, no headers, no body, 127.0.0.1, now. */
export function readExplainInput(input: unknown, nowMs: number): RequestSample {
  if (!isMap(input)) throw refused('the body must be a JSON object');
  const unknown = Object.keys(input).find((name) => !FIELDS.includes(name) && !TOLD.includes(name));
  if (unknown !== undefined) throw refused(`unknown field "${unknown}"; known are ${FIELDS.join(', ')}`);
  const url = input['url'];
  if (typeof url !== 'string' || url === '') throw refused('"url" must be a path or a URL');
  return {
    method: textOf(input, 'method') ?? 'GET',
    url,
    headers: headersOf(input['headers'] ?? {}),
    body: bodyOf(input),
    clientAddress: textOf(input, 'clientAddress') ?? '127.0.0.1',
    timeMs: timeOf(input['time'] ?? nowMs),
    listener: textOf(input, 'listener'),
    trusted: flagOf(input, 'trusted'),
    draw: drawOf(input['draw'] ?? null),
    visitorId: textOf(input, 'visitorId'),
  };
}

/** `{name: value}`, `{name: [value, value]}` or `[[name, value], ...]`. */
function headersOf(input: unknown): [string, string][] {
  if (!isMap(input) && !Array.isArray(input)) throw refused('"headers" must be an object of names and values');
  const lines: [string, string][] = [];
  for (const entry of Array.isArray(input) ? input : Object.entries(input)) {
    const [name, values] = Array.isArray(entry) && entry.length === 2 ? entry : [];
    if (typeof name !== 'string') throw refused('each entry of "headers" must be a name and a value');
    for (const value of Array.isArray(values) ? values : [values]) {
      if (typeof value !== 'string') throw refused(`header "${name}" must be a text, or a list of texts`);
      lines.push([name, value]);
    }
  }
  return lines;
}

function bodyOf(input: Readonly<Record<string, unknown>>): Uint8Array | null {
  const text = textOf(input, 'body');
  const base64 = textOf(input, 'bodyBase64');
  if (text !== null && base64 !== null) throw refused('"body" and "bodyBase64" exclude each other');
  if (text !== null) return Buffer.from(text, 'utf8');
  if (base64 === null) return null;
  if (!BASE64.test(base64)) throw refused('"bodyBase64" is no base64');
  return Buffer.from(base64, 'base64');
}

function timeOf(time: unknown): number {
  const timeMs = typeof time === 'string' ? Date.parse(time) : time;
  if (typeof timeMs === 'number' && Math.abs(timeMs) <= 8.64e15) return timeMs;
  throw refused('"time" must be an ISO 8601 time, or milliseconds since 1970');
}

function flagOf(input: Readonly<Record<string, unknown>>, name: string): boolean {
  const value = input[name] ?? false;
  if (typeof value === 'boolean') return value;
  throw refused(`"${name}" must be true or false`);
}

function drawOf(draw: unknown): number | null {
  if (draw === null || (typeof draw === 'number' && draw >= 0 && draw < 1)) return draw;
  throw refused('"draw" must be a number, 0 or more and less than 1');
}

function textOf(input: Readonly<Record<string, unknown>>, name: string): string | null {
  const value = input[name] ?? null;
  if (value === null || typeof value === 'string') return value;
  throw refused(`"${name}" must be a text`);
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function refused(message: string): CommandError {
  return new CommandError('invalid-request', message);
}
