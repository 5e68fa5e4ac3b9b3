import { createDecipheriv } from 'node:crypto';
import type { AesCbc } from '../core/ports.ts';

const BLOCK_BYTES = 16;

/** Node's own cipher. */
export const aesCbc: AesCbc = {
  decrypt(key, iv, sealed) {
    if (sealed.length === 0 || sealed.length % BLOCK_BYTES !== 0) return null;
    const decipher = createDecipheriv(key.length === 16 ? 'aes-128-cbc' : 'aes-256-cbc', key, iv);
    try {
      const first = decipher.update(sealed);
      const last = decipher.final();
      return last.length === 0 ? first : Buffer.concat([first, last]);
    } catch {
      // The padding is wrong: another key, or damaged on the way.
      return null;
    }
  },
};
