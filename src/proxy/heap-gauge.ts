import { getHeapSpaceStatistics, getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** What V8 sets aside for young objects within the limit that it tells: three semi-spaces of their usual size. */
const YOUNG_BYTES = 3 * 33_554_432;
/** Spaces that do not count against the limit of old objects, which is the one that ends a process. */
const NOT_OLD = /^(?:new|read_only|shared)_/;
/** Above this share the gauge first looks whether it is garbage. */
const SUSPECT_SHARE = 0.85;
/** Collections of its own are so far apart. ms. */
const COLLECTION_PERIOD_MS = 1500;

/**
 * How full the heap for old objects is, from 0 to 1. V8 may leave garbage lying for as long as nobody asks for room, which
 * would look like want for ever: near the limit it is therefore collected first, at most every 1.5 s.
 */
export class HeapGauge {
  #collectedAtMs = Number.NEGATIVE_INFINITY;
  #collect: (() => void) | null = null;

  share(nowMs: number): number {
    const share = usedShare();
    if (share <= SUSPECT_SHARE || nowMs - this.#collectedAtMs < COLLECTION_PERIOD_MS) return share;
    this.#collectedAtMs = nowMs;
    this.#collect ??= exposedCollector();
    this.#collect();
    return usedShare();
  }
}

function usedShare(): number {
  let used = 0;
  for (const space of getHeapSpaceStatistics()) if (!NOT_OLD.test(space.space_name)) used += space.space_used_size;
  const { heap_size_limit: limit } = getHeapStatistics();
  return used / Math.max(limit - YOUNG_BYTES, limit / 4);
}

/** Node offers no other way to ask for a collection in a process that was not started for it. */
function exposedCollector(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}
