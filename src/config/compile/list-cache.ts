import { TextList } from '../../core/matching/text-list.ts';
import { eachListSpan } from '../list-file.ts';

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
    const list = known !== undefined && known.text === text ? known : new TextList(text, eachListSpan);
    this.#used.set(name, list);
    return list;
  }

  /** A compilation is over: what it did not use is let go. */
  endCompilation(): void {
    this.#kept = this.#used;
    this.#used = new Map();
  }
}
