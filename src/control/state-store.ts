import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { LiveState } from '../config/model.ts';
import { writeFileAtomically } from './atomic-file.ts';
import { CommandError, messageOf } from './command-error.ts';
import { StateLock } from './state-lock.ts';

/** The texts of one accepted configuration, as they were read: secrets are not in it, they are filled in again when it is parsed. */
export interface RevisionTexts {
  readonly files: readonly { readonly path: string; readonly text: string }[];
  /** Texts of the list files, by the path as written. */
  readonly lists: Readonly<Record<string, string>>;
}

export interface Revision extends RevisionTexts {
  /** Counts from 1; never used twice in one state directory. */
  readonly revision: number;
  /** Milliseconds since the epoch. */
  readonly acceptedAtMs: number;
  readonly hash: string;
}

/** So many accepted configurations are kept. */
const REVISIONS_KEPT = 50;
const NO_LIVE_STATE: LiveState = { weights: {}, switches: {} };

/**
 * The state directory of one gateway: what must outlive the process. Written by one process at a time, each file as a whole.
 */
export class StateStore {
  readonly directory: string;
  readonly #lock: StateLock;
  #newest: { readonly revision: number; readonly hash: string };

  private constructor(
    directory: string,
    lock: StateLock,
    newest: { readonly revision: number; readonly hash: string },
  ) {
    this.directory = directory;
    this.#lock = lock;
    this.#newest = newest;
  }

  /** Locks the directory, making it where it is missing. */
  static async open(directory: string): Promise<StateStore> {
    try {
      const lock = await StateLock.acquire(directory);
      await mkdir(revisionsOf(directory), { recursive: true, mode: 0o700 });
      const highest = (await revisionNumbers(directory)).at(-1) ?? 0;
      const newest = await newestRevision(directory);
      return new StateStore(directory, lock, {
        revision: highest,
        hash: newest?.revision === highest ? newest.hash : '',
      });
    } catch (error) {
      if (error instanceof CommandError) throw error;
      throw new CommandError(
        'state-unusable',
        `the state directory ${directory} cannot be used: ${messageOf(error)} (give another one with --state DIR)`,
        { cause: error },
      );
    }
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
  async accept(texts: RevisionTexts, nowMs: number): Promise<void> {
    const revision = this.numberOf(texts);
    if (revision === this.#newest.revision) return;
    const hash = hashOf(texts);
    this.#newest = { revision, hash };
    const record: Revision = { revision, acceptedAtMs: nowMs, hash, files: texts.files, lists: texts.lists };
    await this.#write(revisionPath(this.directory, revision), record);
    await this.#forgetOld();
  }

  /** The newest accepted configuration; null: none, or not readable. */
  async lastGood(): Promise<Revision | null> {
    return newestRevision(this.directory);
  }

  async loadLive(): Promise<LiveState> {
    const path = this.#livePath();
    const text = await readIfThere(path);
    if (text === null) return NO_LIVE_STATE;
    const live = parseLive(text);
    if (live === null)
      throw new CommandError('state-unusable', `${path} is damaged; remove it to start with what the file says`);
    return live;
  }

  async saveLive(live: LiveState): Promise<void> {
    await this.#write(this.#livePath(), live);
  }

  close(): void {
    this.#lock.release();
  }

  #livePath(): string {
    return join(this.directory, 'live.json');
  }

  async #write(path: string, content: unknown): Promise<void> {
    if (!this.#lock.isHeld()) {
      throw new CommandError(
        'state-locked',
        `another process has taken over the state directory ${this.directory}: nothing was written`,
      );
    }
    await writeFileAtomically(path, `${JSON.stringify(content, null, 1)}\n`);
  }

  async #forgetOld(): Promise<void> {
    const numbers = await revisionNumbers(this.directory);
    for (const old of numbers.slice(0, -REVISIONS_KEPT)) await rm(revisionPath(this.directory, old), { force: true });
  }
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

function parseLive(text: string): LiveState | null {
  const value = parseObject(text);
  if (value === null || !isObject(value['weights']) || !isObject(value['switches'])) return null;
  const weightsAreNumbers = Object.values(value['weights']).every(
    (split) => isObject(split) && Object.values(split).every(isWeight),
  );
  const switchesAreBooleans = Object.values(value['switches']).every((on) => typeof on === 'boolean');
  const drained: unknown = value['drained'] ?? [];
  const drainedAreTexts = Array.isArray(drained) && drained.every((target) => typeof target === 'string');
  return weightsAreNumbers && switchesAreBooleans && drainedAreTexts ? (value as unknown as LiveState) : null;
}

function isWeight(value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
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

/** By content alone: the same texts under another name are the same configuration. */
function hashOf(texts: RevisionTexts): string {
  const hash = createHash('sha256');
  const parts = [
    texts.files.map(({ text }) => text),
    ['lists'],
    ...Object.entries(texts.lists).sort(([a], [b]) => (a < b ? -1 : 1)),
  ];
  for (const part of parts) for (const text of part) hash.update(`${Buffer.byteLength(text)}:`).update(text);
  return hash.digest('hex');
}
