import { type FieldIndex, LOWER } from './field-index.ts';
import { OCTETS, TARGET, TOKEN, VALUE } from './octets.ts';
import { isTraceParent } from './trace-parent.ts';

/**
 * Names with fixed numbers in every request index: what the wire itself must understand, replace or remove.
 * The order is the number, from 1.
 */
export const REQUEST_FIELDS = [
  'host',
  'content-length',
  'transfer-encoding',
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'upgrade',
  'expect',
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-host',
  'forwarded',
  'x-real-ip',
  'x-gray-version',
  'x-gray-rule',
  'x-gray-lane',
  'x-gray-mirror',
  'x-request-id',
  'proxy-authorization',
  'proxy-authenticate',
  'http2-settings',
  'via',
  'content-type',
  'authorization',
  'cookie',
  'content-encoding',
  'sec-websocket-key',
  'sec-websocket-version',
  'traceparent',
  'tracestate',
] as const;
const HOST = 1;
const CONTENT_LENGTH = 2;
const TRANSFER_ENCODING = 3;
const CONNECTION = 4;
const TE = 7;
const UPGRADE = 8;
const EXPECT = 9;
const X_FORWARDED_FOR = 10;
const X_GRAY_MIRROR = 18;
const X_REQUEST_ID = 19;
const HTTP2_SETTINGS = 22;
const VIA = 23;
const CONTENT_TYPE = 24;
const AUTHORIZATION = 25;
const TRACEPARENT = 30;
const TRACESTATE = 31;

/** A field that is never copied: made anew, or ended at this hop. X-Forwarded-* come back when the peer is trusted. */
const TAKEN = 1;
/** A name with an underscore, which many servers take for the same name with a dash. */
const UNDERSCORE = 2;
/** Set by proxies alone: believed and passed on only from trusted peers. */
const FROM_PROXIES = 4;

/** Why a head is refused. The proxy's error table turns these into statuses. */
export type RequestHeadError =
  | 'bad-request-line'
  | 'bad-version'
  | 'bad-target'
  | 'target-too-long'
  | 'bad-field'
  | 'too-many-fields'
  | 'repeated-field'
  | 'bad-host'
  | 'bad-content-length'
  | 'bad-transfer-encoding'
  | 'ambiguous-framing'
  | 'bad-upgrade'
  | 'underscore-in-field-name';

/** What a head may hold; from the listener's limits. */
export interface RequestHeadLimits {
  readonly headerCount: number;
  readonly targetBytes: number;
}

const NO_NAMES: ReadonlySet<string> = new Set();

/** RFC 9110 5.6.3: SP and HTAB. `trim` would take obs-text for a blank. */
export function trimBlanks(text: string): string {
  return text.replace(/^[ \t]+|[ \t]+$/g, '');
}

/**
 * One parsed request head (RFC 9112 sections 2 to 6), owned by a connection and filled again for each request. The head is
 * turned into one latin1 string and scanned once; fields that need no thought stay spans of it.
 */
export class RequestHead {
  /** The head as received, a byte string. */
  text = '';
  method = '';
  /** The target as received. */
  rawTarget = '';
  /** True when the target is an origin-form path that no path policy could touch: no escapes, dots or doubled slashes. */
  isPlainTarget = false;
  /** Where the query's '?' lies in rawTarget; -1: none. Only meaningful for a plain target. */
  queryAt = -1;
  /** 0 or 1: HTTP/1.0 or HTTP/1.1. */
  minorVersion = 1;
  /** The Host field's value; '' when absent. */
  host = '';
  hasHost = false;
  /** -1: none given. */
  contentLength = -1;
  isChunked = false;
  keepAlive = true;
  expect: 'none' | 'continue' | 'other' = 'none';
  /** The Upgrade field's value when Connection nominates it; ''. */
  upgrade = '';
  acceptsTrailers = false;
  /** Field lines to copy, CRLF at the end of each; '' when none. */
  kept = '';
  /** True when any X-Forwarded-*, Forwarded, X-Real-IP or stamped field came in. */
  hasProxyFields = false;
  hasVia = false;
  hasRequestId = false;
  hasMirrorMark = false;
  /** The one valid traceparent that came in, copied like any other field; '' when there is none. */
  traceParent = '';
  fieldCount = 0;

  #index: FieldIndex;
  #ids = new Uint16Array(32);
  #flags = new Uint8Array(32);
  #starts = new Int32Array(32);
  #nameEnds = new Int32Array(32);
  #valueStarts = new Int32Array(32);
  #valueEnds = new Int32Array(32);
  #underscores: 'drop' | 'keep' | 'reject' = 'drop';
  #nominated = NO_NAMES;
  #isClosing = false;
  #hasTraceFields = false;

  constructor(index: FieldIndex) {
    this.#index = index;
  }

  /**
   * Parses the head at [start, end) of `bytes`; `end` lies behind the last field line's CRLF, before the empty line.
   * Returns why the head is refused, or null.
   */
  parse(
    bytes: Buffer,
    start: number,
    end: number,
    index: FieldIndex,
    limits: RequestHeadLimits,
    underscores: 'drop' | 'keep' | 'reject',
  ): RequestHeadError | null {
    this.#reset(index, underscores);
    this.text = bytes.toString('latin1', start, end);
    const at = this.#parseRequestLine(bytes, start, end, limits);
    if (typeof at === 'string') return at;
    return this.#parseFields(bytes, start, at, end, limits) ?? this.#checkFraming();
  }

  /** Forgets the head read last. */
  clear(): void {
    this.#reset(this.#index, this.#underscores);
    this.text = '';
  }

  #reset(index: FieldIndex, underscores: 'drop' | 'keep' | 'reject'): void {
    this.#index = index;
    this.#underscores = underscores;
    this.#nominated = NO_NAMES;
    this.#isClosing = false;
    this.#hasTraceFields = false;
    this.method = '';
    this.rawTarget = '';
    this.traceParent = '';
    this.host = '';
    this.hasHost = false;
    this.contentLength = -1;
    this.isChunked = false;
    this.keepAlive = true;
    this.expect = 'none';
    this.upgrade = '';
    this.acceptsTrailers = false;
    this.kept = '';
    this.hasProxyFields = false;
    this.hasVia = false;
    this.hasRequestId = false;
    this.hasMirrorMark = false;
    this.fieldCount = 0;
  }

  /** RFC 9112 section 3. Returns where the first field line begins. */
  #parseRequestLine(bytes: Buffer, start: number, end: number, limits: RequestHeadLimits): number | RequestHeadError {
    let at = start;
    while (at < end && ((OCTETS[bytes[at] as number] as number) & TOKEN) !== 0) at += 1;
    if (at === start || at - start > 32 || bytes[at] !== 32) return 'bad-request-line';
    this.method = this.text.slice(0, at - start);
    const target = at + 1;
    let plain = bytes[target] === 47;
    let queryAt = -1;
    let previous = 0;
    for (at = target; at < end; at += 1) {
      const byte = bytes[at] as number;
      if (((OCTETS[byte] as number) & TARGET) === 0) break;
      if (queryAt < 0) {
        if (byte === 63) queryAt = at;
        else if (byte === 37 || byte === 59 || byte === 92 || (previous === 47 && (byte === 46 || byte === 47)))
          plain = false;
        previous = byte;
      }
    }
    if (at - target > limits.targetBytes) return 'target-too-long';
    if (bytes[at] !== 32) return at === target || bytes[at] === 13 ? 'bad-request-line' : 'bad-target';
    if (at === target) return 'bad-request-line';
    this.rawTarget = this.text.slice(target - start, at - start);
    this.isPlainTarget = plain;
    this.queryAt = queryAt < 0 ? -1 : queryAt - target;
    return this.#parseVersion(bytes, at + 1, end);
  }

  #parseVersion(bytes: Buffer, at: number, end: number): number | RequestHeadError {
    if (
      at + 10 > end ||
      bytes[at] !== 72 ||
      bytes[at + 1] !== 84 ||
      bytes[at + 2] !== 84 ||
      bytes[at + 3] !== 80 ||
      bytes[at + 4] !== 47 ||
      bytes[at + 6] !== 46 ||
      bytes[at + 8] !== 13 ||
      bytes[at + 9] !== 10
    ) {
      return 'bad-request-line';
    }
    const major = (bytes[at + 5] as number) - 48;
    const minor = (bytes[at + 7] as number) - 48;
    if (major < 0 || major > 9 || minor < 0 || minor > 9) return 'bad-request-line';
    if (major !== 1 || minor > 1) return 'bad-version';
    this.minorVersion = minor;
    this.keepAlive = minor === 1;
    return at + 10;
  }

  /** RFC 9112 section 5: one pass over the field lines, each character checked, known names noted. */
  #parseFields(
    bytes: Buffer,
    base: number,
    from: number,
    end: number,
    limits: RequestHeadLimits,
  ): RequestHeadError | null {
    const index = this.#index;
    let at = from;
    let spanStart = from;
    let kept = '';
    while (at < end) {
      const start = at;
      let hash = -2128831035;
      let hasUnderscore = false;
      let byte = bytes[at] as number;
      while (((OCTETS[byte] as number) & TOKEN) !== 0) {
        hash = Math.imul(hash ^ (LOWER[byte] as number), 16777619);
        if (byte === 95) hasUnderscore = true;
        at += 1;
        byte = bytes[at] as number;
      }
      if (byte !== 58 || at === start) return 'bad-field';
      const nameEnd = at;
      at += 1;
      while (bytes[at] === 32 || bytes[at] === 9) at += 1;
      const valueStart = at;
      while (((OCTETS[bytes[at] as number] as number) & VALUE) !== 0) at += 1;
      if (bytes[at] !== 13 || bytes[at + 1] !== 10) return 'bad-field';
      let valueEnd = at;
      while (valueEnd > valueStart && (bytes[valueEnd - 1] === 32 || bytes[valueEnd - 1] === 9)) valueEnd -= 1;
      at += 2;
      if (this.fieldCount >= limits.headerCount) return 'too-many-fields';
      const id = index.find(hash, bytes, start, nameEnd);
      if (hasUnderscore && this.#underscores === 'reject') return 'underscore-in-field-name';
      let flags =
        hasUnderscore && !this.#mayKeep(this.text.slice(start - base, nameEnd - base)) ? UNDERSCORE | TAKEN : 0;
      const slot = this.#addField(id, start - base, nameEnd - base, valueStart - base, valueEnd - base);
      if (id !== 0 && id <= REQUEST_FIELDS.length) {
        const noted = this.#noteField(id, slot);
        if (typeof noted === 'string') return noted;
        flags |= noted;
      } else if (nameEnd - start > 12 && LOWER[bytes[start] as number] === 120 && this.#isForwardedName(slot)) {
        flags |= TAKEN | FROM_PROXIES;
        this.hasProxyFields = true;
      }
      this.#flags[slot] = flags;
      if ((flags & TAKEN) !== 0) {
        if (start > spanStart) kept += this.text.slice(spanStart - base, start - base);
        spanStart = at;
      }
    }
    if (end > spanStart) kept += this.text.slice(spanStart - base, end - base);
    this.kept = kept;
    return null;
  }

  #addField(id: number, start: number, nameEnd: number, valueStart: number, valueEnd: number): number {
    const slot = this.fieldCount;
    if (slot === this.#ids.length) this.#grow();
    this.#ids[slot] = id;
    this.#starts[slot] = start;
    this.#nameEnds[slot] = nameEnd;
    this.#valueStarts[slot] = valueStart;
    this.#valueEnds[slot] = valueEnd;
    this.fieldCount = slot + 1;
    return slot;
  }

  #grow(): void {
    const size = this.#ids.length * 2;
    const wider = (old: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> => {
      const grown = new Int32Array(size);
      grown.set(old);
      return grown;
    };
    const ids = new Uint16Array(size);
    ids.set(this.#ids);
    this.#ids = ids;
    const flags = new Uint8Array(size);
    flags.set(this.#flags);
    this.#flags = flags;
    this.#starts = wider(this.#starts);
    this.#nameEnds = wider(this.#nameEnds);
    this.#valueStarts = wider(this.#valueStarts);
    this.#valueEnds = wider(this.#valueEnds);
  }

  /** A kept name must not be one of ours to a server that reads underscores as dashes. */
  #mayKeep(name: string): boolean {
    if (this.#underscores !== 'keep') return false;
    const dashed = name.replaceAll('_', '-').toLowerCase();
    const id = this.#index.idOf(dashed);
    return !(dashed.startsWith('x-forwarded-') || (id > 0 && id <= REQUEST_FIELDS.length));
  }

  #isForwardedName(slot: number): boolean {
    const start = this.#starts[slot] as number;
    return this.text.slice(start, start + 12).toLowerCase() === 'x-forwarded-';
  }

  #valueAt(slot: number): string {
    return this.text.slice(this.#valueStarts[slot], this.#valueEnds[slot]);
  }

  /** What the wire makes of a field that it knows. Returns the field's flags. */
  #noteField(id: number, slot: number): number | RequestHeadError {
    switch (id) {
      case HOST:
        if (this.hasHost) return 'bad-host';
        this.hasHost = true;
        this.host = this.#valueAt(slot);
        return TAKEN;
      case CONTENT_LENGTH: {
        if (this.contentLength >= 0) return 'bad-content-length';
        const length = parseContentLength(this.#valueAt(slot));
        if (length < 0) return 'bad-content-length';
        this.contentLength = length;
        return TAKEN;
      }
      case TRANSFER_ENCODING:
        if (this.isChunked || this.minorVersion === 0) return 'bad-transfer-encoding';
        if (this.#valueAt(slot).toLowerCase() !== 'chunked') return 'bad-transfer-encoding';
        this.isChunked = true;
        return TAKEN;
      case CONNECTION:
        return this.#noteConnection(this.#valueAt(slot));
      case TE:
        if (/(?:^|,)[ \t]*trailers[ \t]*(?:,|$)/i.test(this.#valueAt(slot))) this.acceptsTrailers = true;
        return TAKEN;
      case EXPECT:
        this.expect =
          this.expect === 'none' && this.#valueAt(slot).toLowerCase() === '100-continue' ? 'continue' : 'other';
        return TAKEN;
      case VIA:
        this.hasVia = true;
        return 0;
      case CONTENT_TYPE:
      case AUTHORIZATION:
        return this.#isRepeated(id, slot) ? 'repeated-field' : 0;
      case X_REQUEST_ID:
        this.hasRequestId = true;
        return TAKEN;
      case TRACEPARENT:
      case TRACESTATE:
        this.#hasTraceFields = true;
        return 0;
      case X_GRAY_MIRROR:
        this.hasMirrorMark = true;
        this.hasProxyFields = true;
        return TAKEN | FROM_PROXIES;
      default:
        if (id >= X_FORWARDED_FOR && id < X_GRAY_MIRROR) {
          this.hasProxyFields = true;
          return id < 15 ? TAKEN | FROM_PROXIES : TAKEN;
        }
        return id <= HTTP2_SETTINGS ? TAKEN : 0;
    }
  }

  #isRepeated(id: number, slot: number): boolean {
    for (let i = 0; i < slot; i += 1) if (this.#ids[i] === id) return true;
    return false;
  }

  /** RFC 9110 7.6.1: the tokens say what ends at this hop. */
  #noteConnection(value: string): number {
    if (value === 'keep-alive' || value === 'Keep-Alive') {
      if (this.minorVersion === 0) this.keepAlive = !this.#isClosing;
      return TAKEN;
    }
    for (const part of value.split(',')) {
      const token = trimBlanks(part).toLowerCase();
      if (token === 'close') this.#isClosing = true;
      else if (token === 'upgrade') this.upgrade = 'wanted';
      else if (token === 'keep-alive') {
        if (this.minorVersion === 0) this.keepAlive = true;
      } else if (token !== '' && token !== 'te' && this.#mayEndHere(token)) {
        if (this.#nominated === NO_NAMES) this.#nominated = new Set();
        (this.#nominated as Set<string>).add(token);
      }
    }
    // On however many lines it stands, `close` wins (RFC 9112 9.6).
    if (this.#isClosing) this.keepAlive = false;
    return TAKEN;
  }

  /** A client may not make us forget a field that somebody decides by: framing, credentials, the client's address, a route's key. */
  #mayEndHere(name: string): boolean {
    return this.#index.idOf(name) === 0 && !name.startsWith('x-forwarded-');
  }

  #checkFraming(): RequestHeadError | null {
    if (this.isChunked && this.contentLength >= 0) return 'ambiguous-framing';
    if (!this.hasHost) return 'bad-host';
    if (this.upgrade !== '') this.upgrade = this.lastValue(UPGRADE) ?? '';
    if (this.#hasTraceFields) this.#settleTrace();
    if (this.#nominated.size > 0) this.kept = this.keptWithout(NO_NAMES);
    return null;
  }

  /** W3C Trace Context 3.2.2: one valid traceparent goes on as it came, with its tracestate; otherwise neither does. */
  #settleTrace(): void {
    const value = this.lastValue(TRACEPARENT);
    let count = 0;
    for (let i = 0; i < this.fieldCount; i += 1) if (this.#ids[i] === TRACEPARENT) count += 1;
    if (value !== undefined && count === 1 && isTraceParent(value)) {
      this.traceParent = value;
      return;
    }
    for (let i = 0; i < this.fieldCount; i += 1) {
      if (this.#ids[i] === TRACEPARENT || this.#ids[i] === TRACESTATE)
        this.#flags[i] = (this.#flags[i] as number) | TAKEN;
    }
    this.kept = this.keptWithout(NO_NAMES);
  }

  /** Lower-case names of the fields that Connection nominated: they end at this hop, as trailers too. */
  get nominated(): ReadonlySet<string> {
    return this.#nominated;
  }

  /** The last value of a field by number; undefined when absent. */
  lastValue(id: number): string | undefined {
    for (let i = this.fieldCount - 1; i >= 0; i -= 1) if (this.#ids[i] === id) return this.#valueAt(i);
    return undefined;
  }

  /** The first value of a field by lower-case name; undefined when absent. */
  firstHeader(name: string): string | undefined {
    const id = this.#index.idOf(name);
    for (let i = 0; i < this.fieldCount; i += 1) if (this.#isField(i, id, name)) return this.#valueAt(i);
    return undefined;
  }

  /** All values of a field by lower-case name, joined by ', ' ('; ' for cookie); undefined when absent. */
  header(name: string): string | undefined {
    const id = this.#index.idOf(name);
    let joined: string | undefined;
    for (let i = 0; i < this.fieldCount; i += 1) {
      if (!this.#isField(i, id, name)) continue;
      joined =
        joined === undefined ? this.#valueAt(i) : `${joined}${name === 'cookie' ? '; ' : ', '}${this.#valueAt(i)}`;
    }
    return joined;
  }

  #isField(slot: number, id: number, name: string): boolean {
    if (((this.#flags[slot] as number) & UNDERSCORE) !== 0) return false;
    if (id !== 0) return this.#ids[slot] === id;
    if ((this.#nameEnds[slot] as number) - (this.#starts[slot] as number) !== name.length) return false;
    return this.text.slice(this.#starts[slot], this.#nameEnds[slot]).toLowerCase() === name;
  }

  /** The lines to copy, without those of `names` (lower case) and without what Connection nominated. */
  keptWithout(names: ReadonlySet<string>): string {
    let kept = '';
    for (let i = 0; i < this.fieldCount; i += 1) {
      if (((this.#flags[i] as number) & TAKEN) !== 0) continue;
      const name = this.text.slice(this.#starts[i], this.#nameEnds[i]).toLowerCase();
      if (names.has(name) || this.#nominated.has(name)) continue;
      kept += `${this.text.slice(this.#starts[i], this.#valueEnds[i])}\r\n`;
    }
    return kept;
  }

  /** What proxies set before us, but X-Forwarded-For: to be passed on when the peer is trusted. */
  proxyFields(): string {
    let lines = '';
    for (let i = 0; i < this.fieldCount; i += 1) {
      if (((this.#flags[i] as number) & FROM_PROXIES) === 0 || this.#ids[i] === X_FORWARDED_FOR) continue;
      lines += `${this.text.slice(this.#starts[i], this.#valueEnds[i])}\r\n`;
    }
    return lines;
  }
}

/** RFC 9110 8.6: digits only, at most 2^53-1; leading zeros are harmless, the number is written anew. -1: refused. */
export function parseContentLength(text: string): number {
  if (text.length === 0 || text.length > 19) return -1;
  let value = 0;
  for (let i = 0; i < text.length; i += 1) {
    const digit = text.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value <= Number.MAX_SAFE_INTEGER ? value : -1;
}
