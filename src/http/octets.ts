/** Classes of octets (RFC 9110 5.6.2 tchar, 5.5 field-value; RFC 3986 for targets). A byte may be in several. */
export const TOKEN = 1;
/** May stand in a field value: visible, SP, HTAB, obs-text. */
export const VALUE = 2;
/**
 * May stand in a request target: visible US-ASCII but `#`. Wider than RFC 3986, because browsers and partners do send `|`,
 * `"`, `{`. A `\` passes in a query alone: the path's policy sees to that.
 */
export const TARGET = 4;

export const OCTETS = new Uint8Array(256);
for (let byte = 0; byte < 256; byte += 1) {
  const character = String.fromCharCode(byte);
  let bits = 0;
  if (/[!#$%&'*+\-.^_`|~0-9A-Za-z]/.test(character)) bits |= TOKEN;
  if (byte === 9 || (byte >= 32 && byte !== 127)) bits |= VALUE;
  if (byte > 32 && byte < 127 && character !== '#') bits |= TARGET;
  OCTETS[byte] = bits;
}
