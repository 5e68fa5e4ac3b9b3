/** Base64 (RFC 4648) as partners send it: blanks and line ends between its letters, with or without padding. */

export type Alphabet = 'base64' | 'base64url';

const NONE = 0xff;
const BLANK = 0xfe;
const PAD = 0x3d;
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

const VALUES: Readonly<Record<Alphabet, Uint8Array>> = {
  base64: valuesOf(`${LETTERS}+/`),
  base64url: valuesOf(`${LETTERS}-_`),
};

function valuesOf(alphabet: string): Uint8Array {
  const values = new Uint8Array(256).fill(NONE);
  for (let i = 0; i < alphabet.length; i++) values[alphabet.charCodeAt(i)] = i;
  for (const blank of ' \t\r\n') values[blank.charCodeAt(0)] = BLANK;
  return values;
}

/** The bytes; null when it is not base64 of this alphabet. */
export function decodeBase64(text: Uint8Array, alphabet: Alphabet): Uint8Array | null {
  const values = VALUES[alphabet];
  const end = lengthWithoutPadding(text, values);
  const out = new Uint8Array(Math.floor((end * 3) / 4));
  let length = 0;
  let held = 0;
  let heldBits = 0;
  for (let at = 0; at < end; at++) {
    const value = values[text[at] as number] as number;
    if (value === BLANK) continue;
    if (value === NONE) return null;
    held = ((held << 6) | value) & 0xffff;
    heldBits += 6;
    if (heldBits < 8) continue;
    heldBits -= 8;
    out[length++] = held >>> heldBits;
  }
  // A single letter at the end holds no byte; bits left over hold nothing.
  if (heldBits === 6) return null;
  return out.subarray(0, length);
}

/** At most two signs of padding, blanks after and among them, are no part of what is decoded. */
function lengthWithoutPadding(text: Uint8Array, values: Uint8Array): number {
  let end = text.length;
  let pads = 0;
  while (end > 0) {
    const byte = text[end - 1] as number;
    if (byte === PAD && pads < 2) pads++;
    else if (values[byte] !== BLANK) break;
    end--;
  }
  return end;
}
