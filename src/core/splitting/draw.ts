import type { Trial } from '../matching/condition.ts';
import { type PrefixHash, unit } from './hash.ts';

/**
 * The one random draw of a request without a sticky key, made on first use. One draw serves the whole request, so a decision
 * that starts again after its body was read, or that is explained, comes out the same.
 */
export function requestDraw(trial: Trial): number {
  const { decision } = trial;
  if (decision.draw === undefined) decision.draw = trial.random.next();
  return decision.draw;
}

/** Tells a key that lies in an unread body from a user who is really called `unread`: only the latter has been found. */
export function isUnread(key: string | null, trial: Trial): boolean {
  return key === 'unread' && trial.decision.key === undefined;
}

/**
 * Where the request stands in [0, 1) for one purpose: by its sticky key, else by its draw. Either is hashed under the
 * purpose's own prefix, so that several shares asked of one request are independent of each other.
 */
export function chosenUnit(hash: PrefixHash, trial: Trial): number | 'unread' {
  const key = trial.key();
  if (isUnread(key, trial)) return 'unread';
  return unitOf(hash, key, trial);
}

/** The same for a key already looked for; null: by the request's draw. */
export function unitOf(hash: PrefixHash, key: string | null, trial: Trial): number {
  if (key !== null) return unit(hash.of(key));
  return unit(hash.ofWord(Math.floor(requestDraw(trial) * 4294967296)));
}
