import type { Condition } from '../../core/matching/condition.ts';
import type { ValueMatcher } from '../../core/matching/value-matcher.ts';
import type { CompiledRegex, RegexEngine } from '../../core/ports.ts';

/** What one compilation shares among its conditions. */
export interface CompileContext {
  readonly switches: ReadonlyMap<string, boolean>;
  /** Texts of list files by the path as written. */
  readonly lists: Readonly<Record<string, string>>;
  /** Each list is read, and each pattern compiled, once, however many rules use it. */
  readonly listMatchers: Map<string, ValueMatcher>;
  /** Plain conditions that say the same are one: large tables repeat few of them. */
  readonly plainConditions: Map<string, Condition>;
  readonly patterns: Map<string, CompiledRegex>;
  readonly regex: RegexEngine;
}
