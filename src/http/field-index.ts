/**
 * Numbers for the field names that matter, found while a head is scanned: the scanner hashes a name's lower-cased bytes as
 * it goes, and `find` turns hash and bytes into a number. Names nobody asked for are 0 and cost one table probe.
 */

/** Lower-case letter for A-Z, the byte itself otherwise. */
export const LOWER = new Uint8Array(256);
for (let byte = 0; byte < 256; byte += 1) LOWER[byte] = byte >= 65 && byte <= 90 ? byte + 32 : byte;

/** One step of the name hash (FNV-1a on lower-cased bytes, 32 bit). The scanners inline it. */
function hashName(name: string): number {
  let hash = -2128831035;
  for (let i = 0; i < name.length; i += 1) {
    hash = Math.imul(hash ^ (LOWER[name.charCodeAt(i) & 0xff] as number), 16777619);
  }
  return hash;
}

export class FieldIndex {
  readonly #ids = new Map<string, number>();
  readonly #names: string[] = [''];
  readonly #hashes: Int32Array;
  readonly #slots: Uint16Array;
  readonly #mask: number;

  /** `names` are lower case. The n-th distinct name gets the number n (from 1), so fixed names given first have fixed numbers. */
  constructor(names: readonly string[]) {
    for (const name of names) {
      if (this.#ids.has(name)) continue;
      this.#ids.set(name, this.#names.length);
      this.#names.push(name);
    }
    let size = 64;
    while (size < this.#names.length * 4) size *= 2;
    this.#mask = size - 1;
    this.#slots = new Uint16Array(size);
    this.#hashes = new Int32Array(this.#names.length);
    for (let id = 1; id < this.#names.length; id += 1) {
      const hash = hashName(this.#names[id] as string);
      this.#hashes[id] = hash;
      let slot = hash & this.#mask;
      while (this.#slots[slot] !== 0) slot = (slot + 1) & this.#mask;
      this.#slots[slot] = id;
    }
  }

  /** The name's number; 0 when it is not in the index. */
  idOf(name: string): number {
    return this.#ids.get(name) ?? 0;
  }

  /** The number of the name at [start, end) of `bytes`, whose hash the scanner has made; 0 when it is not in the index. */
  find(hash: number, bytes: Uint8Array, start: number, end: number): number {
    let slot = hash & this.#mask;
    for (;;) {
      const id = this.#slots[slot] as number;
      if (id === 0) return 0;
      if (this.#hashes[id] === hash && this.#isName(id, bytes, start, end)) return id;
      slot = (slot + 1) & this.#mask;
    }
  }

  #isName(id: number, bytes: Uint8Array, start: number, end: number): boolean {
    const name = this.#names[id] as string;
    if (name.length !== end - start) return false;
    for (let i = 0; i < name.length; i += 1) {
      if (LOWER[bytes[start + i] as number] !== name.charCodeAt(i)) return false;
    }
    return true;
  }
}
