import { toBytes } from '../byte-string.ts';

/** Charsets by any label of the Encoding standard: what texts are sent in, read as UTF-8. */
export interface Charset {
  /** The standard's name of it: `utf-8`, `gbk`. */
  readonly name: string;
  /** The text; null when these bytes are none in this charset. */
  decode(bytes: Uint8Array): string | null;
}

const encoder = new TextEncoder();
/** Labels that are no charset's are not kept: a client may send any number of them. */
const known = new Map<string, Charset>();
const LONGEST_LABEL = 40;

/** null: there is no charset of that label. */
export function charsetOf(label: string): Charset | null {
  const key = label.trim().toLowerCase();
  if (key.length > LONGEST_LABEL) return null;
  const found = known.get(key);
  if (found !== undefined) return found;
  const made = makeCharset(key);
  if (made !== null) known.set(key, made);
  return made;
}

function makeCharset(label: string): Charset | null {
  try {
    const decoder = new TextDecoder(label, { fatal: true, ignoreBOM: true });
    return { name: decoder.encoding, decode: (bytes) => decodeOrNull(decoder, bytes) };
  } catch {
    return null;
  }
}

function decodeOrNull(decoder: TextDecoder, bytes: Uint8Array): string | null {
  try {
    return decoder.decode(bytes);
  } catch {
    return null;
  }
}

/** A byte string sent in this charset as the bytes of its text in UTF-8; null when it is no text. */
export function asUtf8(sent: string, charset: Charset): Uint8Array | null {
  const bytes = toBytes(sent);
  if (isAscii(bytes) && charset.name !== 'utf-16le' && charset.name !== 'utf-16be') return bytes;
  const text = charset.decode(bytes);
  return text === null ? null : encoder.encode(text);
}

/** Bytes of a whole document in this charset as UTF-8; null when they are none. UTF-8 is left to whoever reads it. */
export function documentAsUtf8(bytes: Uint8Array, charset: Charset): Uint8Array | null {
  if (charset.name === 'utf-8') return bytes;
  const text = charset.decode(bytes);
  return text === null ? null : encoder.encode(text);
}

function isAscii(bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length; i++) if ((bytes[i] as number) > 0x7f) return false;
  return true;
}
