import { BODY, pointerBelow } from './field-name.ts';
import type { IgnoredFields, IgnorePlace } from './ignored-fields.ts';

/** One field in which two answers differ. A value that is not there is undefined, which JSON has none of. */
export interface FieldDifference {
  readonly field: string;
  readonly primary: unknown;
  readonly other: unknown;
}

/** Bounds of one comparison; what is larger is not compared at all. */
const MAX_VALUES = 20_000;
const MAX_DEPTH = 64;
/** Distinct fields told of one pair of answers. */
const MAX_FIELDS = 50;

/**
 * Compares two JSON values field by field. Each field is told once, by the first place where it differs; list places and keys
 * that are ids are folded.
 */
export class JsonDifference {
  readonly #ignored: IgnoredFields;
  readonly #found = new Map<string, FieldDifference>();
  #visited = 0;

  constructor(ignored: IgnoredFields) {
    this.#ignored = ignored;
  }

  /** null: the documents are too large or too deep to be compared. */
  of(primary: unknown, other: unknown): readonly FieldDifference[] | null {
    this.#found.clear();
    this.#visited = 0;
    return this.#walk(primary, other, '', this.#ignored.start, 0) ? [...this.#found.values()] : null;
  }

  #walk(primary: unknown, other: unknown, pointer: string, place: IgnorePlace, depth: number): boolean {
    if (++this.#visited > MAX_VALUES || depth > MAX_DEPTH) return false;
    if (Array.isArray(primary) && Array.isArray(other)) return this.#lists(primary, other, pointer, place, depth);
    if (isMap(primary) && isMap(other)) return this.#maps(primary, other, pointer, place, depth);
    if (!Object.is(primary, other)) this.#tell(pointer, primary, other);
    return true;
  }

  #lists(primary: unknown[], other: unknown[], pointer: string, place: IgnorePlace, depth: number): boolean {
    const length = Math.max(primary.length, other.length);
    for (let at = 0; at < length; at++) {
      if (!this.#step(`${at}`, primary[at], other[at], pointer, place, depth)) return false;
    }
    return true;
  }

  #maps(primary: JsonMap, other: JsonMap, pointer: string, place: IgnorePlace, depth: number): boolean {
    for (const key of Object.keys(primary)) {
      const beside = Object.hasOwn(other, key) ? other[key] : undefined;
      if (!this.#step(key, primary[key], beside, pointer, place, depth)) return false;
    }
    for (const key of Object.keys(other)) {
      if (!Object.hasOwn(primary, key) && !this.#step(key, undefined, other[key], pointer, place, depth)) return false;
    }
    return true;
  }

  /** One value of a list or a map. Returns false when the bounds are reached. */
  #step(key: string, primary: unknown, other: unknown, above: string, place: IgnorePlace, depth: number): boolean {
    const below = this.#ignored.below(place, key);
    if (below === null) return true;
    const pointer = pointerBelow(above, key);
    if (pointer !== null) return this.#walk(primary, other, pointer, below, depth + 1);
    if (JSON.stringify(primary) !== JSON.stringify(other)) this.#tell(above, primary, other);
    return true;
  }

  #tell(pointer: string, primary: unknown, other: unknown): void {
    const field = pointer === '' ? BODY : pointer;
    if (this.#found.size < MAX_FIELDS && !this.#found.has(field)) this.#found.set(field, { field, primary, other });
  }
}

type JsonMap = Readonly<Record<string, unknown>>;

function isMap(value: unknown): value is JsonMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
