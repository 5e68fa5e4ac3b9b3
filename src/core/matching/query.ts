import { percentDecode, toByteString } from '../byte-string.ts';
import type { Condition } from './condition.ts';
import { valueCondition } from './value-condition.ts';
import type { ValueMatcher } from './value-matcher.ts';

const AMPERSAND = 0x26;
const EQUALS = 0x3d;
const PERCENT = 0x25;
const PLUS = 0x2b;

/** `query:`. The first parameter of that name, percent-decoded once, `+` a space. */
export function queryCondition(name: string, matcher: ValueMatcher): Condition {
  const wanted = toByteString(name);
  return valueCondition({
    subject: `query ${name}`,
    matcher,
    readCost: 1,
    headerNames: [],
    read: (request) => queryValue(request.query, wanted),
  });
}

/**
 * The value of the first parameter called `name` (a byte string) in a raw query; '' for a parameter without `=`. Names are
 * compared after decoding, values decoded once. One pass, whatever was sent.
 */
export function queryValue(rawQuery: string, name: string): string | undefined {
  let start = 0;
  while (start < rawQuery.length) {
    let at = start;
    let isEscaped = false;
    let unit = rawQuery.charCodeAt(at);
    while (at < rawQuery.length && unit !== AMPERSAND && unit !== EQUALS) {
      if (unit === PERCENT || unit === PLUS) isEscaped = true;
      unit = rawQuery.charCodeAt(++at);
    }
    let end = at;
    if (unit === EQUALS) {
      end = rawQuery.indexOf('&', at);
      if (end < 0) end = rawQuery.length;
    }
    if (isNamed(rawQuery, start, at, isEscaped, name)) {
      return at < end ? percentDecode(rawQuery.slice(at + 1, end), true) : '';
    }
    start = end + 1;
  }
  return undefined;
}

function isNamed(query: string, start: number, end: number, isEscaped: boolean, name: string): boolean {
  if (isEscaped) return percentDecode(query.slice(start, end), true) === name;
  return end - start === name.length && query.startsWith(name, start) && end > start;
}
