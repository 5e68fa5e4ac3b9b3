/** What stands for an id, wherever ids are folded. */
export const ANY = '*';

const MAX_SEGMENTS = 12;
const MAX_SEGMENT_CHARS = 64;
/** Digits from which on a text is taken for an id rather than a word with a number in it (`oauth2`, `v1`). */
const ID_DIGITS = 3;
/** `sha256`, `h264`, `p99`. */
const WORD_WITH_NUMBER = /^[A-Za-z]{1,5}\d{1,3}$/;
const NUMBERED = /^[A-Za-z]{1,12}[-_:.]\d+$/;
const HEX = /^(?=.*\d)[0-9a-f-]{12,}$|^[0-9a-f]{24,}$/i;
const LONG_TOKEN = /^(?=.*\d).{16,}$/;

/** True for what names one thing among many, so that a text holding it is one of an unbounded number. */
export function isId(text: string): boolean {
  if (text.length > MAX_SEGMENT_CHARS || text.includes('@')) return true;
  let digits = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= 48 && unit <= 57) digits++;
  }
  if (digits === 0) return HEX.test(text);
  if (WORD_WITH_NUMBER.test(text)) return false;
  return (
    digits >= ID_DIGITS || digits === text.length || NUMBERED.test(text) || HEX.test(text) || LONG_TOKEN.test(text)
  );
}

/** A path with its ids folded: `/orders/4711/items` is `/orders/*` + `/items`. What is deeper than anybody groups by is left out. */
export function pathTemplate(path: string): string {
  const segments = path.split('/');
  const kept = segments.slice(0, MAX_SEGMENTS + 1).map((segment) => (isId(segment) ? ANY : segment));
  if (segments.length > kept.length) kept.push('**');
  return kept.join('/');
}
