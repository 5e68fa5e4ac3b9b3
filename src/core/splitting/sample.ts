import type { Trial } from '../matching/condition.ts';
import { chosenUnit, unitOf } from './draw.ts';
import { PrefixHash, stickyPrefix } from './hash.ts';

/** Which requests a mirror copies. Independent of the split: a sticky key is copied whole or not at all. */
export interface MirrorSample {
  /** 0..100, fractions allowed; 0 copies nothing, 100 everything. */
  readonly percent: number;
  /** May mint the route's visitor cookie, as any question for the key may. */
  isSampled(trial: Trial): boolean;
}

export interface MirrorSampleSettings {
  readonly percent: number;
  readonly salt: string;
  /** The name of the version that the copies go to. */
  readonly target: string;
}

export function buildMirrorSample(settings: MirrorSampleSettings): MirrorSample {
  const { percent } = settings;
  const hash = new PrefixHash(stickyPrefix(settings.salt, 'mirror', settings.target));
  const isSampled = (trial: Trial): boolean => {
    if (percent >= 100) return true;
    if (!(percent > 0)) return false;
    return sampleUnit(hash, trial) < percent / 100;
  };
  return { percent, isSampled };
}

/** A copy never makes a body be read: a key that lies in one not read yet counts as none. */
function sampleUnit(hash: PrefixHash, trial: Trial): number {
  const place = chosenUnit(hash, trial);
  return place === 'unread' ? unitOf(hash, null, trial) : place;
}
