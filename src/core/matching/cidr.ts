import { type Address, isMapped, readAddress, readAsWritten } from './address.ts';

export { formatAddress, parseAddress } from './address.ts';

/** A network: every address whose first `bits` bits (of 32 or 128) are those of `base`. The other bits of `base` are 0. */
export interface Cidr {
  readonly base: Address;
  readonly bits: number;
  readonly text: string;
}

/** Reads `10.0.0.0/8`, `2001:db8::/32` or a bare address; bits beyond the length are ignored. null: not a network. */
export function parseCidr(text: string): Cidr | null {
  const slash = text.indexOf('/');
  const words = new Uint32Array(4);
  let family = readAsWritten(slash < 0 ? text : text.slice(0, slash), words);
  if (family === 0) return null;
  let bits = slash < 0 ? widthOf(family) : readLength(text.slice(slash + 1), widthOf(family));
  if (bits < 0) return null;
  // A network inside ::ffff:0:0/96 is one of IPv4 addresses; a wider one is not, and holds none of them.
  if (family === 6 && isMapped(words) && bits >= 96) {
    family = 4;
    bits -= 96;
    words[2] = 0;
  }
  clearAfter(words, bits + 128 - widthOf(family));
  const [w0, w1, w2, w3] = words as unknown as [number, number, number, number];
  return { base: { family, w0, w1, w2, w3 }, bits, text };
}

/** A set of networks. Looked up by sorted ranges, so thousands of networks cost no more than a few comparisons. */
export class CidrSet {
  readonly texts: readonly string[];
  readonly #ranges4: AddressRanges;
  readonly #ranges6: AddressRanges;
  readonly #words = new Uint32Array(4);
  // One client sends many requests: the last answer is remembered.
  #lastAddress = '';
  #lastResult = false;

  private constructor(cidrs: readonly Cidr[]) {
    this.texts = cidrs.map((cidr) => cidr.text);
    this.#ranges4 = new AddressRanges(cidrs.filter((cidr) => cidr.base.family === 4));
    this.#ranges6 = new AddressRanges(cidrs.filter((cidr) => cidr.base.family === 6));
  }

  /** Throws when a text is not a network: the check lets none through. */
  static of(texts: readonly string[]): CidrSet {
    return new CidrSet(
      texts.map((text) => {
        const cidr = parseCidr(text);
        if (cidr === null) throw new RangeError(`not a network: ${text}`);
        return cidr;
      }),
    );
  }

  get size(): number {
    return this.texts.length;
  }

  /** False for what is not an address. */
  contains(address: string): boolean {
    if (address === this.#lastAddress) return this.#lastResult;
    const family = readAddress(address, this.#words);
    const ranges = family === 4 ? this.#ranges4 : this.#ranges6;
    const result = family !== 0 && ranges.contains(this.#words);
    this.#lastAddress = address;
    this.#lastResult = result;
    return result;
  }
}

/** Disjoint ranges of one family, ascending; four words for each end. */
class AddressRanges {
  readonly #lows: Uint32Array;
  readonly #highs: Uint32Array;
  #count = 0;

  constructor(cidrs: readonly Cidr[]) {
    this.#lows = new Uint32Array(cidrs.length * 4);
    this.#highs = new Uint32Array(cidrs.length * 4);
    // Of two networks one holds the other or they have nothing in common: after the wider one, those inside it add nothing.
    const sorted = cidrs.toSorted((a, b) => compareBases(a.base, b.base) || a.bits - b.bits);
    for (const cidr of sorted) {
      const low = Uint32Array.of(cidr.base.w0, cidr.base.w1, cidr.base.w2, cidr.base.w3);
      if (!this.contains(low)) this.#push(low, cidr.bits + 128 - widthOf(cidr.base.family));
    }
  }

  contains(words: Uint32Array): boolean {
    let from = 0;
    let to = this.#count;
    while (from < to) {
      const middle = (from + to) >>> 1;
      if (compareWords(this.#lows, middle * 4, words) <= 0) from = middle + 1;
      else to = middle;
    }
    return from > 0 && compareWords(this.#highs, (from - 1) * 4, words) >= 0;
  }

  #push(low: Uint32Array, bits: number): void {
    const at = this.#count++ * 4;
    this.#lows.set(low, at);
    for (let i = 0; i < 4; i++) this.#highs[at + i] = (low[i] as number) | ~maskOf(bits, i);
  }
}

function compareWords(ends: Uint32Array, at: number, words: Uint32Array): number {
  for (let i = 0; i < 4; i++) {
    const difference = (ends[at + i] as number) - (words[i] as number);
    if (difference !== 0) return difference;
  }
  return 0;
}

function compareBases(a: Address, b: Address): number {
  return a.w0 - b.w0 || a.w1 - b.w1 || a.w2 - b.w2 || a.w3 - b.w3;
}

function clearAfter(words: Uint32Array, bits: number): void {
  for (let i = 0; i < 4; i++) words[i] = (words[i] as number) & maskOf(bits, i);
}

/** The mask of word `i` (of four) in a network of `bits` bits. */
function maskOf(bits: number, i: number): number {
  const inWord = Math.min(32, Math.max(0, bits - i * 32));
  return inWord === 0 ? 0 : -1 << (32 - inWord);
}

function widthOf(family: 4 | 6): number {
  return family === 4 ? 32 : 128;
}

/** A network's length in bits, decimal without leading zeros; -1 when it is none. */
function readLength(text: string, width: number): number {
  if (!/^(0|[1-9][0-9]{0,2})$/.test(text)) return -1;
  const bits = Number(text);
  return bits <= width ? bits : -1;
}
