import { randomFillSync } from 'node:crypto';
import type { RandomSource } from '../core/ports.ts';

const VISITOR_ID_BYTES = 16;
/** Ids are cut from a pool of random bytes, so that minting one is not a system call each time. */
const POOL_BYTES = VISITOR_ID_BYTES * 128;

/** Draws for shares from the fast generator; visitor ids from the cryptographic one, because nobody may guess another's. */
export function systemRandom(): RandomSource {
  const pool = Buffer.alloc(POOL_BYTES);
  let used = POOL_BYTES;
  return {
    next: Math.random,
    visitorId() {
      if (used === POOL_BYTES) {
        randomFillSync(pool);
        used = 0;
      }
      const id = pool.toString('base64url', used, used + VISITOR_ID_BYTES);
      used += VISITOR_ID_BYTES;
      return id;
    },
  };
}
