import { statSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { messageOf } from './command-error.ts';
import type { Log } from './log.ts';
import { PathWatch } from './path-watch.ts';
import { hasSameFiles, isSameReading, readSource, type SourceReading } from './source-reading.ts';
import { watchPointsOf } from './watch-points.ts';

export interface FileSourceOptions {
  /** A YAML file, or a directory of them. */
  readonly path: string;
  readonly log: Log;
  /** Changes are looked at once nothing has moved for this long ... */
  readonly quietMs?: number;
  /** ... or this long after the first of them. */
  readonly longestMs?: number;
  /** How often to look without having been told. */
  readonly pollMs?: number;
}

/**
 * A configuration in the file system. It says that something changed only when a text did, however the change was made, and
 * never loses the last one: after each change was dealt with it looks again before it rests.
 */
export class FileSource {
  readonly path: string;
  /** Where the relative paths in the configuration begin. */
  readonly baseDirectory: string;
  readonly #log: Log;
  readonly #quietMs: number;
  readonly #longestMs: number;
  readonly #pollMs: number;
  readonly #watch = new PathWatch(() => this.#stir());
  #last: SourceReading | null = null;
  #signature = '';
  #onChange: ((reading: SourceReading) => Promise<void>) | null = null;
  #timer: NodeJS.Timeout | null = null;
  #poll: NodeJS.Timeout | null = null;
  #firstStirMs = 0;
  #turn: Promise<void> = Promise.resolve();
  /** Named files that are gone while their last content is in force. */
  #vanished: ReadonlySet<string> = new Set();

  constructor(options: FileSourceOptions) {
    this.path = options.path;
    this.baseDirectory = baseDirectoryOf(options.path);
    this.#log = options.log;
    this.#quietMs = options.quietMs ?? 100;
    this.#longestMs = options.longestMs ?? 1_000;
    this.#pollMs = options.pollMs ?? 2_000;
  }

  /** Reads everything now. What is missing now is an error, even if an earlier reading had it. */
  read(): SourceReading {
    this.#last = readSource(this.path, this.baseDirectory);
    return this.#last;
  }

  /** From now on tells of every change of content since the last reading, one at a time. */
  watch(onChange: (reading: SourceReading) => Promise<void>): void {
    this.#onChange = onChange;
    this.#follow();
    this.#poll = setInterval(() => this.#pollOnce(), this.#pollMs);
    this.#poll.unref();
    // What changed between the first reading and the first watch.
    this.#stir();
  }

  /** Reads now and tells of it even when nothing changed; resolves when that was dealt with. What is missing now is an error. */
  reload(): Promise<void> {
    return this.#inTurn(() => this.read());
  }

  close(): void {
    this.#onChange = null;
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#poll !== null) clearInterval(this.#poll);
    this.#timer = null;
    this.#poll = null;
    this.#watch.close();
  }

  /** How many system watches are open. */
  get watches(): number {
    return this.#watch.size;
  }

  #stir(): void {
    if (this.#onChange === null) return;
    const nowMs = performance.now();
    if (this.#timer === null) this.#firstStirMs = nowMs;
    else clearTimeout(this.#timer);
    const longestLeftMs = this.#firstStirMs + this.#longestMs - nowMs;
    this.#timer = setTimeout(() => this.#look(), Math.max(0, Math.min(this.#quietMs, longestLeftMs)));
    this.#timer.unref();
  }

  #look(): void {
    this.#timer = null;
    void this.#inTurn(() => this.#changed());
  }

  /** Takes a reading and tells of it, after every earlier one was dealt with. */
  #inTurn(take: () => SourceReading | null): Promise<void> {
    const turn = this.#turn.then(async () => {
      const onChange = this.#onChange;
      if (onChange === null) return;
      const reading = take();
      if (reading !== null) await onChange(reading);
      this.#follow();
      // The files that the new text names may have changed before they were watched.
      if (reading !== null) this.#stir();
    });
    this.#turn = turn.catch((error) =>
      this.#log('error', `a change of ${this.path} could not be dealt with: ${messageOf(error)}`),
    );
    return turn;
  }

  /** A reading that differs from the last one; null: nothing does. */
  #changed(): SourceReading | null {
    const last = this.#last;
    const vanished = new Set<string>();
    const next: SourceReading = readSource(this.path, this.baseDirectory, (path, error) => {
      const known = last?.named.get(path);
      // A list that vanishes by itself stays as it was; one that a new text asks for must be there.
      if (last === null || typeof known !== 'string' || !hasSameFiles(last, next)) return null;
      vanished.add(path);
      if (!this.#vanished.has(path))
        this.#log('warning', `cannot read ${path}: ${error}; its last content stays in force`);
      return known;
    });
    const isSame = last !== null && isSameReading(last, next);
    this.#vanished = vanished;
    if (isSame) return null;
    this.#last = next;
    return next;
  }

  #follow(): void {
    const points = this.#paths().flatMap(watchPointsOf);
    const path = resolve(this.path);
    this.#watch.follow(points, isDirectory(path) ? [path] : []);
    this.#signature = this.#statAll();
  }

  #pollOnce(): void {
    if (this.#timer !== null) return;
    if (this.#statAll() !== this.#signature) this.#stir();
    this.#follow();
  }

  #paths(): string[] {
    const last = this.#last;
    const named = last === null ? [] : [...last.named.keys()];
    const paths = [this.path, ...(last?.files ?? []).map((file) => file.path)].map((path) => resolve(path));
    return [...paths, ...named.map((path) => (isAbsolute(path) ? path : join(this.baseDirectory, path)))];
  }

  #statAll(): string {
    return this.#paths().map(signatureOf).join('\n');
  }
}

/** Where a configuration's relative paths begin: beside the file, or in the directory that was given. */
export function baseDirectoryOf(path: string): string {
  const absolute = resolve(path);
  return isDirectory(absolute) ? absolute : dirname(absolute);
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

function signatureOf(path: string): string {
  try {
    const stat = statSync(path, { bigint: true });
    return `${path} ${stat.dev}:${stat.ino}:${stat.size}:${stat.mtimeNs}`;
  } catch {
    return path;
  }
}
