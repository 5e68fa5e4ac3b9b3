import { TextList } from '../../core/matching/text-list.ts';
import { eachListSpan } from '../list-file.ts';

/** What a list is known by: its path, and the case in which it is compared. */
export function listName(path: string, letters: string): string {
  return `${letters} ${path}`;
}

/**
 * Lists made ready, kept from one compilation to the next: whatever else of a configuration changes, a list whose text is
 * the same is not made anew.
 */
export class ListCache {
  #kept = new Map<string, TextList>();
  #used = new Map<string, TextList>();

  /** `name` tells lists apart; `text` in the letters in which it is compared. */
  list(name: string, text: string): TextList {
    const inUse = this.#used.get(name);
    if (inUse !== undefined && inUse.text === text) return inUse;
    const known = this.#kept.get(name);
    const list = known !== undefined && known.text === text ? known : TextList.of(text, eachListSpan);
    this.#used.set(name, list);
    return list;
  }

  /**
   * Makes ready the lists (by path, as they will be asked for in the letters as written) that a compilation to come may ask
   * for, and lets others have the processor in between: the compilation itself cannot.
   */
  async prepare(lists: Readonly<Record<string, string>>, breathe: () => Promise<void>): Promise<void> {
    for (const [path, text] of Object.entries(lists)) {
      const name = listName(path, 'as-written');
      if (this.#kept.get(name)?.text === text) continue;
      const making = TextList.make(text, eachListSpan);
      for (let step = making.next(); ; step = making.next()) {
        if (step.done === true) {
          this.#kept.set(name, step.value);
          break;
        }
        await breathe();
      }
    }
  }

  /** A compilation is over: what it did not use is let go. */
  endCompilation(): void {
    this.#kept = this.#used;
    this.#used = new Map();
  }
}
