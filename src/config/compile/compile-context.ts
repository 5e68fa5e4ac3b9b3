import type { BodyReads } from '../../core/body/body-reads.ts';
import type { Condition } from '../../core/matching/condition.ts';
import type { Places } from '../../core/matching/place.ts';
import type { ValueMatcher } from '../../core/matching/value-matcher.ts';
import type { CompiledRegex, RegexEngine } from '../../core/ports.ts';
import type { ZoneClock } from '../../core/time/zone-clock.ts';
import type { ListCache } from './list-cache.ts';

/** What one compilation shares among its conditions. */
export interface CompileContext {
  readonly switches: ReadonlyMap<string, boolean>;
  /** Texts of list files by the path as written. */
  readonly lists: Readonly<Record<string, string>>;
  /** Each list is read, and each pattern compiled, once, however many rules use it. */
  readonly listMatchers: Map<string, ValueMatcher>;
  readonly listCache: ListCache;
  /** Plain conditions that say the same are one: large tables repeat few of them. */
  readonly plainConditions: Map<string, Condition>;
  readonly patterns: Map<string, CompiledRegex>;
  readonly regex: RegexEngine;
  /** Ways into bodies, shared by all that begin alike. */
  readonly bodies: BodyReads;
  /** Opens the database of places on first use. */
  readonly places: () => Places;
  /** By time zone. */
  readonly clocks: Map<string, ZoneClock>;
}
