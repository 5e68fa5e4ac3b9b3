import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { writeFileAtomically } from './atomic-file.ts';
import { type Actor, AuditTrail } from './audit.ts';
import { CommandError, messageOf } from './command-error.ts';
import type { Weights } from './live.ts';
import { NO_STANDING, parseStanding, type Standing, standingText } from './standing.ts';
import { StateLock } from './state-lock.ts';

/** The texts of one accepted configuration, as they were read: secrets are not in it, they are filled in again when it is parsed. */
export interface RevisionTexts {
  readonly files: readonly { readonly path: string; readonly text: string }[];
  /** Texts of the list files, by the path as written. */
  readonly lists: Readonly<Record<string, string>>;
  /** Live weights that were recorded with it, by route. */
  readonly adopted?: Readonly<Record<string, Weights>>;
}

export interface Revision extends RevisionTexts {
  /** Counts from 1; never used twice in one state directory. */
  readonly revision: number;
  /** Milliseconds since the epoch. */
  readonly acceptedAtMs: number;
  readonly hash: string;
  /** Absent in records of an earlier program. */
  readonly by?: Actor;
}

/** A revision without its texts. */
export interface RevisionSummary {
  readonly revision: number;
  /** ISO 8601. */
  readonly acceptedAt: string;
  readonly by: Actor | null;
  /** Routes whose live weights were recorded with it. */
  readonly adopted: readonly string[];
}

const LOCK_RETRY_MS = 50;
/** So many accepted configurations are kept. */
const REVISIONS_KEPT = 50;

/**
 * The state directory of one gateway: what must outlive the process. Written by one process at a time, each file as a whole.
 */
export class StateStore {
  readonly directory: string;
  /** Every change, in order. */
  readonly audit: AuditTrail;
  /** null: another process writes, and this one only reads. */
  #lock: StateLock | null;
  /** The lock, while what the last writer left has yet to be read. */
  #taken: StateLock | null = null;
  #newest: { readonly revision: number; readonly hash: string };

  private constructor(
    directory: string,
    lock: StateLock | null,
    audit: AuditTrail,
    newest: { readonly revision: number; readonly hash: string },
  ) {
    this.directory = directory;
    this.audit = audit;
    this.#lock = lock;
    this.#newest = newest;
  }

  /** Locks the directory, making it where it is missing. `mayWait`: where another process has it, it is only read. */
  static async open(directory: string, mayWait = false): Promise<StateStore> {
    try {
      const lock = await acquire(directory, mayWait);
      await mkdir(revisionsOf(directory), { recursive: true, mode: 0o700 });
      const audit = await AuditTrail.open(directory);
      return new StateStore(directory, lock, audit, await newestOf(directory));
    } catch (error) {
      if (error instanceof CommandError) throw error;
      throw new CommandError(
        'state-unusable',
        `the state directory ${directory} cannot be used: ${messageOf(error)} (give another one with --state DIR)`,
        { cause: error },
      );
    }
  }

  get isWritable(): boolean {
    return this.#lock?.isHeld() === true;
  }

  /** Resolves once the process that has the directory has let go, and no other can take it; false: given up before that. */
  async untilFree(givenUp: AbortSignal): Promise<boolean> {
    while (!givenUp.aborted && this.#taken === null) {
      await delay(LOCK_RETRY_MS, undefined, { signal: givenUp }).catch(() => undefined);
      if (!givenUp.aborted) this.#taken = await acquire(this.directory, true);
    }
    return this.#taken !== null;
  }

  /** Writes from now on; returns what the last writer left. Nothing may be commanded before that is in force. */
  async takeOver(): Promise<Standing> {
    this.#lock = this.#taken;
    this.#newest = await newestOf(this.directory);
    await this.audit.readAgain();
    return this.loadStanding();
  }

  /** The number of the newest accepted configuration; 0: none yet. */
  get revision(): number {
    return this.#newest.revision;
  }

  /** The number that these texts have once recorded: the newest one's when they are the same, else the next. */
  numberOf(texts: RevisionTexts): number {
    return this.#newest.hash === hashOf(texts) ? this.#newest.revision : this.#newest.revision + 1;
  }

  /** Records an accepted configuration under its number. One that cannot be written uses its number up all the same. */
  async accept(texts: RevisionTexts, nowMs: number, by: Actor): Promise<void> {
    const revision = this.numberOf(texts);
    if (revision === this.#newest.revision) return;
    const hash = hashOf(texts);
    this.#newest = { revision, hash };
    const record: Revision = { revision, acceptedAtMs: nowMs, hash, by, ...texts };
    await this.#write(revisionPath(this.directory, revision), `${JSON.stringify(record, null, 1)}\n`);
    await this.#forgetOld();
  }

  /** The newest accepted configuration; null: none, or not readable. */
  async lastGood(): Promise<Revision | null> {
    return newestRevision(this.directory);
  }

  /** null: it was never there, was forgotten, or is not readable. */
  async read(revision: number): Promise<Revision | null> {
    const text = await readIfThere(revisionPath(this.directory, revision));
    return text === null ? null : parseRevision(text);
  }

  /** What is kept, newest first. */
  async history(): Promise<readonly RevisionSummary[]> {
    const summaries: RevisionSummary[] = [];
    for (const number of (await revisionNumbers(this.directory)).reverse()) {
      const record = await this.read(number);
      if (record === null) continue;
      const { revision, acceptedAtMs, by, adopted } = record;
      const acceptedAt = new Date(acceptedAtMs).toISOString();
      summaries.push({ revision, acceptedAt, by: by ?? null, adopted: Object.keys(adopted ?? {}) });
    }
    return summaries;
  }

  async loadStanding(): Promise<Standing> {
    const path = this.#standingPath();
    const text = await readIfThere(path);
    if (text === null) return NO_STANDING;
    const standing = parseStanding(text);
    if (standing === null)
      throw new CommandError('state-unusable', `${path} is damaged; remove it to start with what the file says`);
    // The process may have ended between the two.
    if (this.isWritable) await this.audit.append(standing.audit);
    return standing;
  }

  /** On disk when it resolves, with its entries in the audit trail. */
  async saveStanding(standing: Standing): Promise<void> {
    await this.#write(this.#standingPath(), standingText(standing));
    await this.audit.append(standing.audit);
  }

  /** Throws `state-locked` when another process is the one that writes. */
  requireWritable(): void {
    if (this.isWritable) return;
    const message = `another process has the state directory ${this.directory}: nothing was written`;
    throw new CommandError('state-locked', message);
  }

  close(): void {
    (this.#lock ?? this.#taken)?.release();
  }

  #standingPath(): string {
    return join(this.directory, 'live.json');
  }

  async #write(path: string, text: string): Promise<void> {
    this.requireWritable();
    await writeFileAtomically(path, text);
  }

  async #forgetOld(): Promise<void> {
    const numbers = await revisionNumbers(this.directory);
    for (const old of numbers.slice(0, -REVISIONS_KEPT)) await rm(revisionPath(this.directory, old), { force: true });
  }
}

/** null: another process has it, and that is to be waited for. */
async function acquire(directory: string, mayWait: boolean): Promise<StateLock | null> {
  try {
    return await StateLock.acquire(directory);
  } catch (error) {
    if (mayWait && error instanceof CommandError && error.code === 'state-locked') return null;
    throw error;
  }
}

async function newestOf(directory: string): Promise<{ readonly revision: number; readonly hash: string }> {
  const highest = (await revisionNumbers(directory)).at(-1) ?? 0;
  const newest = await newestRevision(directory);
  return { revision: highest, hash: newest?.revision === highest ? newest.hash : '' };
}

function revisionsOf(directory: string): string {
  return join(directory, 'revisions');
}

function revisionPath(directory: string, revision: number): string {
  return join(revisionsOf(directory), `${revision}.json`);
}

/** Ascending. */
async function revisionNumbers(directory: string): Promise<number[]> {
  const numbers: number[] = [];
  for (const name of await readdir(revisionsOf(directory))) {
    const number = /^([1-9][0-9]{0,14})\.json$/.exec(name)?.[1];
    if (number !== undefined) numbers.push(Number(number));
  }
  return numbers.sort((a, b) => a - b);
}

/** Damaged records are passed over, so that one bad file does not hide the good one before it. */
async function newestRevision(directory: string): Promise<Revision | null> {
  const numbers = await revisionNumbers(directory);
  for (const number of numbers.reverse()) {
    const text = await readIfThere(revisionPath(directory, number));
    const revision = text === null ? null : parseRevision(text);
    if (revision !== null) return revision;
  }
  return null;
}

async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function parseRevision(text: string): Revision | null {
  const value = parseObject(text);
  if (value === null || !Number.isSafeInteger(value['revision']) || typeof value['hash'] !== 'string') return null;
  if (!Array.isArray(value['files']) || !isObject(value['lists'])) return null;
  return value as unknown as Revision;
}

function parseObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A configuration's files by their content alone: under another name they are the same. */
export function hashOfFiles(files: RevisionTexts['files']): string {
  return hashOf({ files, lists: {} });
}

function hashOf(texts: RevisionTexts): string {
  const hash = createHash('sha256');
  const adopted = Object.keys(texts.adopted ?? {}).length > 0 ? [['adopted', JSON.stringify(texts.adopted)]] : [];
  const parts = [
    texts.files.map(({ text }) => text),
    ['lists'],
    ...Object.entries(texts.lists).sort(([a], [b]) => (a < b ? -1 : 1)),
    ...adopted,
  ];
  for (const part of parts) for (const text of part) hash.update(`${Buffer.byteLength(text)}:`).update(text);
  return hash.digest('hex');
}
