/**
 * The grammar of JSON (RFC 8259) over bytes: each function takes the place where something begins and gives the place after
 * it, or -1 where it is malformed. One pass, no recursion, nothing built.
 */

/** Objects and lists within each other; deeper documents are refused. */
export const MAX_DEPTH = 512;

const OBJECT = 1;
const LIST = 2;

const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const POINT = 0x2e;
const COLON = 0x3a;
const OPEN_LIST = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** Bytes that a string cannot simply go on with: its end, an escape, a control character, what is beyond ASCII. */
const STRING_STOPS = new Uint8Array(256);
for (let byte = 0; byte < 256; byte++) {
  if (byte < 0x20 || byte === QUOTE || byte === BACKSLASH || byte > 0x7f) STRING_STOPS[byte] = 1;
}
const ESCAPABLE = new Set([...'"\\/bfnrt'].map((letter) => letter.charCodeAt(0)));

/** After the blanks, if any. */
export function skipBlanks(bytes: Uint8Array, from: number): number {
  let at = from;
  for (;;) {
    const byte = bytes[at] as number;
    if (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) at++;
    else return at;
  }
}

/** After the string whose first quote lies at `from`. */
export function skipString(bytes: Uint8Array, from: number): number {
  const end = bytes.length;
  let at = from + 1;
  while (at < end) {
    const byte = bytes[at] as number;
    if (STRING_STOPS[byte] === 0) {
      at++;
    } else if (byte === QUOTE) {
      return at + 1;
    } else if (byte === BACKSLASH) {
      at = skipEscape(bytes, at + 1);
      if (at < 0) return -1;
    } else {
      at = byte > 0x7f ? skipUtf8(bytes, at) : -1;
      if (at < 0) return -1;
    }
  }
  return -1;
}

/** After the character of two to four bytes at `from` (RFC 3629: nothing longer than it must be, no surrogates). */
function skipUtf8(bytes: Uint8Array, from: number): number {
  const lead = bytes[from] as number;
  if (lead < 0xc2 || lead > 0xf4) return -1;
  const second = bytes[from + 1] as number;
  if (lead < 0xe0) return isBetween(second, 0x80, 0xbf) ? from + 2 : -1;
  const least = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
  const most = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
  if (!isBetween(second, least, most) || !isBetween(bytes[from + 2] as number, 0x80, 0xbf)) return -1;
  if (lead < 0xf0) return from + 3;
  return isBetween(bytes[from + 3] as number, 0x80, 0xbf) ? from + 4 : -1;
}

function isBetween(byte: number, least: number, most: number): boolean {
  return byte >= least && byte <= most;
}

function skipEscape(bytes: Uint8Array, from: number): number {
  const byte = bytes[from] as number;
  if (ESCAPABLE.has(byte)) return from + 1;
  if (byte !== 0x75) return -1;
  for (let at = from + 1; at < from + 5; at++) if (!isHexDigit(bytes[at] as number)) return -1;
  return from + 5;
}

/** After an object's key and its colon; `from` lies before the key's first quote, blanks allowed. */
function skipKey(bytes: Uint8Array, from: number): number {
  const start = skipBlanks(bytes, from);
  if (bytes[start] !== QUOTE) return -1;
  return skipColon(bytes, skipString(bytes, start));
}

/** After the colon behind a key that ends at `keyEnd`. */
export function skipColon(bytes: Uint8Array, keyEnd: number): number {
  if (keyEnd < 0) return -1;
  const at = skipBlanks(bytes, keyEnd);
  return bytes[at] === COLON ? at + 1 : -1;
}

/** After the number, `true`, `false` or `null` at `from`. */
function skipWord(bytes: Uint8Array, from: number): number {
  const byte = bytes[from] as number;
  if (byte === MINUS || isDigit(byte)) return skipNumber(bytes, from);
  if (byte === 0x74) return skipLetters(bytes, from, 'true');
  if (byte === 0x66) return skipLetters(bytes, from, 'false');
  return byte === 0x6e ? skipLetters(bytes, from, 'null') : -1;
}

function skipLetters(bytes: Uint8Array, from: number, letters: string): number {
  for (let i = 0; i < letters.length; i++) if (bytes[from + i] !== letters.charCodeAt(i)) return -1;
  return from + letters.length;
}

function skipNumber(bytes: Uint8Array, from: number): number {
  let at = bytes[from] === MINUS ? from + 1 : from;
  if (bytes[at] === 0x30) at++;
  else at = skipDigits(bytes, at);
  if (at > 0 && bytes[at] === POINT) at = skipDigits(bytes, at + 1);
  if (at > 0 && ((bytes[at] as number) | 0x20) === 0x65) {
    const sign = bytes[at + 1];
    at = skipDigits(bytes, sign === 0x2b || sign === MINUS ? at + 2 : at + 1);
  }
  return at;
}

/** After one digit or more. */
function skipDigits(bytes: Uint8Array, from: number): number {
  let at = from;
  while (isDigit(bytes[at] as number)) at++;
  return at > from ? at : -1;
}

/** What contains what, while a value is skipped: one stack for all, because skipping never waits. */
const containers = new Uint8Array(MAX_DEPTH + 2);

/** After the value at `from` (no blanks before it), which may nest as far as `depth` objects and lists around it leave room. */
export function skipValue(bytes: Uint8Array, from: number, depth: number): number {
  let at = from;
  let level = 0;
  for (;;) {
    const byte = bytes[at] as number;
    if (byte === QUOTE) {
      at = skipString(bytes, at);
    } else if (byte === OPEN_OBJECT || byte === OPEN_LIST) {
      if (++level + depth > MAX_DEPTH) return -1;
      containers[level] = byte === OPEN_OBJECT ? OBJECT : LIST;
      const inside = skipBlanks(bytes, at + 1);
      if (bytes[inside] === (byte === OPEN_OBJECT ? CLOSE_OBJECT : CLOSE_LIST)) {
        level--;
        at = inside + 1;
      } else {
        at = byte === OPEN_OBJECT ? valueAfterKey(bytes, inside) : inside;
        if (at < 0) return -1;
        continue;
      }
    } else {
      at = skipWord(bytes, at);
    }
    if (at < 0) return -1;
    // Whatever ends with this value.
    for (;;) {
      if (level === 0) return at;
      at = skipBlanks(bytes, at);
      const isObject = containers[level] === OBJECT;
      if (bytes[at] === COMMA) {
        at = isObject ? valueAfterKey(bytes, at + 1) : skipBlanks(bytes, at + 1);
        break;
      }
      if (bytes[at] !== (isObject ? CLOSE_OBJECT : CLOSE_LIST)) return -1;
      level--;
      at++;
    }
    if (at < 0) return -1;
  }
}

function valueAfterKey(bytes: Uint8Array, from: number): number {
  const at = skipKey(bytes, from);
  return at < 0 ? -1 : skipBlanks(bytes, at);
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

function isHexDigit(byte: number): boolean {
  const lower = byte | 0x20;
  return isDigit(byte) || (lower >= 0x61 && lower <= 0x66);
}
