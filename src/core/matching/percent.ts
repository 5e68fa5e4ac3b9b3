import { chosenUnit, unitOf } from '../splitting/draw.ts';
import { PrefixHash, stickyPrefix } from '../splitting/hash.ts';
import { headersOf, readKey, type StickySource } from '../splitting/sticky-key.ts';
import type { Condition, Trial } from './condition.ts';
import type { Truth } from './truth.ts';

export interface PercentSettings {
  /** 0..100, fractions allowed. */
  readonly percent: number;
  readonly salt: string;
  readonly ruleName: string;
  /**
   * Where the key is looked for by a percentage in a route's own match: no route is found yet there, so the trial has no
   * key. No visitor cookie is minted for it. Absent: the key of the trial's route.
   */
  readonly sticky?: readonly StickySource[];
}

/** `percent:`. Holds for this share of the sticky keys, always the same ones; without a key it draws. 0 nobody, 100 all. */
export function percentCondition(settings: PercentSettings): Condition {
  const { percent, sticky } = settings;
  const hash = new PrefixHash(stickyPrefix(settings.salt, 'percent', settings.ruleName));
  const place = (trial: Trial): number | 'unread' => {
    if (sticky === undefined) return chosenUnit(hash, trial);
    const key = readKey(sticky, trial.request);
    return key === undefined ? 'unread' : unitOf(hash, key, trial);
  };
  const test = (trial: Trial): Truth => {
    if (percent >= 100) return 'true';
    if (!(percent > 0)) return 'false';
    const unit = place(trial);
    if (unit === 'unread') return 'unread';
    return unit < percent / 100 ? 'true' : 'false';
  };
  // Where the request stands between 0 and 100, to set beside the percentage.
  const seen = (trial: Trial): string | null => {
    const unit = place(trial);
    return unit === 'unread' ? null : (unit * 100).toFixed(2);
  };
  const headerNames = sticky === undefined ? [] : headersOf(sticky);
  return { text: `percent ${percent}`, cost: 1, headerNames, test, seen, parts: [] };
}
