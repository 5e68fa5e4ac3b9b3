import { longIntegerOf } from './json-document.ts';

const SECRET_NAME =
  /pass(?:word|wd|phrase)?|secret|token|authorization|credential|api[-_]?key|private|session|cookie|csrf|otp|cvv|cvc|pin(?:$|code)|card|iban|account|ssn|passport|signature|e-?mail|phone|mobile|(?:^|[-_/])sign?$/i;
const EMAIL = /[^\s@"<>]+@[^\s@"<>]+\.[^\s@"<>]+/g;
/** Header, payload and signature in base64url. */
const SIGNED_TOKEN = /\b[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{8,}/g;
const BEARER = /\b(Bearer|Basic)\s+\S+/gi;
/** Phone, card and account numbers are among these; so are times in milliseconds, of which the ends still tell something. */
const MANY_DIGITS = /\d{9,}/g;
const MAX_CHARS = 200;
const HIDDEN = '***';

/** The value of a field in a sample, as JSON text fit to be shown to an operator; null: it was not there. */
export function shownValue(field: string, value: unknown): string | null {
  if (value === undefined) return null;
  if (SECRET_NAME.test(field)) return `"${HIDDEN}"`;
  const text = JSON.stringify(value, (key, part: unknown) => (SECRET_NAME.test(key) ? HIDDEN : masked(part)));
  const shown = longIntegerOf(value) === null ? text : text.slice(1, -1);
  return shown.length > MAX_CHARS ? `${shown.slice(0, MAX_CHARS)}…` : shown;
}

function masked(value: unknown): unknown {
  if (typeof value === 'number')
    return Math.abs(value) >= 1e9 && Number.isInteger(value) ? maskedText(`${value}`) : value;
  return typeof value === 'string' ? maskedText(longIntegerOf(value) ?? value) : value;
}

function maskedText(text: string): string {
  return text
    .replace(BEARER, `$1 ${HIDDEN}`)
    .replace(SIGNED_TOKEN, HIDDEN)
    .replace(EMAIL, `${HIDDEN}@${HIDDEN}`)
    .replace(MANY_DIGITS, (digits) => `${digits.slice(0, 2)}${'*'.repeat(digits.length - 4)}${digits.slice(-2)}`);
}
