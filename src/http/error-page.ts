import { reasonPhrase } from './reason-phrases.ts';

/** What one error answer says and how it is framed. */
export interface ErrorAnswer {
  readonly status: number;
  /** Stable and machine-readable, kebab-case. */
  readonly code: string;
  /** One plain sentence that names nothing inside: no address, no stack. */
  readonly message: string;
  /** Already checked: `[A-Za-z0-9._-]{1,128}`; '' before there is one. */
  readonly requestId: string;
  /** The request's Accept field; '' when absent. */
  readonly accept: string;
  /** false adds `Connection: close`. */
  readonly keepAlive: boolean;
  /** The answer to HEAD: all the fields, no body. */
  readonly head: boolean;
  /** An IMF-fixdate (RFC 9110 5.6.7). */
  readonly date: string;
  /** Further checked lines, each with its CRLF: `Retry-After: 1\r\n`; '' for none. */
  readonly lines?: string;
}

/** A complete HTTP/1.1 answer of fixed length, all ASCII: JSON, or text where Accept prefers it. */
export function errorAnswer(answer: ErrorAnswer): string {
  const asText = prefersText(answer.accept);
  const body = asText ? textBody(answer) : jsonBody(answer);
  return (
    `HTTP/1.1 ${answer.status} ${reasonPhrase(answer.status)}\r\n` +
    `Date: ${answer.date}\r\n` +
    `Content-Type: ${asText ? 'text/plain; charset=utf-8' : 'application/json'}\r\n` +
    `Content-Length: ${body.length}\r\n` +
    'Cache-Control: no-store\r\n' +
    (answer.lines ?? '') +
    (answer.keepAlive ? '\r\n' : 'Connection: close\r\n\r\n') +
    (answer.head ? '' : body)
  );
}

/** Not ASCII becomes an escape, so that characters and bytes count alike. */
function jsonBody({ code, message, requestId }: ErrorAnswer): string {
  const json = JSON.stringify({ error: { code, message, requestId } });
  return `${json.replace(/[\u007f-\uffff]/g, escapeUnit)}\n`;
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

function textBody({ status, message, requestId }: ErrorAnswer): string {
  const text = `${status} ${reasonPhrase(status)}: ${message}${requestId === '' ? '' : ` (request ${requestId})`}`;
  return `${text.replace(/[^\x20-\x7e]/g, '?')}\n`;
}

/** True when Accept gives text/plain or text/html more weight than application/json (RFC 9110 12.5.1). A tie is JSON. */
export function prefersText(accept: string): boolean {
  // A longer list than any client sends is not worth reading.
  if (accept === '' || accept === '*/*' || accept.length > 1024) return false;
  const ranges = accept.toLowerCase().split(',').map(parseRange);
  const text = Math.max(weightOf('text', 'plain', ranges), weightOf('text', 'html', ranges));
  return text > weightOf('application', 'json', ranges);
}

interface MediaRange {
  readonly range: string;
  readonly weight: number;
}

function parseRange(text: string): MediaRange {
  const [range, ...parameters] = text.split(';').map((part) => part.trim());
  const weight = parameters.find((parameter) => parameter.startsWith('q='));
  const value = weight === undefined ? 1 : Number(weight.slice(2));
  return { range: range ?? '', weight: value >= 0 && value <= 1 ? value : 0 };
}

/** The weight of the most specific range that covers the type; 0 when none does. */
function weightOf(type: string, subtype: string, ranges: readonly MediaRange[]): number {
  for (const candidate of [`${type}/${subtype}`, `${type}/*`, '*/*']) {
    const found = ranges.find(({ range }) => range === candidate);
    if (found !== undefined) return found.weight;
  }
  return 0;
}
