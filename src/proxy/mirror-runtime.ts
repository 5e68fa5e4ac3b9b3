import { Circuit } from '../core/resilience/circuit.ts';
import type { Mirror } from '../core/snapshot.ts';
import type { MirrorCells } from '../telemetry/mirror-cells.ts';
import { type HeaderChange, headerChange } from './installed-snapshot.ts';
import type { VersionPool } from './version-pool.ts';

const BREAKER = { failures: 5, restMs: 1000, maxRestMs: 30_000 };

/** Bytes held by all copies of a worker; bounded by `mirroring.bytes`. */
export class MirrorBudget {
  maxBytes = 0;
  usedBytes = 0;

  take(bytes: number): boolean {
    if (this.usedBytes + bytes > this.maxBytes) return false;
    this.usedBytes += bytes;
    return true;
  }

  give(bytes: number): void {
    this.usedBytes -= bytes;
  }
}

/** One mirror of a route as this worker runs it: its account, its own connections, its breaker. Survives reloads. */
export class MirrorRuntime {
  mirror: Mirror;
  readonly cell: number;
  readonly cells: MirrorCells;
  readonly pool: VersionPool;
  /** Lets a shadow that fails again and again rest. */
  readonly breaker = new Circuit(BREAKER);
  readonly budget: MirrorBudget;
  readonly workers: number;
  /** Copies sent and not ended. */
  inFlight = 0;
  /** Copies waiting for their body. */
  pending = 0;
  request: HeaderChange | null;

  constructor(mirror: Mirror, cells: MirrorCells, pool: VersionPool, budget: MirrorBudget, workers: number) {
    this.mirror = mirror;
    this.cells = cells;
    this.cell = cells.cellOf({ route: mirror.route, mirror: mirror.name });
    this.pool = pool;
    this.budget = budget;
    this.workers = workers;
    this.request = headerChange(mirror.headers);
  }

  update(mirror: Mirror): void {
    this.mirror = mirror;
    this.request = headerChange(mirror.headers);
  }

  get hasRoom(): boolean {
    return this.inFlight + this.pending < Math.ceil(this.mirror.maxInFlight / Math.max(1, this.workers));
  }
}
