import { fromByteString, toByteString } from '../byte-string.ts';

const MIN_SLOTS = 8;
/** So much of a text is worked through in a few milliseconds. */
const SLICE_UNITS = 262_144;

/**
 * Tells where the values of a list begin and end within [from, to) of its text, whole lines: none is empty, and there are no
 * more than lines.
 */
export type EachSpan = (text: string, from: number, to: number, take: (start: number, end: number) => void) => void;

/**
 * A long list of values, looked up at a constant cost. The list stays the one text it came as: beside it there is a table of
 * places and nothing for each value, so hundreds of thousands of them are ready in some tens of milliseconds.
 */
export class TextList {
  readonly text: string;
  /** Start and end of a value by its hash; 0, 0: free (no value is empty). */
  #slots = new Int32Array(0);
  #mask = 0;

  private constructor(text: string) {
    this.text = text;
  }

  static of(text: string, eachSpan: EachSpan): TextList {
    const making = TextList.make(text, eachSpan);
    for (;;) {
      const step = making.next();
      if (step.done === true) return step.value;
    }
  }

  /** Makes it bit by bit: whoever asks for the next bit decides what happens in between. */
  static *make(text: string, eachSpan: EachSpan): Generator<void, TextList> {
    const list = new TextList(text);
    let lines = 0;
    for (let from = 0; from < text.length; from = sliceEnd(text, from)) {
      lines += linesIn(text, from, sliceEnd(text, from));
      yield;
    }
    let slots = MIN_SLOTS;
    while (slots < lines * 2) slots *= 2;
    list.#mask = slots - 1;
    list.#slots = new Int32Array(slots * 2);
    const add = (start: number, end: number): void => list.#add(start, end);
    for (let from = 0; from < text.length; from = sliceEnd(text, from)) {
      eachSpan(text, from, sliceEnd(text, from), add);
      yield;
    }
    return list;
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

/** After a line that ends a slice from `from` on. */
function sliceEnd(text: string, from: number): number {
  if (text.length - from <= SLICE_UNITS) return text.length;
  const lineEnd = text.indexOf('\n', from + SLICE_UNITS);
  return lineEnd < 0 ? text.length : lineEnd + 1;
}

function linesIn(text: string, from: number, to: number): number {
  let lines = 1;
  for (let at = text.indexOf('\n', from); at >= 0 && at < to; at = text.indexOf('\n', at + 1)) lines++;
  return lines;
}

/** FNV-1a over UTF-16 units, its bits mixed once more: the low ones alone are too alike for ids that count up. */
function hashOf(text: string, start: number, end: number): number {
  let hash = -2128831035;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 16777619);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return hash ^ (hash >>> 13);
}
