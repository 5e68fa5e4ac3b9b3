/**
 * Open connections by client address: those counted here, and those that other workers of the gateway hold, so that a limit
 * for each client holds for the gateway as a whole. Grows with the clients that are connected, not with those that were.
 */
export class ClientTally {
  readonly #here = new Map<string, number>();
  readonly #elsewhere = new Map<string, number>();
  /** Clients whose count here changed since it was last told; null: there is nobody to tell. */
  readonly #changed: Set<string> | null;

  constructor(isShared: boolean) {
    this.#changed = isShared ? new Set() : null;
  }

  /** False: the client has as many as it may; nothing is counted. */
  enter(client: string, limit: number): boolean {
    const open = this.#here.get(client) ?? 0;
    if (open + (this.#elsewhere.get(client) ?? 0) >= limit) return false;
    this.#here.set(client, open + 1);
    this.#changed?.add(client);
    return true;
  }

  leave(client: string): void {
    put(this.#here, client, (this.#here.get(client) ?? 1) - 1);
    this.#changed?.add(client);
  }

  setElsewhere(client: string, count: number): void {
    put(this.#elsewhere, client, count);
  }

  /** Clients with an open connection here. */
  get size(): number {
    return this.#here.size;
  }

  /** The counts that changed since the last call. */
  takeChanges(): (readonly [client: string, count: number])[] {
    if (this.#changed === null || this.#changed.size === 0) return [];
    const changes = [...this.#changed].map((client) => [client, this.#here.get(client) ?? 0] as const);
    this.#changed.clear();
    return changes;
  }
}

function put(counts: Map<string, number>, client: string, count: number): void {
  if (count > 0) counts.set(client, count);
  else counts.delete(client);
}
