import { setTimeout as delay } from 'node:timers/promises';

const DEADLINE_MS = 10_000;
const PAUSE_MS = 10;

/** Tries again until `attempt` no longer throws, and returns what it gave; past the deadline its last error is thrown. */
export async function eventually<T>(attempt: () => T | Promise<T>, deadlineMs = DEADLINE_MS): Promise<T> {
  const until = performance.now() + deadlineMs;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (performance.now() > until) throw error;
      await delay(PAUSE_MS);
    }
  }
}
