import type { IssueCollector } from '../issue-collector.ts';
import type { Place } from './source-node.ts';

/** Where the values of `${env:NAME}` and `${file:PATH}` come from. */
export interface ReferenceSource {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Reads a file named in the configuration, by the path as written. */
  readFile(path: string): string | { readonly error: string };
}

const REFERENCE = /\$\{(env|file):([^}]*)(\}?)/g;

/** Fills in the references of one text; values found become secrets. A reference that cannot be filled is an error at `place`. */
export function fillReferences(
  text: string,
  place: Place,
  source: ReferenceSource,
  issues: IssueCollector,
  watched: Set<string>,
): string {
  if (!text.includes('${env:') && !text.includes('${file:')) return text;
  const failures: string[] = [];
  const filled = text.replaceAll(REFERENCE, (written, kind: string, name: string, close: string) => {
    const value = close === '' || name === '' ? null : referenceValue(kind, name, source, watched);
    const failure = failureOf(written, kind, name, close, value);
    if (failure !== null) failures.push(failure);
    if (typeof value !== 'string') return written;
    issues.hide(value, written);
    return value;
  });
  for (const failure of failures) issues.error('bad-reference', place, failure);
  if (failures.length > 0) issues.silence(place);
  return filled;
}

function referenceValue(
  kind: string,
  name: string,
  source: ReferenceSource,
  watched: Set<string>,
): string | { error: string } {
  if (kind === 'env') return (Object.hasOwn(source.env, name) ? source.env[name] : undefined) ?? '';
  watched.add(name);
  const text = source.readFile(name);
  // Editors and `echo` end a file with a line break that is no part of the secret.
  return typeof text === 'string' ? text.replace(/\r?\n$/, '') : text;
}

function failureOf(
  written: string,
  kind: string,
  name: string,
  close: string,
  value: string | { error: string } | null,
): string | null {
  if (close === '') return `${written} has no closing }`;
  if (name === '') return `${written} names nothing`;
  if (value === '')
    return kind === 'env' ? `the environment variable ${name} is unset or empty` : `the file ${name} is empty`;
  return typeof value === 'string' || value === null ? null : `cannot read the file ${name}: ${value.error}`;
}
