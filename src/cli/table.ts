/** Rows as text in columns, two blanks apart; what ends a row neither is padded nor widens its column. No rows: ''. */
export function columns(rows: readonly (readonly string[])[], indent = ''): string {
  const trimmed = rows.map(withoutBlankEnd);
  const widths: number[] = [];
  for (const row of trimmed) {
    for (const [at, cell] of row.slice(0, -1).entries()) widths[at] = Math.max(widths[at] ?? 0, cell.length);
  }
  const line = (row: readonly string[]) =>
    row.map((cell, at) => (at === row.length - 1 ? cell : cell.padEnd(widths[at]!))).join('  ');
  return trimmed.map((row) => `${indent}${line(row)}\n`).join('');
}

function withoutBlankEnd(row: readonly string[]): readonly string[] {
  return row.slice(0, row.findLastIndex((cell) => cell !== '') + 1);
}
