import { readSource, type SourceReading } from './source-reading.ts';
import type { Revision } from './state-store.ts';

/** An accepted configuration as a reading: its texts and lists as they were; secrets are read again where they lie. */
export function readingOfRevision(revision: Revision, path: string, baseDirectory: string): SourceReading {
  const now = readSource(path, baseDirectory, (name) => listOf(revision, name));
  const readFile = (name: string) => listOf(revision, name) ?? now.readFile(name);
  return { path, baseDirectory, files: revision.files, error: null, readFile, named: now.named };
}

function listOf(revision: Revision, name: string): string | null {
  return Object.hasOwn(revision.lists, name) ? revision.lists[name]! : null;
}
