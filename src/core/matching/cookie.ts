import { percentDecode, toByteString } from '../byte-string.ts';
import type { Condition } from './condition.ts';
import { valueCondition } from './value-condition.ts';
import type { ValueMatcher } from './value-matcher.ts';

const SPACE = 0x20;
const TAB = 0x09;
const QUOTE = 0x22;
const EQUALS = 0x3d;

/** `cookie:`. The first cookie of that name, its value percent-decoded once. */
export function cookieCondition(name: string, matcher: ValueMatcher): Condition {
  const wanted = toByteString(name);
  return valueCondition({
    subject: `cookie ${name}`,
    matcher,
    readCost: 1,
    headerNames: ['cookie'],
    read: (request) => cookieValue(request.header('cookie'), wanted),
  });
}

/**
 * The value of the first cookie called `name` in a Cookie field (RFC 6265, 4.2.1): blanks and one pair of double quotes
 * around it removed, percent-decoded once. Names are case-sensitive byte strings. One pass, whatever was sent.
 */
export function cookieValue(cookieHeader: string | undefined, name: string): string | undefined {
  if (cookieHeader === undefined) return undefined;
  let start = 0;
  while (start < cookieHeader.length) {
    let end = cookieHeader.indexOf(';', start);
    if (end < 0) end = cookieHeader.length;
    const nameAt = skipBlanks(cookieHeader, start, end);
    if (cookieHeader.startsWith(name, nameAt)) {
      const equals = skipBlanks(cookieHeader, nameAt + name.length, end);
      if (equals < end && cookieHeader.charCodeAt(equals) === EQUALS) return readValue(cookieHeader, equals + 1, end);
    }
    start = end + 1;
  }
  return undefined;
}

function readValue(header: string, start: number, end: number): string {
  let from = skipBlanks(header, start, end);
  let to = end;
  while (to > from && isBlank(header.charCodeAt(to - 1))) to--;
  if (to - from >= 2 && header.charCodeAt(from) === QUOTE && header.charCodeAt(to - 1) === QUOTE) {
    from++;
    to--;
  }
  return percentDecode(header.slice(from, to), false);
}

function skipBlanks(header: string, start: number, end: number): number {
  let at = start;
  while (at < end && isBlank(header.charCodeAt(at))) at++;
  return at;
}

function isBlank(unit: number): boolean {
  return unit === SPACE || unit === TAB;
}
