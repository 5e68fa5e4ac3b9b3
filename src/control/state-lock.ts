import {
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { CommandError } from './command-error.ts';

/** Who holds a lock: enough to tell a living holder from a dead one whose process id was given to somebody else. */
interface Holder {
  readonly pid: number;
  /** When the process started, in the kernel's ticks since boot; '' where the system does not tell. */
  readonly started: string;
  /** The boot and the process-id space in which `pid` means something. */
  readonly realm: string;
  readonly released: boolean;
}

/** A holder renews its file this often, for those who cannot see its process. */
const BEAT_MS = 1_000;
/** Watched silent this long, a holder in another process-id space counts as gone. */
const SILENCE_MS = 4_000;
/** Found silent for this long by the clock, it is gone without watching: no wait after a reboot. */
const LONG_SILENCE_MS = 15_000;

/**
 * The right to write one state directory. The lock is the file `lock.N` with the highest N: taking over a dead holder's is
 * making `lock.(N+1)`, which only one process can do. A file is never removed while it is the highest, so numbers only grow
 * and a slow contender can tell that it came too late.
 */
export class StateLock {
  readonly #directory: string;
  readonly #number: number;
  readonly #beat: NodeJS.Timeout;

  private constructor(directory: string, number: number) {
    this.#directory = directory;
    this.#number = number;
    this.#beat = setInterval(() => this.#renew(), BEAT_MS);
    this.#beat.unref();
  }

  /** Takes the lock, or rejects with `state-locked` and a sentence that names the holder. */
  static async acquire(directory: string): Promise<StateLock> {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    for (;;) {
      const highest = highestLock(directory);
      const holder = highest === 0 ? null : readHolder(directory, highest);
      if (holder !== null && (await isAlive(directory, highest, holder))) {
        throw new CommandError(
          'state-locked',
          `the state directory ${directory} is in use by process ${holder.pid}; stop it, or give this gateway its own with --state DIR`,
        );
      }
      const mine = highest + 1;
      if (!place(directory, mine)) continue;
      if (highestLock(directory) === mine) {
        removeBelow(directory, mine);
        return new StateLock(directory, mine);
      }
      rmSync(lockPath(directory, mine), { force: true });
    }
  }

  /** False once somebody took the lock over, because this process was silent for too long: nothing may be written any more. */
  isHeld(): boolean {
    try {
      return highestLock(this.#directory) === this.#number;
    } catch {
      return false;
    }
  }

  release(): void {
    clearInterval(this.#beat);
    if (!this.isHeld()) return;
    const temporary = join(this.#directory, `.lock-${process.pid}`);
    writeFileSync(temporary, JSON.stringify({ ...thisProcess(), released: true }), { mode: 0o600 });
    renameSync(temporary, lockPath(this.#directory, this.#number));
  }

  #renew(): void {
    try {
      const now = new Date();
      utimesSync(lockPath(this.#directory, this.#number), now, now);
    } catch {
      // Taken over or the directory is gone: isHeld tells, before anything is written.
    }
  }
}

function lockPath(directory: string, number: number): string {
  return join(directory, `lock.${number}`);
}

function lockNumbers(directory: string): number[] {
  const numbers: number[] = [];
  for (const name of readdirSync(directory)) {
    const number = /^lock\.([1-9][0-9]{0,14})$/.exec(name)?.[1];
    if (number !== undefined) numbers.push(Number(number));
  }
  return numbers;
}

function highestLock(directory: string): number {
  return Math.max(0, ...lockNumbers(directory));
}

function removeBelow(directory: string, number: number): void {
  for (const lower of lockNumbers(directory)) {
    if (lower < number) rmSync(lockPath(directory, lower), { force: true });
  }
}

/** Puts the whole file in place at once, or returns false when that number is taken. */
function place(directory: string, number: number): boolean {
  const temporary = join(directory, `.lock-${process.pid}-${number}`);
  writeFileSync(temporary, JSON.stringify(thisProcess()), { mode: 0o600 });
  try {
    linkSync(temporary, lockPath(directory, number));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    unlinkSync(temporary);
  }
}

/** null: gone meanwhile, or nothing that this program wrote. */
function readHolder(directory: string, number: number): Holder | null {
  try {
    const holder: unknown = JSON.parse(readFileSync(lockPath(directory, number), 'utf8'));
    return isHolder(holder) ? holder : null;
  } catch {
    return null;
  }
}

function isHolder(value: unknown): value is Holder {
  if (typeof value !== 'object' || value === null) return false;
  const { pid, started, realm } = value as Record<string, unknown>;
  return typeof pid === 'number' && typeof started === 'string' && typeof realm === 'string';
}

async function isAlive(directory: string, number: number, holder: Holder): Promise<boolean> {
  if (holder.released) return false;
  return holder.realm === thisProcess().realm ? isProcessAlive(holder) : hasBeat(directory, number);
}

function isProcessAlive(holder: Holder): boolean {
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  const started = startOf(holder.pid);
  return started === '' || holder.started === '' || started === holder.started;
}

/** For a holder whose process cannot be seen from here (another container): does it renew its file? */
async function hasBeat(directory: string, number: number): Promise<boolean> {
  const seen = modifiedMs(directory, number);
  if (Date.now() - seen > LONG_SILENCE_MS) return false;
  for (let waited = 0; waited < SILENCE_MS; waited += BEAT_MS / 4) {
    await delay(BEAT_MS / 4);
    if (modifiedMs(directory, number) !== seen) return true;
  }
  return false;
}

function modifiedMs(directory: string, number: number): number {
  return statSync(lockPath(directory, number), { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function thisProcess(): Holder {
  return { pid: process.pid, started: startOf(process.pid), realm: realm(), released: false };
}

/** Field 22 of /proc/PID/stat; the name in field 2 may hold blanks and parentheses, so counting starts after its last one. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

function realm(): string {
  try {
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return '';
  }
}
