import { RE2JS } from 're2js';
import type { CompiledRegex, RegexEngine } from '../core/ports.ts';

/** Longer patterns are refused: what they compile to costs memory in every worker. */
const MAX_PATTERN_CHARACTERS = 4096;

/** RE2 in JavaScript: linear time by construction; look-around and back references do not exist in it. */
export const re2: RegexEngine = {
  compile(pattern: string): CompiledRegex | { readonly error: string } {
    if (pattern.length > MAX_PATTERN_CHARACTERS) {
      return { error: `the pattern has ${pattern.length} characters; at most ${MAX_PATTERN_CHARACTERS} are allowed` };
    }
    try {
      const compiled = RE2JS.compile(pattern);
      return { matches: (text) => compiled.testExact(text) };
    } catch (error) {
      return { error: error instanceof Error ? error.message : String(error) };
    }
  },
};
