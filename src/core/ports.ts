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
