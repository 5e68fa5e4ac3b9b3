const BYTE_ORDER_MARK = 0xfeff;

/** The values of a list file: one a line, blanks trimmed; `#` at the start of a line or after a blank begins a comment. */
export function* listValues(text: string): Generator<string> {
  const spans: number[] = [];
  eachListSpan(text, 0, text.length, (start, end) => spans.push(start, end));
  for (let i = 0; i < spans.length; i += 2) yield text.slice(spans[i], spans[i + 1]);
}

/** Where those values lie in the text, as far as its lines within [from, to) go. */
export function eachListSpan(text: string, from: number, to: number, take: (start: number, end: number) => void): void {
  let sign = nextSign(text, from);
  let lineStart = from === 0 && text.charCodeAt(0) === BYTE_ORDER_MARK ? 1 : from;
  while (lineStart < to) {
    let lineEnd = text.indexOf('\n', lineStart);
    if (lineEnd < 0) lineEnd = to;
    if (sign < lineStart) sign = nextSign(text, lineStart);
    const valueEnd = sign < lineEnd ? commentStart(text, lineStart, lineEnd) : lineEnd;
    takeTrimmed(text, lineStart, valueEnd, take);
    lineStart = lineEnd + 1;
  }
}

/** Infinity: there is none any more. */
function nextSign(text: string, from: number): number {
  const found = text.indexOf('#', from);
  return found < 0 ? Number.POSITIVE_INFINITY : found;
}

function commentStart(text: string, lineStart: number, lineEnd: number): number {
  for (let at = text.indexOf('#', lineStart); at >= 0 && at < lineEnd; at = text.indexOf('#', at + 1)) {
    if (at === lineStart || isBlank(text.charCodeAt(at - 1))) return at;
  }
  return lineEnd;
}

function takeTrimmed(text: string, from: number, to: number, take: (start: number, end: number) => void): void {
  let start = from;
  let end = to;
  while (start < end && isBlank(text.charCodeAt(start))) start++;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  if (end > start) take(start, end);
}

/** What `trim` takes for a blank. */
function isBlank(unit: number): boolean {
  if (unit > 0x20 && unit < 0xa0) return false;
  return unit <= 0x7f
    ? unit === 0x20 || (unit >= 0x09 && unit <= 0x0d)
    : unit === 0xa0 || unit === BYTE_ORDER_MARK || (unit >= 0x1680 && /^\s$/.test(String.fromCharCode(unit)));
}
