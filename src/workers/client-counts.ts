import type { ClientCount } from '../telemetry/reports.ts';

type Key = string;

/**
 * How many connections every worker holds of every client, in the primary: what makes a limit for each client one for the
 * whole gateway. Grows with the clients that are connected, not with those that were.
 */
export class ClientCounts {
  readonly #byWorker = new Map<number, Map<Key, number>>();
  readonly #totals = new Map<Key, number>();

  /** A worker came; returns what others hold already. */
  join(workerId: number): readonly ClientCount[] {
    this.#byWorker.set(workerId, new Map());
    return [...this.#totals].map(([key, count]) => countOf(key, count));
  }

  /** A worker's counts as they are now. */
  set(workerId: number, counts: readonly ClientCount[]): void {
    const own = this.#byWorker.get(workerId);
    if (own === undefined) return;
    for (const { listener, client, count } of counts) this.#change(own, keyOf(listener, client), count);
  }

  /** A worker is gone, and its connections with it; returns the clients that it had. */
  leave(workerId: number): readonly ClientCount[] {
    const own = this.#byWorker.get(workerId);
    if (own === undefined) return [];
    const held = [...own.keys()];
    for (const key of held) this.#change(own, key, 0);
    this.#byWorker.delete(workerId);
    return held.map((key) => countOf(key, 0));
  }

  /** What all but this worker hold of these clients. */
  elsewhere(workerId: number, clients: readonly ClientCount[]): readonly ClientCount[] {
    const own = this.#byWorker.get(workerId);
    return clients.map(({ listener, client }) => {
      const key = keyOf(listener, client);
      return { listener, client, count: (this.#totals.get(key) ?? 0) - (own?.get(key) ?? 0) };
    });
  }

  #change(own: Map<Key, number>, key: Key, count: number): void {
    const total = (this.#totals.get(key) ?? 0) + count - (own.get(key) ?? 0);
    put(own, key, count);
    put(this.#totals, key, total);
  }
}

function put(counts: Map<Key, number>, key: Key, count: number): void {
  if (count === 0) counts.delete(key);
  else counts.set(key, count);
}

/** Listener names hold no NUL. */
function keyOf(listener: string, client: string): Key {
  return `${listener}\0${client}`;
}

function countOf(key: Key, count: number): ClientCount {
  const at = key.indexOf('\0');
  return { listener: key.slice(0, at), client: key.slice(at + 1), count };
}
