import { expect } from 'vitest';
import type { HeldResources } from '../../src/proxy/data-plane.ts';
import { eventually } from './eventually.ts';

/** Whatever holds connections: a gateway in this process, or one in another that is asked. */
export interface Holder {
  held(): HeldResources | Promise<HeldResources>;
}

/**
 * Notes what is held now, before the load, and gives a check for after it: no client is left, nothing waits for one, and
 * what kept connections to endpoints hold (a deadline and perhaps a buffer each) is all that came to it.
 */
export async function atRest(holder: Holder): Promise<() => Promise<void>> {
  const before = await holder.held();
  return () =>
    eventually(async () => {
      const after = await holder.held();
      const kept = after.upstreamConnections - before.upstreamConnections;
      expect(after).toMatchObject({ clientConnections: before.clientConnections, timed: before.timed + kept });
      expect(after.buffers).toBeLessThanOrEqual(before.buffers + Math.max(0, kept));
      expect(after.buffers).toBeGreaterThanOrEqual(0);
    });
}
