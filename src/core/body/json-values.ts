import { fromByteString, toByteString, toBytes } from '../byte-string.ts';
import { listPlace } from './json-pointer.ts';
import { MAX_DEPTH, skipBlanks, skipColon, skipString, skipValue } from './json-syntax.ts';
import { latin1 } from './latin1.ts';
import { ABSENT, type BodyReading, DUPLICATE_KEY, FoundValue, MALFORMED } from './reading.ts';

const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const LETTER_N = 0x6e;
/** So many steps from one place are looked up rather than compared one by one. */
const FEW_STEPS = 8;

/** One step on the way to the values that are wanted, and what the last scan met there. */
interface Step {
  /** The step itself, a byte string. */
  readonly key: string;
  /** The place in a list that it names; -1: none. */
  readonly place: number;
  readonly parent: Step | null;
  readonly next: Step[];
  readonly byKey: Map<string, Step>;
  start: number;
  end: number;
  isRepeated: boolean;
}

/**
 * The values that a set of pointers names in a document, all found in one pass that checks the whole of it (RFC 8259) and
 * builds nothing. A key that stands twice on the way to a value makes it unreadable: another reader may take the other one.
 */
export class JsonValues {
  readonly #root = newStep('', null);
  readonly #steps: Step[] = [this.#root];
  #bytes: Uint8Array | null = null;
  #isWhole = false;

  /** The number by which `read` knows the value at the end of these steps. */
  add(steps: readonly string[]): number {
    let step = this.#root;
    for (const text of steps) {
      const key = toByteString(text);
      let next = step.byKey.get(key);
      if (next === undefined) {
        next = newStep(key, step);
        step.byKey.set(key, next);
        step.next.push(next);
        this.#steps.push(next);
      }
      step = next;
    }
    this.#bytes = null;
    return this.#steps.indexOf(step);
  }

  /** The value in this document, which is scanned when it is not the one that was scanned last. */
  read(bytes: Uint8Array, value: number): BodyReading {
    if (bytes !== this.#bytes) this.#scan(bytes);
    if (!this.#isWhole) return MALFORMED;
    const step = this.#steps[value] as Step;
    for (let at: Step | null = step; at !== null; at = at.parent) if (at.isRepeated) return DUPLICATE_KEY;
    return step.end < 0 ? ABSENT : readValue(bytes, step.start, step.end);
  }

  #scan(bytes: Uint8Array): void {
    for (const step of this.#steps) {
      step.end = -1;
      step.isRepeated = false;
    }
    this.#bytes = bytes;
    // A byte order mark may stand before the document (RFC 8259 8.1).
    const start = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
    const end = scanStep(bytes, skipBlanks(bytes, start), this.#root, 0);
    this.#isWhole = end >= 0 && skipBlanks(bytes, end) === bytes.length;
  }
}

function newStep(key: string, parent: Step | null): Step {
  const place = parent === null ? -1 : listPlace(key);
  return { key, place, parent, next: [], byKey: new Map(), start: 0, end: -1, isRepeated: false };
}

/** After the value at `from`, to which `step` leads. Calls itself only along the steps of pointers. */
function scanStep(bytes: Uint8Array, from: number, step: Step, depth: number): number {
  const byte = bytes[from];
  let end: number;
  if (step.next.length === 0 || (byte !== OPEN_OBJECT && byte !== OPEN_LIST)) end = skipValue(bytes, from, depth);
  else if (depth >= MAX_DEPTH) return -1;
  else if (byte === OPEN_OBJECT) end = scanObject(bytes, from, step, depth + 1);
  else end = scanList(bytes, from, step, depth + 1);
  step.start = from;
  step.end = end;
  return end;
}

function scanObject(bytes: Uint8Array, from: number, step: Step, depth: number): number {
  let at = skipBlanks(bytes, from + 1);
  if (bytes[at] === CLOSE_OBJECT) return at + 1;
  for (;;) {
    if (bytes[at] !== QUOTE) return -1;
    const keyEnd = skipString(bytes, at);
    const colonEnd = skipColon(bytes, keyEnd);
    if (colonEnd < 0) return -1;
    const child = childNamed(bytes, at + 1, keyEnd - 1, step);
    at = scanChild(bytes, skipBlanks(bytes, colonEnd), child, depth);
    if (at < 0) return -1;
    at = skipBlanks(bytes, at);
    if (bytes[at] === CLOSE_OBJECT) return at + 1;
    if (bytes[at] !== COMMA) return -1;
    at = skipBlanks(bytes, at + 1);
  }
}

function scanList(bytes: Uint8Array, from: number, step: Step, depth: number): number {
  let at = skipBlanks(bytes, from + 1);
  if (bytes[at] === CLOSE_LIST) return at + 1;
  for (let place = 0; ; place++) {
    at = scanChild(bytes, at, childAt(place, step), depth);
    if (at < 0) return -1;
    at = skipBlanks(bytes, at);
    if (bytes[at] === CLOSE_LIST) return at + 1;
    if (bytes[at] !== COMMA) return -1;
    at = skipBlanks(bytes, at + 1);
  }
}

function scanChild(bytes: Uint8Array, at: number, child: Step | null, depth: number): number {
  if (child === null) return skipValue(bytes, at, depth);
  if (child.end >= 0) {
    child.isRepeated = true;
    return skipValue(bytes, at, depth);
  }
  return scanStep(bytes, at, child, depth);
}

/** The next step of this name; the name lies between its quotes at [start, end). */
function childNamed(bytes: Uint8Array, start: number, end: number, step: Step): Step | null {
  const { next } = step;
  if (next.length > FEW_STEPS) return step.byKey.get(readText(bytes, start, end)) ?? null;
  for (let i = 0; i < next.length; i++) if (isKey(bytes, start, end, (next[i] as Step).key)) return next[i] as Step;
  return null;
}

function isKey(bytes: Uint8Array, start: number, end: number, key: string): boolean {
  const { length } = key;
  if (end - start === length) {
    let i = 0;
    while (i < length && bytes[start + i] === key.charCodeAt(i)) i++;
    if (i === length) return !key.includes('\\');
  }
  // An escape never makes a name shorter to write.
  return end - start > length && hasEscape(bytes, start, end) && readText(bytes, start, end) === key;
}

function childAt(place: number, { next }: Step): Step | null {
  for (let i = 0; i < next.length; i++) if ((next[i] as Step).place === place) return next[i] as Step;
  return null;
}

function readValue(bytes: Uint8Array, start: number, end: number): BodyReading {
  const first = bytes[start] as number;
  if (first !== QUOTE) {
    const shape = first === OPEN_OBJECT || first === OPEN_LIST ? 'container' : first === LETTER_N ? 'null' : 'plain';
    return new FoundValue(bytes.subarray(start, end), shape);
  }
  const text = hasEscape(bytes, start + 1, end - 1)
    ? toBytes(readText(bytes, start + 1, end - 1))
    : bytes.subarray(start + 1, end - 1);
  return new FoundValue(text);
}

function hasEscape(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (bytes[at] === BACKSLASH) return true;
  return false;
}

/** The text of a well-formed string, as a byte string; [start, end) is what lies between its quotes. */
function readText(bytes: Uint8Array, start: number, end: number): string {
  const written = latin1(bytes, start, end);
  if (!written.includes('\\')) return written;
  return toByteString(JSON.parse(`"${fromByteString(written)}"`) as string);
}
