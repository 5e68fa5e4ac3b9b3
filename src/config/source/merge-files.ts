import type { IssueCollector } from '../issue-collector.ts';
import type { MapEntry, SourceNode } from './source-node.ts';

/** Sections that files of one directory may share: their entries are put together in file order. */
const SHARED_SECTIONS: ReadonlySet<string> = new Set(['listeners', 'services', 'routes', 'switches', 'releases']);

/** Puts the roots of several files together, in the order given. The same name in two of them is an error. */
export function mergeFiles(roots: readonly SourceNode[], issues: IssueCollector): SourceNode {
  const merged = new Map<string, MapEntry>();
  for (const root of roots) {
    if (root.kind === 'scalar' && root.isEmpty) continue;
    if (root.kind !== 'map') {
      issues.error('wrong-type', root, 'a configuration is a map: `version: 1`, `listeners: ...`');
      continue;
    }
    for (const entry of root.entries) addEntry(merged, entry, issues);
  }
  return { kind: 'map', file: 0, at: 0, entries: [...merged.values()] };
}

function addEntry(merged: Map<string, MapEntry>, entry: MapEntry, issues: IssueCollector): void {
  const earlier = merged.get(entry.key);
  if (earlier === undefined) {
    merged.set(entry.key, entry);
    return;
  }
  const both = SHARED_SECTIONS.has(entry.key) ? joined(earlier.value, entry.value, issues) : null;
  if (both !== null) merged.set(entry.key, { ...earlier, value: both });
  else if (!isSameText(earlier.value, entry.value) || entry.key !== 'version') {
    issues.error(
      'duplicate-name',
      { file: entry.keyFile, at: entry.keyAt },
      `${entry.key} is given in another file too`,
    );
  }
}

function joined(one: SourceNode, other: SourceNode, issues: IssueCollector): SourceNode | null {
  if (one.kind === 'list' && other.kind === 'list') return { ...one, items: one.items.concat(other.items) };
  if (one.kind !== 'map' || other.kind !== 'map') return null;
  const names = new Set(one.entries.map((entry) => entry.key));
  const fresh = other.entries.filter((entry) => {
    if (!names.has(entry.key)) return true;
    issues.error(
      'duplicate-name',
      { file: entry.keyFile, at: entry.keyAt },
      `${entry.key} is defined in another file too`,
    );
    return false;
  });
  return { ...one, entries: one.entries.concat(fresh) };
}

function isSameText(one: SourceNode, other: SourceNode): boolean {
  return one.kind === 'scalar' && other.kind === 'scalar' && one.text === other.text;
}
