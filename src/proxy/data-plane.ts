import type { RandomSource } from '../core/ports.ts';
import type { Snapshot } from '../core/snapshot.ts';
import type { MirrorCells } from '../telemetry/mirror-cells.ts';
import type { EndpointReport, ListenerReport, PoolReport } from '../telemetry/reports.ts';
import type { RequestCells } from '../telemetry/request-cells.ts';

export interface DataPlaneOptions {
  readonly random: RandomSource;
  readonly requestCells: RequestCells;
  readonly mirrorCells: MirrorCells;
  /** The number of workers that share this gateway's limits. */
  readonly workers: number;
}

/** The data plane of one worker: listeners, connections, pools. Owns every socket that carries users' traffic. */
export class DataPlane {
  constructor(_options: DataPlaneOptions) {}
  /** Binds what is new, swaps to the snapshot, lets go of what is no longer used. Rejects, with nothing changed, when an address cannot be bound. */
  async install(_snapshot: Snapshot): Promise<readonly ListenerReport[]> {
    throw new Error('to be built');
  }
  pools(): readonly PoolReport[] {
    return [];
  }
  endpoints(): readonly EndpointReport[] {
    return [];
  }
  /** Stops accepting; resolves when the last exchange has ended, or after `graceMs`, when the rest are cut. */
  async drain(_graceMs: number): Promise<void> {}
  /** Cuts everything now. */
  async close(): Promise<void> {}
}
