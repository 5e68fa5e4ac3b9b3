import type { Arm } from '../snapshot.ts';
import { PrefixHash, stickyPrefix, unit } from './hash.ts';

/** One share of a split. `weight` is relative, fractions allowed; 0 takes nobody. */
export interface SplitEntry {
  readonly arm: Arm;
  /** What the hash knows the share by: the version's name. */
  readonly name: string;
  readonly weight: number;
}

/** How a route or a rule shares out its requests; at least one weight is above 0. */
export interface Split {
  /** In file order, those of weight 0 too. */
  readonly entries: readonly SplitEntry[];
  /** The sum of the weights. */
  readonly total: number;
  /** The only entry with a weight: it takes all, key or no key; null when there are several. */
  readonly lone: Arm | null;
  /** The arm of a sticky key (a byte string): a pure function of salt, key and weights. */
  pickByKey(key: string): Arm;
  /** The arm for a random draw in [0, 1). */
  pickByDraw(u: number): Arm;
}

/** Compiles a split. Throws when no weight is above 0 or one is not a finite number from 0 up: the check lets none through. */
export function buildSplit(entries: readonly SplitEntry[], salt: string): Split {
  if (entries.some((entry) => !(entry.weight >= 0 && entry.weight < Number.POSITIVE_INFINITY))) {
    throw new RangeError('a weight must be a finite number, 0 or more');
  }
  const shares = entries.filter((entry) => entry.weight > 0);
  const [first, second] = shares;
  if (first === undefined) throw new RangeError('a split needs a weight above 0');
  const hashes = shares.map((share) => new PrefixHash(stickyPrefix(salt, 'split', share.name)));
  const total = shares.reduce((sum, share) => sum + share.weight, 0);
  return {
    entries,
    total,
    lone: second === undefined ? first.arm : null,
    pickByKey: (key) => pickByKey(shares, hashes, key),
    pickByDraw: (u) => pickByDraw(shares, total, u),
  };
}

/**
 * Weighted rendezvous: each share has its own number u for this key, and the largest ln(u)/weight wins, the first in file
 * order on a tie. A changed weight moves only its own number, so users move only to or from that share.
 */
function pickByKey(shares: readonly SplitEntry[], hashes: readonly PrefixHash[], key: string): Arm {
  let winner = shares[0] as SplitEntry;
  let best = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < shares.length; i++) {
    const share = shares[i] as SplitEntry;
    const score = Math.log(unit((hashes[i] as PrefixHash).of(key))) / share.weight;
    if (score > best) {
      best = score;
      winner = share;
    }
  }
  return winner.arm;
}

function pickByDraw(shares: readonly SplitEntry[], total: number, u: number): Arm {
  let rest = u * total;
  let last = shares[0] as SplitEntry;
  for (let i = 0; i < shares.length; i++) {
    last = shares[i] as SplitEntry;
    rest -= last.weight;
    if (rest < 0) break;
  }
  return last.arm;
}
