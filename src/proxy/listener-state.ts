import type { ListenerSpec } from '../core/snapshot.ts';

/** What a listener's connections share and what a reload may change under them. */
export class ListenerState {
  spec: ListenerSpec;
  readonly scheme: 'http' | 'https' = 'http';
  connections = 0;
  readonly #byClient = new Map<string, number>();
  /** Bound once, so that it can be handed on without a closure per request. */
  readonly isTrusted = (address: string): boolean => this.spec.trustedProxies.contains(address);

  constructor(spec: ListenerSpec) {
    this.spec = spec;
  }

  /** False: over the listener's limit; the connection is not counted. */
  admit(workers: number): boolean {
    if (this.connections >= Math.ceil(this.spec.limits.connections / Math.max(1, workers))) return false;
    this.connections += 1;
    return true;
  }

  /** False: over the client's limit; the connection is not counted for it. */
  admitClient(address: string): boolean {
    const open = this.#byClient.get(address) ?? 0;
    if (open >= this.spec.limits.connectionsPerClient) return false;
    this.#byClient.set(address, open + 1);
    return true;
  }

  /** An admitted connection has closed. `client`: for whom it was counted; '' for nobody. */
  leave(client: string): void {
    this.connections -= 1;
    if (client === '') return;
    const left = (this.#byClient.get(client) ?? 1) - 1;
    if (left > 0) this.#byClient.set(client, left);
    else this.#byClient.delete(client);
  }

  /** Clients with an open connection. */
  get clients(): number {
    return this.#byClient.size;
  }
}
