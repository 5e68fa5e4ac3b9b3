/** Integers of so many digits lose some of them as numbers. */
const MANY_DIGITS = /\d{16}/;
/** A string, which is left alone, or such an integer outside of one. */
const STRING_OR_LONG_INTEGER = /"(?:[^"\\]|\\.)*"|(?<![\d.eE+])-?\d{16,}(?![\d.eE])/g;
/** Marks an integer that is kept as its digits; no JSON string of a client's begins so by chance. */
const DIGITS_MARK = '\u0000#';

/** A JSON document's value; undefined when the text is none. Long integers are kept as their digits, so that two that differ stay two. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(MANY_DIGITS.test(text) ? withDigitsKept(text) : text) as unknown;
  } catch {
    return undefined;
  }
}

function withDigitsKept(text: string): string {
  return text.replace(STRING_OR_LONG_INTEGER, (found) => (found.startsWith('"') ? found : `"\\u0000#${found}"`));
}

/** The digits of a long integer as `parseJson` keeps it; null for any other value. */
export function longIntegerOf(value: unknown): string | null {
  return typeof value === 'string' && value.startsWith(DIGITS_MARK) ? value.slice(DIGITS_MARK.length) : null;
}
