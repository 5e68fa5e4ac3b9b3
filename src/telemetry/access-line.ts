/** What the access log says of one request. Texts from the wire are byte strings; null: there is none, or it was never read. */
export interface AccessRecord {
  /** When the request began: milliseconds since the epoch. */
  timeMs: number;
  listener: string;
  client: string;
  method: string | null;
  host: string | null;
  /** As matched and forwarded, without the query. */
  path: string | null;
  query: string;
  /** What the client was told; 499: it left before it was told anything. */
  status: number;
  route: string | null;
  rule: string | null;
  /** The version that answered; null: none did. */
  version: string | null;
  /** The version that was meant. */
  intended: string | null;
  reason: string | null;
  /** The endpoint asked last. */
  endpoint: string | null;
  /** Connections tried, in vain or not. */
  attempts: number;
  /** Payload bytes, framing and heads left out; of a tunnel everything after the 101. */
  bytesIn: number;
  bytesOut: number;
  durationMs: number;
  /** Until the response's head was passed on; NaN: there was none. */
  firstByteMs: number;
  requestId: string | null;
  /** W3C trace id, 32 hex digits. */
  traceId: string | null;
  /** The code of what went wrong, from docs/errors.md; null: nothing did. */
  error: string | null;
}

/**
 * The longest line as a rule, in bytes: what one write to a pipe takes whole (PIPE_BUF), so that the lines of several workers
 * never mix. Longer paths and queries are cut.
 */
export const MAX_LINE_BYTES = 4096;
/** Of path and query each, once a line is too long. */
const CUT_CHARS = 512;
const PLAIN = /^[ !#-[\]-~]*$/;
const UNSAFE = /[^ !#-[\]-~]/g;

/**
 * One line of JSON, its line end included, all of it visible ASCII: quotes, backslashes, control characters, DEL and every
 * byte beyond are escaped, so that no request can forge a line, move a terminal's cursor or break an encoding. A byte of the
 * wire that is not ASCII is `\u00XX`.
 */
export function accessLine(record: AccessRecord): string {
  const { path, query } = record;
  const line = lineOf(record, path, query, '');
  if (line.length <= MAX_LINE_BYTES) return line;
  return lineOf(record, path === null ? null : path.slice(0, CUT_CHARS), query.slice(0, CUT_CHARS), ',"cut":true');
}

function lineOf(record: AccessRecord, path: string | null, query: string, cut: string): string {
  const { firstByteMs } = record;
  return (
    `{"time":"${isoTime(record.timeMs)}","listener":${quoted(record.listener)},"client":${quoted(record.client)}` +
    `,"method":${orNull(record.method)},"host":${orNull(record.host)},"path":${orNull(path)},"query":${quoted(query)}` +
    `,"status":${record.status},"route":${orNull(record.route)},"rule":${orNull(record.rule)}` +
    `,"version":${orNull(record.version)},"intended":${orNull(record.intended)},"reason":${orNull(record.reason)}` +
    `,"endpoint":${orNull(record.endpoint)},"attempts":${record.attempts}` +
    `,"bytesIn":${record.bytesIn},"bytesOut":${record.bytesOut},"durationMs":${millis(record.durationMs)}` +
    `,"firstByteMs":${Number.isNaN(firstByteMs) ? 'null' : millis(firstByteMs)}` +
    `,"requestId":${orNull(record.requestId)},"traceId":${orNull(record.traceId)},"error":${orNull(record.error)}${cut}}\n`
  );
}

function orNull(text: string | null): string {
  return text === null ? 'null' : quoted(text);
}

function quoted(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : `"${text.replace(UNSAFE, escaped)}"`;
}

/** JSON (RFC 8259 section 7) names few short escapes; the one form for all others leaves nothing to think about. */
function escaped(unit: string): string {
  if (unit === '"') return '\\"';
  if (unit === '\\') return '\\\\';
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** Microseconds are as exact as the clock is. */
function millis(value: number): number {
  return Math.round(value * 1000) / 1000;
}

let knownSecond = -1;
let knownPrefix = '';

/** `2026-11-22T08:30:00.123Z`; the part that changes once a second is made once a second. */
function isoTime(timeMs: number): string {
  const whole = Math.floor(timeMs);
  const second = Math.floor(whole / 1000);
  if (second !== knownSecond) {
    knownSecond = second;
    knownPrefix = new Date(second * 1000).toISOString().slice(0, 20);
  }
  const rest = whole - second * 1000;
  return `${knownPrefix}${rest < 10 ? '00' : rest < 100 ? '0' : ''}${rest}Z`;
}
