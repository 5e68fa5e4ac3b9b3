import { chosenUnit } from '../splitting/draw.ts';
import { PrefixHash, stickyPrefix } from '../splitting/hash.ts';
import type { Condition, Trial } from './condition.ts';
import type { Truth } from './truth.ts';

export interface PercentSettings {
  /** 0..100, fractions allowed. */
  readonly percent: number;
  readonly salt: string;
  readonly ruleName: string;
}

/** `percent:`. Holds for this share of the sticky keys, always the same ones; without a key it draws. 0 nobody, 100 all. */
export function percentCondition(settings: PercentSettings): Condition {
  const { percent } = settings;
  const hash = new PrefixHash(stickyPrefix(settings.salt, 'percent', settings.ruleName));
  const test = (trial: Trial): Truth => {
    if (percent >= 100) return 'true';
    if (!(percent > 0)) return 'false';
    const unit = chosenUnit(hash, trial);
    if (unit === 'unread') return 'unread';
    return unit < percent / 100 ? 'true' : 'false';
  };
  return {
    text: `percent ${percent}`,
    cost: 1,
    headerNames: [],
    test,
    seen: (trial) => position(hash, trial),
    parts: [],
  };
}

/** Where the request stands between 0 and 100, to set beside the percentage. */
function position(hash: PrefixHash, trial: Trial): string | null {
  const unit = chosenUnit(hash, trial);
  return unit === 'unread' ? null : (unit * 100).toFixed(2);
}
