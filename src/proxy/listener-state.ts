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

  /** False: over one of the connection limits; the connection is not counted. */
  admit(peer: string, workers: number): boolean {
    if (this.connections >= Math.ceil(this.spec.limits.connections / Math.max(1, workers))) return false;
    const fromPeer = this.#byClient.get(peer) ?? 0;
    if (fromPeer >= this.spec.limits.connectionsPerClient) return false;
    this.#byClient.set(peer, fromPeer + 1);
    this.connections += 1;
    return true;
  }

  leave(peer: string): void {
    this.connections -= 1;
    const left = (this.#byClient.get(peer) ?? 1) - 1;
    if (left > 0) this.#byClient.set(peer, left);
    else this.#byClient.delete(peer);
  }
}
