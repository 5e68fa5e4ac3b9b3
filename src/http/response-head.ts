import { FieldIndex, LOWER } from './field-index.ts';
import { OCTETS, TOKEN, VALUE } from './octets.ts';
import { parseContentLength, trimBlanks } from './request-head.ts';

const RESPONSE_FIELDS = [
  'content-length',
  'transfer-encoding',
  'connection',
  'keep-alive',
  'proxy-connection',
  'upgrade',
  'te',
  'proxy-authenticate',
  'proxy-authorization',
  'date',
  'sec-websocket-accept',
  'x-gray-version',
  'x-gray-rule',
] as const;
const CONTENT_LENGTH = 1;
const TRANSFER_ENCODING = 2;
const CONNECTION = 3;
const KEEP_ALIVE = 4;
const UPGRADE = 6;
const PROXY_AUTHORIZATION = 9;
const DATE = 10;
const SEC_WEBSOCKET_ACCEPT = 11;
const INDEX = new FieldIndex(RESPONSE_FIELDS);
const NO_NAMES: ReadonlySet<string> = new Set();

/** One parsed response head from an upstream, owned by its connection and filled again for each response. */
export class ResponseHead {
  text = '';
  status = 0;
  minorVersion = 1;
  /** -1: none given. */
  contentLength = -1;
  isChunked = false;
  keepAlive = true;
  /** Seconds from `Keep-Alive: timeout=N`; -1: no hint. */
  keepAliveHintSeconds = -1;
  /** Field lines to copy, CRLF at the end of each. */
  kept = '';
  hasDate = false;
  /** The Upgrade field of a 101. */
  upgrade = '';
  websocketAccept = '';
  /** True when x-gray-version or x-gray-rule came from the upstream. */
  hasDecisionFields = false;
  #starts: number[] = [];
  #nameEnds: number[] = [];
  #valueEnds: number[] = [];
  #count = 0;
  #nominated = NO_NAMES;

  /**
   * Parses the head at [start, end) of `bytes` (`end` behind the last line's CRLF). False: not HTTP, or a framing nobody can
   * be sure of (RFC 9112 section 6.3); the connection is not to be used again.
   */
  parse(bytes: Buffer, start: number, end: number): boolean {
    this.text = bytes.toString('latin1', start, end);
    this.contentLength = -1;
    this.isChunked = false;
    this.keepAliveHintSeconds = -1;
    this.kept = '';
    this.hasDate = false;
    this.upgrade = '';
    this.websocketAccept = '';
    this.hasDecisionFields = false;
    this.#count = 0;
    this.#nominated = NO_NAMES;
    const fields = this.#parseStatusLine(bytes, start, end);
    if (fields < 0 || !this.#parseFields(bytes, start, fields, end)) return false;
    if (this.#nominated.size > 0) this.kept = this.keptWithout(NO_NAMES);
    return !(this.isChunked && this.contentLength >= 0);
  }

  #parseStatusLine(bytes: Buffer, start: number, end: number): number {
    const text = this.text;
    if (end - start < 14 || !text.startsWith('HTTP/1.') || bytes[start + 8] !== 32) return -1;
    const minor = (bytes[start + 7] as number) - 48;
    if (minor < 0 || minor > 9) return -1;
    const hundreds = (bytes[start + 9] as number) - 48;
    const tens = (bytes[start + 10] as number) - 48;
    const ones = (bytes[start + 11] as number) - 48;
    if (hundreds < 1 || hundreds > 5 || tens < 0 || tens > 9 || ones < 0 || ones > 9) return -1;
    this.minorVersion = minor === 0 ? 0 : 1;
    this.keepAlive = minor > 0;
    this.status = hundreds * 100 + tens * 10 + ones;
    let at = start + 12;
    if (bytes[at] === 32) while (((OCTETS[bytes[at] as number] as number) & VALUE) !== 0) at += 1;
    return bytes[at] === 13 && bytes[at + 1] === 10 ? at + 2 : -1;
  }

  #parseFields(bytes: Buffer, base: number, from: number, end: number): boolean {
    let at = from;
    let spanStart = from;
    let kept = '';
    while (at < end) {
      const start = at;
      let hash = -2128831035;
      let byte = bytes[at] as number;
      while (((OCTETS[byte] as number) & TOKEN) !== 0) {
        hash = Math.imul(hash ^ (LOWER[byte] as number), 16777619);
        at += 1;
        byte = bytes[at] as number;
      }
      if (byte !== 58 || at === start) return false;
      const nameEnd = at;
      at += 1;
      while (bytes[at] === 32 || bytes[at] === 9) at += 1;
      const valueStart = at;
      while (((OCTETS[bytes[at] as number] as number) & VALUE) !== 0) at += 1;
      if (bytes[at] !== 13 || bytes[at + 1] !== 10) return false;
      const valueEnd = at;
      at += 2;
      if (this.#count >= 1000) return false;
      this.#starts[this.#count] = start - base;
      this.#nameEnds[this.#count] = nameEnd - base;
      this.#valueEnds[this.#count] = valueEnd - base;
      this.#count += 1;
      const id = INDEX.find(hash, bytes, start, nameEnd);
      if (id === 0 || id === DATE || id > SEC_WEBSOCKET_ACCEPT) {
        if (id === DATE) this.hasDate = true;
        else if (id !== 0) this.hasDecisionFields = true;
        continue;
      }
      if (!this.#noteField(id, trimBlanks(this.text.slice(valueStart - base, valueEnd - base)))) return false;
      if (id === SEC_WEBSOCKET_ACCEPT) continue;
      if (start > spanStart) kept += this.text.slice(spanStart - base, start - base);
      spanStart = at;
    }
    if (end > spanStart) kept += this.text.slice(spanStart - base, end - base);
    this.kept = kept;
    return true;
  }

  #noteField(id: number, value: string): boolean {
    if (id === CONTENT_LENGTH) {
      const length = parseContentLength(value);
      if (length < 0 || (this.contentLength >= 0 && this.contentLength !== length)) return false;
      this.contentLength = length;
    } else if (id === TRANSFER_ENCODING) {
      if (this.isChunked || this.minorVersion === 0 || value.toLowerCase() !== 'chunked') return false;
      this.isChunked = true;
    } else if (id === CONNECTION) {
      this.#noteConnection(value);
    } else if (id === KEEP_ALIVE) {
      const hint = /(?:^|[,\s])timeout\s*=\s*(\d{1,6})/i.exec(value);
      if (hint !== null) this.keepAliveHintSeconds = Number(hint[1]);
    } else if (id === UPGRADE) {
      this.upgrade = value;
    } else if (id === SEC_WEBSOCKET_ACCEPT) {
      this.websocketAccept = value;
    }
    return true;
  }

  #noteConnection(value: string): void {
    if (value === 'keep-alive' || value === 'close') {
      if (value === 'close') this.keepAlive = false;
      else if (this.minorVersion === 0) this.keepAlive = true;
      return;
    }
    let isClose = false;
    for (const part of value.split(',')) {
      const token = trimBlanks(part).toLowerCase();
      if (token === 'close') isClose = true;
      else if (token === 'keep-alive') this.keepAlive = true;
      else if (token !== '' && INDEX.idOf(token) === 0 && !PROTECTED.has(token)) {
        if (this.#nominated === NO_NAMES) this.#nominated = new Set();
        (this.#nominated as Set<string>).add(token);
      }
    }
    if (isClose) this.keepAlive = false;
  }

  /** Lower-case names of the fields that Connection nominated: they end at this hop, as trailers too. */
  get nominated(): ReadonlySet<string> {
    return this.#nominated;
  }

  /** The lines to copy, without those of `names` (lower case) and without what Connection nominated. */
  keptWithout(names: ReadonlySet<string>): string {
    let kept = '';
    for (let i = 0; i < this.#count; i += 1) {
      const name = this.text.slice(this.#starts[i], this.#nameEnds[i]).toLowerCase();
      const id = INDEX.idOf(name);
      if ((id !== 0 && id <= PROXY_AUTHORIZATION) || names.has(name) || this.#nominated.has(name)) continue;
      kept += `${this.text.slice(this.#starts[i], this.#valueEnds[i])}\r\n`;
    }
    return kept;
  }
}

/** Fields that no Connection token may remove from an answer. */
const PROTECTED: ReadonlySet<string> = new Set([
  'content-type',
  'content-encoding',
  'content-range',
  'set-cookie',
  'cache-control',
  'etag',
  'vary',
  'location',
  'www-authenticate',
  'strict-transport-security',
  'content-security-policy',
]);
