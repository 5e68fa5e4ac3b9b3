/**
 * Byte strings: one UTF-16 unit per byte (latin1), the form in which the client's bytes are matched and hashed. Texts written
 * in the configuration become byte strings once, at load.
 */

const encoder = new TextEncoder();
// ignoreBOM keeps a leading U+FEFF: a value is never shortened by looking at it.
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

const PERCENT = 0x25;
const PLUS = 0x2b;
/** String.fromCharCode takes its units as arguments, of which an engine allows only so many. */
const UNITS_AT_ONCE = 4096;

/** The UTF-8 bytes of a text as a byte string. Lone surrogates become U+FFFD. */
export function toByteString(text: string): string {
  if (isAscii(text)) return text;
  const bytes = encoder.encode(text);
  let out = '';
  for (let i = 0; i < bytes.length; i += UNITS_AT_ONCE) {
    out += String.fromCharCode(...bytes.subarray(i, i + UNITS_AT_ONCE));
  }
  return out;
}

/** The text whose UTF-8 bytes these are; what is not UTF-8 shows as U+FFFD. */
export function fromByteString(bytes: string): string {
  return isAscii(bytes) ? bytes : decoder.decode(toBytes(bytes));
}

/** The bytes themselves. */
export function toBytes(bytes: string): Uint8Array {
  const out = new Uint8Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) out[i] = bytes.charCodeAt(i);
  return out;
}

/** Percent-decodes once. A broken escape stays as the bytes sent; `+` becomes a space when asked for (queries, forms). */
export function percentDecode(bytes: string, plusIsSpace: boolean): string {
  let at = nextEscape(bytes, 0, plusIsSpace);
  if (at === bytes.length) return bytes;
  let out = '';
  let copied = 0;
  while (at < bytes.length) {
    const isPlus = bytes.charCodeAt(at) === PLUS;
    const unit = isPlus ? 0x20 : escapedByte(bytes, at);
    if (unit >= 0) {
      out += bytes.slice(copied, at) + String.fromCharCode(unit);
      copied = isPlus ? at + 1 : at + 3;
      at = copied;
    } else {
      at++;
    }
    at = nextEscape(bytes, at, plusIsSpace);
  }
  return out + bytes.slice(copied);
}

function nextEscape(bytes: string, from: number, plusIsSpace: boolean): number {
  for (let i = from; i < bytes.length; i++) {
    const unit = bytes.charCodeAt(i);
    if (unit === PERCENT || (plusIsSpace && unit === PLUS)) return i;
  }
  return bytes.length;
}

/** The byte that the escape at `at` stands for; -1 when it is no escape. */
function escapedByte(bytes: string, at: number): number {
  if (at + 2 >= bytes.length) return -1;
  const high = hexDigit(bytes.charCodeAt(at + 1));
  const low = hexDigit(bytes.charCodeAt(at + 2));
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

function hexDigit(unit: number): number {
  if (unit >= 0x30 && unit <= 0x39) return unit - 0x30;
  const lower = unit | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) > 0x7f) return false;
  }
  return true;
}
