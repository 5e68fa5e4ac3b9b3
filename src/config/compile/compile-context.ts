import type { ValueMatcher } from '../../core/matching/value-matcher.ts';
import type { CompiledRegex, RegexEngine } from '../../core/ports.ts';

/** What one compilation shares among its conditions. */
export interface CompileContext {
  readonly switches: ReadonlyMap<string, boolean>;
  /** Texts of list files by the path as written. */
  readonly lists: Readonly<Record<string, string>>;
  /** Each list is read, and each pattern compiled, once, however many rules use it. */
  readonly listMatchers: Map<string, ValueMatcher>;
  readonly patterns: Map<string, CompiledRegex>;
  readonly regex: RegexEngine;
}
