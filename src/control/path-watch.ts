import { type FSWatcher, statSync, watch } from 'node:fs';
import type { WatchPoint } from './watch-points.ts';

/** Which names of a directory count. */
interface Wanted {
  readonly names: Set<string>;
  /** Every YAML file, the ones not there yet included. */
  allYaml: boolean;
}

interface WatchedDirectory {
  readonly watcher: FSWatcher;
  /** Which directory this path led to when the watch began; another one there now needs a new watch. */
  readonly identity: string;
  wanted: Wanted;
}

/**
 * Watches names in directories, one system watch per directory. Directories rather than files are watched because an editor's
 * rename puts another file in the place of the one that was watched.
 */
export class PathWatch {
  readonly #directories = new Map<string, WatchedDirectory>();
  readonly #onEvent: () => void;

  constructor(onEvent: () => void) {
    this.#onEvent = onEvent;
  }

  /** From now on watches exactly these names, and every YAML file of `yamlDirectories`. Watches already there are kept. */
  follow(points: readonly WatchPoint[], yamlDirectories: readonly string[]): void {
    const wanted = new Map<string, Wanted>();
    const wantedIn = (directory: string): Wanted => {
      const known = wanted.get(directory) ?? { names: new Set(), allYaml: false };
      wanted.set(directory, known);
      return known;
    };
    for (const { directory, name } of points) wantedIn(directory).names.add(name);
    for (const directory of yamlDirectories) wantedIn(directory).allYaml = true;
    for (const directory of [...this.#directories.keys()]) if (!wanted.has(directory)) this.#drop(directory);
    for (const [directory, names] of wanted) this.#ensure(directory, names);
  }

  close(): void {
    for (const directory of [...this.#directories.keys()]) this.#drop(directory);
  }

  /** How many system watches are open. */
  get size(): number {
    return this.#directories.size;
  }

  #ensure(directory: string, wanted: Wanted): void {
    const identity = identityOf(directory);
    const known = this.#directories.get(directory);
    if (known !== undefined && known.identity === identity) {
      known.wanted = wanted;
      return;
    }
    this.#drop(directory);
    if (identity === '') return;
    const watcher = openWatch(directory, (name) => {
      const current = this.#directories.get(directory)?.wanted;
      if (current !== undefined && counts(name, current)) this.#onEvent();
    });
    if (watcher === null) return;
    watcher.on('error', () => this.#drop(directory));
    this.#directories.set(directory, { watcher, identity, wanted });
  }

  #drop(directory: string): void {
    this.#directories.get(directory)?.watcher.close();
    this.#directories.delete(directory);
  }
}

/** null: the system gives no more watches, or the directory is gone; the slow poll sees its changes then. */
function openWatch(directory: string, onName: (name: string | null) => void): FSWatcher | null {
  try {
    return watch(directory, { persistent: false }, (_event, name) => onName(name));
  } catch {
    return null;
  }
}

function counts(name: string | null, wanted: Wanted): boolean {
  return name === null || wanted.names.has(name) || (wanted.allYaml && /\.ya?ml$/.test(name));
}

/** '' when it is not there. */
function identityOf(directory: string): string {
  try {
    const stat = statSync(directory, { bigint: true });
    return `${stat.dev}:${stat.ino}`;
  } catch {
    return '';
  }
}
