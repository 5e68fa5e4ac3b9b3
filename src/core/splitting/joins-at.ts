import type { Version } from '../snapshot.ts';
import { hash, stickyPrefix, unit } from './hash.ts';
import type { Split } from './split.ts';

export interface JoinsAtQuestion {
  readonly split: Split;
  /** The salt that the split was built with. */
  readonly salt: string;
  readonly stable: Version;
  readonly candidate: Version;
  /** The sticky key, a byte string. */
  readonly key: string;
}

/**
 * The candidate's share, in percent of the whole, from which a key is on its side, while the other versions keep their
 * ratio among themselves. When no other version has a weight, stable stands for them. null: there is no other version.
 */
export function joinsAt(question: JoinsAtQuestion): number | null {
  const { split, salt, stable, candidate, key } = question;
  const exponent = (name: string): number => -Math.log(unit(hash(stickyPrefix(salt, 'split', name) + key)));
  let others = split.entries
    .filter((entry) => entry.weight > 0 && entry.arm.version !== candidate)
    .map((entry) => ({ name: entry.name, weight: entry.weight }));
  if (others.length === 0 && stable !== candidate) others = [{ name: stable.name, weight: 1 }];
  if (others.length === 0) return null;
  // The candidate wins when its exponent / weight is the smallest; at this weight it draws level with the best of the others.
  const best = Math.min(...others.map((other) => exponent(other.name) / other.weight));
  const weight = exponent(candidate.name) / best;
  const rest = others.reduce((sum, other) => sum + other.weight, 0);
  return (100 * weight) / (weight + rest);
}
