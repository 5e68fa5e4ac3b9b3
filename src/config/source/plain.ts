import type { SourceNode } from './source-node.ts';

/** A source node as plain data for the schema: texts, lists, maps; null where nothing is written. */
export type Plain = string | null | readonly Plain[] | { readonly [key: string]: Plain };

/** Keys that look like an array index lose their place in a JavaScript object; a mark goes in front of them. */
const MARK = '\u0000';
const INDEX_LIKE = /^(?:0|[1-9]\d{0,9})$/;

export function plainOf(node: SourceNode): Plain {
  if (node.kind === 'scalar') return node.isEmpty ? null : node.text;
  if (node.kind === 'list') return node.items.map(plainOf);
  const map = Object.create(null) as Record<string, Plain>;
  for (const entry of node.entries) map[safeKey(entry.key)] = plainOf(entry.value);
  return map;
}

function safeKey(key: string): string {
  return INDEX_LIKE.test(key) || key.startsWith(MARK) ? MARK + key : key;
}

/** The key as it is written in the file. */
export function writtenKey(key: string): string {
  return key.startsWith(MARK) ? key.slice(MARK.length) : key;
}
