import { fromByteString, toByteString } from '../byte-string.ts';

const MIN_SLOTS = 8;

/** Tells where the values of a list begin and end within its text: none is empty, and there are no more than lines. */
export type EachSpan = (text: string, take: (start: number, end: number) => void) => void;

/**
 * A long list of values, looked up at a constant cost. The list stays the one text it came as: beside it there is a table of
 * places and nothing for each value, so hundreds of thousands of them are ready in some tens of milliseconds.
 */
export class TextList {
  readonly text: string;
  /** Start and end of a value by its hash; 0, 0: free (no value is empty). */
  readonly #slots: Int32Array;
  readonly #mask: number;

  constructor(text: string, eachSpan: EachSpan) {
    this.text = text;
    const lines = linesOf(text);
    let slots = MIN_SLOTS;
    while (slots < lines * 2) slots *= 2;
    this.#mask = slots - 1;
    this.#slots = new Int32Array(slots * 2);
    eachSpan(text, (start, end) => this.#add(start, end));
  }

  /** Is this byte string one of the values? */
  has(value: string): boolean {
    const wanted = fromByteString(value);
    // What is not UTF-8 shows as something else, which may well be in the list.
    if (wanted !== value && toByteString(wanted) !== value) return false;
    const slots = this.#slots;
    for (let slot = hashOf(wanted, 0, wanted.length) & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const start = slots[slot * 2] as number;
      const end = slots[slot * 2 + 1] as number;
      if (end === 0) return false;
      if (end - start === wanted.length && this.text.startsWith(wanted, start)) return true;
    }
  }

  #add(start: number, end: number): void {
    const slots = this.#slots;
    let slot = hashOf(this.text, start, end) & this.#mask;
    while (slots[slot * 2 + 1] !== 0) {
      if (this.#isAt(slot, start, end)) return;
      slot = (slot + 1) & this.#mask;
    }
    slots[slot * 2] = start;
    slots[slot * 2 + 1] = end;
  }

  /** Repeated values would make one long row of slots. */
  #isAt(slot: number, start: number, end: number): boolean {
    const other = this.#slots[slot * 2] as number;
    const length = end - start;
    if ((this.#slots[slot * 2 + 1] as number) - other !== length) return false;
    for (let i = 0; i < length; i++) {
      if (this.text.charCodeAt(start + i) !== this.text.charCodeAt(other + i)) return false;
    }
    return true;
  }
}

function linesOf(text: string): number {
  let lines = 1;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines++;
  return lines;
}

/** FNV-1a over UTF-16 units, its bits mixed once more: the low ones alone are too alike for ids that count up. */
function hashOf(text: string, start: number, end: number): number {
  let hash = -2128831035;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 16777619);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return hash ^ (hash >>> 13);
}
