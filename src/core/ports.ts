/** What the core needs from outside and may not import itself. The composition root fills these in. */

/** Draws for random choices: each in [0, 1). Tests hand in a fixed sequence. */
export interface RandomSource {
  /** Uniform in [0, 1). */
  next(): number;
  /** A fresh visitor id for a minted cookie: 128 random bits, characters [A-Za-z0-9_-]. */
  visitorId(): string;
}

/** A compiled regular expression over the whole value, in linear time. */
export interface CompiledRegex {
  /** True when the whole of `text` (Unicode text) matches. */
  matches(text: string): boolean;
}

/** Compiles RE2 syntax. A pattern that cannot be run in linear time is refused, never run otherwise. */
export interface RegexEngine {
  compile(pattern: string): CompiledRegex | { readonly error: string };
}

/** What a name means at the moment. */
export interface NameAnswer {
  /** Addresses as text, without brackets; never empty. */
  readonly addresses: readonly string[];
  /** How long the answer holds. */
  readonly ttlMs: number;
  /** The kind of addresses that nobody answered for this time: what was known of it still holds. */
  readonly unanswered: 4 | 6 | null;
}

/** Looks up names of hosts. Rejects when a name has no address or nobody answers. */
export interface NameResolver {
  resolve(host: string): Promise<NameAnswer>;
}

/** AES in CBC mode with the padding of RFC 5652 6.3. */
export interface AesCbc {
  /** What was sealed; null when these bytes were not sealed with this key (of 16 or 32 bytes) and vector (of 16). */
  decrypt(key: Uint8Array, iv: Uint8Array, sealed: Uint8Array): Uint8Array | null;
}

/** Where an address is. Texts as the database has them: ISO 3166 codes, names of cities in English. */
export interface Place {
  /** ISO 3166-1 alpha-2, upper case; '' unknown. */
  readonly country: string;
  /** ISO 3166-2, upper case: `CN-ZJ`; '' unknown. */
  readonly region: string;
  readonly city: string;
}

/** A database of places by address. */
export interface PlaceDatabase {
  /** Whether it knows more than countries. */
  readonly hasRegions: boolean;
  readonly hasCities: boolean;
  /** RFC 5952 text; null: nothing is known about it. */
  placeOf(address: string): Place | null;
}

/** Opens databases of places. */
export interface PlaceDatabases {
  /** By the path as written in the configuration; null: the one that comes with the gateway. Opened twice, it is read once. */
  open(path: string | null): PlaceDatabase | { readonly error: string };
}
