import { readdirSync, readFileSync, statSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { messageOf } from './command-error.ts';

export interface SourceFile {
  /** As shown in messages: under the path that was given. */
  readonly path: string;
  readonly text: string;
}

export type TextOrError = string | { readonly error: string };

/** One look at a configuration: its files, and what they name, read once each. */
export interface SourceReading {
  /** The path that was given. */
  readonly path: string;
  /** Where the relative paths in the configuration begin. */
  readonly baseDirectory: string;
  /** In the order in which they are merged; empty when `error` is set. */
  readonly files: readonly SourceFile[];
  /** Why there is nothing to read; null: there is. */
  readonly error: string | null;
  /** A file that the configuration names, by the path as written. Asked twice, it answers the same. */
  readFile(path: string): TextOrError;
  /** What `readFile` was asked for so far, and what it answered. */
  readonly named: ReadonlyMap<string, TextOrError>;
}

/** What a named file was when it was last read; used in its place when it has vanished. */
export type Keep = (path: string, error: string) => string | null;

/** Reads one file, or every `.yaml` and `.yml` of a directory in name order. `baseDirectory` is where named files lie. */
export function readSource(path: string, baseDirectory: string, keep: Keep = () => null): SourceReading {
  const { named, readFile } = namedFiles(baseDirectory, keep);
  const files: SourceFile[] = [];
  let error: string | null = null;
  try {
    for (const file of filesOf(path)) {
      const text = readText(file);
      if (typeof text === 'string') files.push({ path: file, text });
      else error ??= `cannot read ${file}: ${text.error}`;
    }
    if (files.length === 0 && error === null) error = `${path} holds no .yaml or .yml file`;
  } catch (cause) {
    error = `cannot read ${path}: ${reasonOf(cause)}`;
  }
  return { path, baseDirectory, files: error === null ? files : [], error, readFile, named };
}

/** Texts that somebody sent, as if they lay in `baseDirectory`. */
export function readingOfTexts(files: readonly SourceFile[], baseDirectory: string): SourceReading {
  return { path: files[0]?.path ?? '', baseDirectory, files, error: null, ...namedFiles(baseDirectory, () => null) };
}

/** Each file that a configuration names is read once, when it is asked for. */
function namedFiles(baseDirectory: string, keep: Keep): Pick<SourceReading, 'named' | 'readFile'> {
  const named = new Map<string, TextOrError>();
  const readFile = (name: string): TextOrError => {
    const known = named.get(name);
    if (known !== undefined) return known;
    const read = readText(isAbsolute(name) ? name : join(baseDirectory, name));
    const result = typeof read === 'string' ? read : (keep(name, read.error) ?? read);
    named.set(name, result);
    return result;
  };
  return { named, readFile };
}

/** Do two readings hold the same texts? Compares what the earlier one was asked for. */
export function isSameReading(earlier: SourceReading, later: SourceReading): boolean {
  return (
    hasSameFiles(earlier, later) &&
    [...earlier.named].every(([path, result]) => isSameText(result, later.readFile(path)))
  );
}

/** Is the configuration itself the same, whatever became of the files that it names? */
export function hasSameFiles(one: SourceReading, other: SourceReading): boolean {
  if (one.error !== other.error || one.files.length !== other.files.length) return false;
  return one.files.every((file, at) => file.path === other.files[at]!.path && file.text === other.files[at]!.text);
}

function isSameText(one: TextOrError, other: TextOrError): boolean {
  if (typeof one === 'string' || typeof other === 'string') return one === other;
  return one.error === other.error;
}

function filesOf(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  const names = readdirSync(path).filter((name) => /^[^.].*\.ya?ml$/.test(name));
  return names.sort().map((name) => join(path, name));
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function readText(path: string): TextOrError {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (cause) {
    return { error: reasonOf(cause) };
  }
  try {
    return utf8.decode(bytes);
  } catch {
    return { error: 'it is not UTF-8 text' };
  }
}

function reasonOf(cause: unknown): string {
  switch ((cause as NodeJS.ErrnoException).code) {
    case 'ENOENT':
      return 'there is no such file';
    case 'EACCES':
      return 'permission denied';
    case 'EISDIR':
      return 'it is a directory';
    default:
      return messageOf(cause);
  }
}
