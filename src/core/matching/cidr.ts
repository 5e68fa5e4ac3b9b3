/** An address as four 32-bit words, high first. IPv4 has its number in `w3`; IPv4-mapped IPv6 is IPv4. */
export interface Address {
  readonly family: 4 | 6;
  readonly w0: number;
  readonly w1: number;
  readonly w2: number;
  readonly w3: number;
}

/** A network: every address whose first `bits` bits (of 32 or 128) are those of `base`. */
export interface Cidr {
  readonly base: Address;
  readonly bits: number;
  readonly text: string;
}

/** Reads `10.0.0.0/8`, `2001:db8::/32` or a bare address; bits beyond the length are ignored. null: not a network. */
export function parseCidr(_text: string): Cidr | null {
  throw new Error('to be built');
}

/** Reads an address (RFC 4291, 2.2; dotted IPv4 without leading zeros), without brackets, zone or port. null: not one. */
export function parseAddress(_text: string): Address | null {
  throw new Error('to be built');
}

/** The one text of an address: RFC 5952, and dotted for IPv4. */
export function formatAddress(_address: Address): string {
  throw new Error('to be built');
}

/** A set of networks. Looked up by sorted ranges, so thousands of networks cost no more than a few comparisons. */
export class CidrSet {
  readonly texts: readonly string[];

  private constructor(texts: readonly string[]) {
    this.texts = texts;
  }

  /** Throws when a text is not a network: the check lets none through. */
  static of(texts: readonly string[]): CidrSet {
    return new CidrSet(texts);
  }

  get size(): number {
    return this.texts.length;
  }

  /** False for what is not an address. */
  contains(_address: string): boolean {
    throw new Error('to be built');
  }
}
