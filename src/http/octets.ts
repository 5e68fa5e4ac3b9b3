/** Classes of octets (RFC 9110 5.6.2 tchar, 5.5 field-value; RFC 3986 for targets). A byte may be in several. */
export const TOKEN = 1;
/** May stand in a field value: visible, SP, HTAB, obs-text. */
export const VALUE = 2;
/** May stand in a request target: visible US-ASCII but `#` and `\`. Wider than RFC 3986: browsers and partners do send `|`, `"`, `{`. */
export const TARGET = 4;
export const DIGIT = 8;

export const OCTETS = new Uint8Array(256);
for (let byte = 0; byte < 256; byte += 1) {
  const character = String.fromCharCode(byte);
  let bits = 0;
  if (/[!#$%&'*+\-.^_`|~0-9A-Za-z]/.test(character)) bits |= TOKEN;
  if (byte === 9 || (byte >= 32 && byte !== 127)) bits |= VALUE;
  if (byte > 32 && byte < 127 && character !== '#' && character !== '\\') bits |= TARGET;
  if (byte >= 48 && byte <= 57) bits |= DIGIT;
  OCTETS[byte] = bits;
}
