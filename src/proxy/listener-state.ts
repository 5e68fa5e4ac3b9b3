import type { ListenerSpec } from '../core/snapshot.ts';
import { ClientTally } from './client-tally.ts';

/** What a listener's connections share and what a reload may change under them. */
export class ListenerState {
  spec: ListenerSpec;
  readonly scheme: 'http' | 'https' = 'http';
  connections = 0;
  /** Nothing new is accepted: the answer under way on a connection is its last. */
  isLeaving = false;
  readonly tally: ClientTally;
  /** Bound once, so that it can be handed on without a closure per request. */
  readonly isTrusted = (address: string): boolean => this.spec.trustedProxies.contains(address);

  /** `workers`: how many share the limits. */
  constructor(spec: ListenerSpec, workers: number) {
    this.spec = spec;
    this.tally = new ClientTally(workers > 1);
  }

  /** False: over the listener's limit; the connection is not counted. */
  admit(workers: number): boolean {
    if (this.connections >= Math.ceil(this.spec.limits.connections / Math.max(1, workers))) return false;
    this.connections += 1;
    return true;
  }

  /** False: over the client's limit; the connection is not counted for it. */
  admitClient(address: string): boolean {
    return this.tally.enter(address, this.spec.limits.connectionsPerClient);
  }

  /** An admitted connection has closed. `client`: for whom it was counted; '' for nobody. */
  leave(client: string): void {
    this.connections -= 1;
    if (client !== '') this.tally.leave(client);
  }

  /** Clients with an open connection. */
  get clients(): number {
    return this.tally.size;
  }
}
