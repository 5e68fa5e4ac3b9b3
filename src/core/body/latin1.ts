/** String.fromCharCode takes its units as arguments, of which an engine allows only so many. */
const UNITS_AT_ONCE = 4096;
/** So few are put together one by one. */
const FEW_UNITS = 24;

/** The bytes [start, end) as a byte string. */
export function latin1(bytes: Uint8Array, start = 0, end = bytes.length): string {
  let text = '';
  if (end - start <= FEW_UNITS) {
    for (let at = start; at < end; at++) text += String.fromCharCode(bytes[at] as number);
    return text;
  }
  for (let at = start; at < end; at += UNITS_AT_ONCE) {
    // As arguments it takes any list of numbers; spreading one would go through its iterator.
    const units = bytes.subarray(at, Math.min(end, at + UNITS_AT_ONCE)) as unknown as number[];
    text += String.fromCharCode.apply(null, units);
  }
  return text;
}
