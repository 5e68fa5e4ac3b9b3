import { open, readFile, rename, rm, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';

/** Who changed something, and by which door. */
export interface Actor {
  /** The token's name; `local` where there are none; `file` for a change of the configuration. */
  readonly who: string;
  readonly via: 'api' | 'cli' | 'page' | 'file' | 'controller';
}

export const FILE_ACTOR: Actor = { who: 'file', via: 'file' };

/** One change: when, who, what, from, to, reason. */
export interface AuditEntry extends Actor {
  /** Counts from 1. */
  readonly number: number;
  /** ISO 8601. */
  readonly at: string;
  /** `weights`, `switch`, `freeze`, `endpoint`, `configuration`, `rollback`, `adopt`, `ignore`. */
  readonly what: string;
  /** The name of the route, switch, endpoint or mirror; '' where there is but one. */
  readonly object: string;
  readonly from: unknown;
  readonly to: unknown;
  readonly reason: string;
  /** What was in force after it. */
  readonly generation: number;
}

const FILE = 'audit.jsonl';
/** A file is closed once it is larger than this ... */
const MAX_FILE_BYTES = 1024 * 1024;
/** ... and so many of them are kept. */
const FILES_KEPT = 8;

/** The trail of every change, in the state directory: JSON lines, newest last, the oldest files forgotten. */
export class AuditTrail {
  readonly #directory: string;
  #last = 0;

  private constructor(directory: string) {
    this.#directory = directory;
  }

  static async open(directory: string): Promise<AuditTrail> {
    const trail = new AuditTrail(directory);
    await trail.readAgain();
    return trail;
  }

  /** Another process may have written since. */
  async readAgain(): Promise<void> {
    this.#last = (await this.read(1))[0]?.number ?? 0;
  }

  /** The number of the newest entry. */
  get last(): number {
    return this.#last;
  }

  /** On disk when it resolves. Entries that are there already are passed over. */
  async append(entries: readonly AuditEntry[]): Promise<void> {
    const fresh = entries.filter(({ number }) => number > this.#last);
    if (fresh.length === 0) return;
    const path = join(this.#directory, FILE);
    await cutTornLine(path);
    const file = await open(path, 'a', 0o600);
    try {
      await file.appendFile(fresh.map((entry) => `${JSON.stringify(entry)}\n`).join(''));
      await file.datasync();
    } finally {
      await file.close();
    }
    this.#last = fresh.at(-1)!.number;
    if ((await sizeOf(path)) > MAX_FILE_BYTES) await this.#rotate();
  }

  /** The newest entries, newest first. */
  async read(limit: number): Promise<readonly AuditEntry[]> {
    const entries: AuditEntry[] = [];
    for (let age = 0; age < FILES_KEPT && entries.length < limit; age++) {
      const lines = (await readIfThere(this.#pathOf(age))).split('\n').reverse();
      for (const line of lines) {
        const entry = entries.length < limit ? parseEntry(line) : null;
        if (entry !== null) entries.push(entry);
      }
    }
    return entries;
  }

  async #rotate(): Promise<void> {
    await rm(this.#pathOf(FILES_KEPT - 1), { force: true });
    for (let age = FILES_KEPT - 2; age >= 0; age--) {
      if ((await sizeOf(this.#pathOf(age))) > 0) await rename(this.#pathOf(age), this.#pathOf(age + 1));
    }
  }

  #pathOf(age: number): string {
    return join(this.#directory, age === 0 ? FILE : `audit.${age}.jsonl`);
  }
}

/** A crash may have left part of a line; what follows must not be glued to it. */
async function cutTornLine(path: string): Promise<void> {
  const text = await readIfThere(path);
  if (text === '' || text.endsWith('\n')) return;
  await truncate(path, Buffer.byteLength(text.slice(0, text.lastIndexOf('\n') + 1)));
}

async function readIfThere(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch {
    return 0;
  }
}

function parseEntry(line: string): AuditEntry | null {
  if (line === '') return null;
  try {
    const entry = JSON.parse(line) as AuditEntry;
    return Number.isSafeInteger(entry.number) ? entry : null;
  } catch {
    return null;
  }
}
