import type { HeaderOperations } from '../core/snapshot.ts';

/** Header changes, resolved to what the writers need. */
export interface HeaderChange {
  /** Lower-case names whose lines are not copied; null: none. */
  readonly removes: ReadonlySet<string> | null;
  /** Lines to add, CRLF at the end of each. */
  readonly lines: string;
}

/** Remove, then set, then add: what is set first loses its old lines. */
export function headerChange(operations: HeaderOperations): HeaderChange | null {
  const { set, add, remove } = operations;
  if (set.length === 0 && add.length === 0 && remove.length === 0) return null;
  const removes = new Set([...remove, ...set.map(({ name }) => name)].map((name) => name.toLowerCase()));
  const lines = [...set, ...add].map(({ name, value }) => `${name}: ${value}\r\n`).join('');
  return { removes: removes.size > 0 ? removes : null, lines };
}
