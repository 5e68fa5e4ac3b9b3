/**
 * A second, independent reading of HTTP/1.1, for judging what the gateway emits: it takes only what is well-formed beyond
 * doubt, shares no code with the product, and prefers being short to being fast.
 */

export interface StrictMessage {
  readonly startLine: string;
  /** Names as sent, values trimmed, in order. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly framing: 'none' | 'length' | 'chunked' | 'until-close';
  readonly body: Buffer;
  readonly trailers: readonly (readonly [name: string, value: string])[];
  /** Sizes of the chunks, the last one left out. */
  readonly chunks: readonly number[];
}

export interface StrictRequest extends StrictMessage {
  readonly method: string;
  readonly target: string;
}

export interface StrictResponse extends StrictMessage {
  readonly status: number;
}

export type Parsed<T> =
  | { readonly kind: 'message'; readonly message: T; readonly end: number }
  | { readonly kind: 'partial' }
  | { readonly kind: 'fault'; readonly reason: string };

type Field = readonly [name: string, value: string];
type Fault = { readonly kind: 'fault'; readonly reason: string };
type Body = Pick<StrictMessage, 'framing' | 'body' | 'trailers' | 'chunks'>;

const PARTIAL = { kind: 'partial' } as const;
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** All values of a field joined by ', '; undefined when it is absent. */
export function fieldOf(message: StrictMessage, name: string): string | undefined {
  const values = fieldsOf(message, name);
  return values.length === 0 ? undefined : values.join(', ');
}

export function fieldsOf(message: StrictMessage, name: string): string[] {
  return message.fields.filter(([key]) => key.toLowerCase() === name.toLowerCase()).map(([, value]) => value);
}

export function parseRequest(bytes: Buffer, from: number): Parsed<StrictRequest> {
  const head = parseHead(bytes, from);
  if (head.kind !== 'head') return head;
  const line = /^(\S+) (\/[\x21-\x7e]*|\*) HTTP\/1\.1$/.exec(head.startLine);
  if (line === null || !TOKEN.test(line[1]!)) return fault(`request line ${head.startLine}`);
  if (valuesOf(head.fields, 'host').length !== 1) return fault('not exactly one Host');
  const framing = declaredFraming(head.fields);
  if (typeof framing === 'object') return framing;
  const body = readBody(bytes, head.end, framing === 'none' ? 0 : framing, framing === 'none');
  if (body.kind !== 'body') return body;
  const { startLine, fields } = head;
  return {
    kind: 'message',
    end: body.end,
    message: { startLine, fields, method: line[1]!, target: line[2]!, ...body.parts },
  };
}

/** `closed`: the sender has ended; only then a body without declared length is whole. */
export function parseResponse(bytes: Buffer, from: number, method: string, closed: boolean): Parsed<StrictResponse> {
  const head = parseHead(bytes, from);
  if (head.kind !== 'head') return head;
  const line = /^HTTP\/1\.1 ([1-5]\d\d) ([\t\x20-\x7e\x80-\xff]*)$/.exec(head.startLine);
  if (line === null) return fault(`status line ${head.startLine}`);
  const status = Number(line[1]);
  let framing = declaredFraming(head.fields);
  if (typeof framing === 'object') return framing;
  const bodyless = method === 'HEAD' || status < 200 || status === 204 || status === 304;
  if ((status < 200 || status === 204) && framing !== 'none') return fault(`${status} with framing`);
  if (framing === 'none' && !bodyless) {
    if (!closed) return PARTIAL;
    framing = bytes.length - head.end;
    const parts: Body = { framing: 'until-close', body: bytes.subarray(head.end), trailers: [], chunks: [] };
    return {
      kind: 'message',
      end: bytes.length,
      message: { startLine: head.startLine, fields: head.fields, status, ...parts },
    };
  }
  const body = readBody(bytes, head.end, bodyless || framing === 'none' ? 0 : framing, bodyless);
  if (body.kind !== 'body') return body;
  return {
    kind: 'message',
    end: body.end,
    message: { startLine: head.startLine, fields: head.fields, status, ...body.parts },
  };
}

/** Everything that arrived, read in order: whole messages, then perhaps the beginning of one, or a fault. */
export function parseAll<T>(
  bytes: Buffer,
  parse: (bytes: Buffer, from: number, place: number) => Parsed<T>,
): {
  readonly messages: readonly T[];
  readonly rest: Buffer;
  readonly fault: string | null;
} {
  const messages: T[] = [];
  let at = 0;
  while (at < bytes.length) {
    const parsed = parse(bytes, at, messages.length);
    if (parsed.kind === 'fault') return { messages, rest: bytes.subarray(at), fault: parsed.reason };
    if (parsed.kind === 'partial') break;
    messages.push(parsed.message);
    at = parsed.end;
  }
  return { messages, rest: bytes.subarray(at), fault: null };
}

function fault(reason: string): Fault {
  return { kind: 'fault', reason };
}

function valuesOf(fields: readonly Field[], name: string): string[] {
  return fields.filter(([key]) => key.toLowerCase() === name).map(([, value]) => value);
}

interface Head {
  readonly kind: 'head';
  readonly startLine: string;
  readonly fields: readonly Field[];
  readonly end: number;
}

function parseHead(bytes: Buffer, from: number): Head | Fault | typeof PARTIAL {
  const end = bytes.indexOf('\r\n\r\n', from, 'latin1');
  if (end < 0) return PARTIAL;
  const lines = bytes.toString('latin1', from, end).split('\r\n');
  const fields = parseFields(lines.slice(1));
  if (!Array.isArray(fields)) return fields as Fault;
  return { kind: 'head', startLine: lines[0]!, fields, end: end + 4 };
}

function parseFields(lines: readonly string[]): Field[] | Fault {
  const fields: Field[] = [];
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon);
    const value = line.slice(colon + 1);
    if (colon < 1 || !TOKEN.test(name) || !/^[\t\x20-\x7e\x80-\xff]*$/.test(value))
      return fault(`field line ${JSON.stringify(line)}`);
    fields.push([name, value.replace(/^[ \t]+|[ \t]+$/g, '')]);
  }
  return fields;
}

function declaredFraming(fields: readonly Field[]): 'none' | 'chunked' | number | Fault {
  const lengths = valuesOf(fields, 'content-length');
  const codings = valuesOf(fields, 'transfer-encoding');
  if (lengths.length + codings.length > 1) return fault('framing declared more than once');
  if (codings.length === 1) return codings[0] === 'chunked' ? 'chunked' : fault(`transfer coding ${codings[0]}`);
  if (lengths.length === 0) return 'none';
  return /^(?:0|[1-9]\d{0,15})$/.test(lengths[0]!) ? Number(lengths[0]) : fault(`length ${lengths[0]}`);
}

function readBody(
  bytes: Buffer,
  from: number,
  framing: number | 'chunked',
  bodyless: boolean,
): { kind: 'body'; end: number; parts: Body } | Fault | typeof PARTIAL {
  if (bodyless)
    return { kind: 'body', end: from, parts: { framing: 'none', body: Buffer.alloc(0), trailers: [], chunks: [] } };
  if (framing === 'chunked') return readChunks(bytes, from);
  if (bytes.length - from < framing) return PARTIAL;
  const body = bytes.subarray(from, from + framing);
  return { kind: 'body', end: from + framing, parts: { framing: 'length', body, trailers: [], chunks: [] } };
}

function readChunks(bytes: Buffer, from: number): { kind: 'body'; end: number; parts: Body } | Fault | typeof PARTIAL {
  const pieces: Buffer[] = [];
  for (let at = from; ; ) {
    const lineEnd = bytes.indexOf('\r\n', at, 'latin1');
    const line = bytes.toString('latin1', at, lineEnd < 0 ? at + 20 : lineEnd);
    if (!/^[0-9a-f]{0,16}\r?$/i.test(line) || line === '\r') return fault(`chunk line ${JSON.stringify(line)}`);
    if (lineEnd < 0) return PARTIAL;
    if (line === '') return fault('empty chunk line');
    const size = Number.parseInt(line, 16);
    at = lineEnd + 2;
    if (size === 0) return readTrailers(bytes, at, pieces);
    if (bytes.length < at + size + 2) return PARTIAL;
    if (bytes.toString('latin1', at + size, at + size + 2) !== '\r\n') return fault('chunk data not followed by CRLF');
    pieces.push(bytes.subarray(at, at + size));
    at += size + 2;
  }
}

function readTrailers(
  bytes: Buffer,
  at: number,
  pieces: readonly Buffer[],
): { kind: 'body'; end: number; parts: Body } | Fault | typeof PARTIAL {
  const empty = bytes.toString('latin1', at, at + 2) === '\r\n';
  const end = empty ? at - 2 : bytes.indexOf('\r\n\r\n', at, 'latin1');
  if (end < 0) return PARTIAL;
  const trailers = empty ? [] : parseFields(bytes.toString('latin1', at, end).split('\r\n'));
  if (!Array.isArray(trailers)) return trailers as Fault;
  const chunks = pieces.map((piece) => piece.length);
  return { kind: 'body', end: end + 4, parts: { framing: 'chunked', body: Buffer.concat(pieces), trailers, chunks } };
}
