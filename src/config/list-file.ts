/** The values of a list file: one a line, blanks trimmed; `#` at the start of a line or after a blank begins a comment. */
export function* listValues(text: string): Generator<string> {
  let start = text.startsWith('\uFEFF') ? 1 : 0;
  while (start < text.length) {
    let end = text.indexOf('\n', start);
    if (end < 0) end = text.length;
    const value = withoutComment(text.slice(start, end)).trim();
    if (value !== '') yield value;
    start = end + 1;
  }
}

function withoutComment(line: string): string {
  const sign = line.indexOf('#');
  if (sign < 0) return line;
  const at = line.search(/(?:^|\s)#/);
  return at < 0 ? line : line.slice(0, at);
}
