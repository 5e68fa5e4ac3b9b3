import { Circuit } from '../core/resilience/circuit.ts';
import type { Mirror } from '../core/snapshot.ts';
import type { ComparisonSkipReason } from '../telemetry/comparison-cells.ts';
import type { MirrorCells } from '../telemetry/mirror-cells.ts';
import type { Comparer } from './comparer.ts';
import type { MirrorBudget } from './mirror-budget.ts';
import type { Sweeper } from './sweeper.ts';
import type { VersionPool } from './version-pool.ts';

/** Of one mirror: what they hold is bounded by bytes, and this bounds them where answers are small. */
const MAX_COMPARING = 1024;
const BREAKER = { failures: 5, restMs: 1000, maxRestMs: 30_000 };

/** A copy, as those see it who may have to end it from outside. */
export interface CopyUnderWay {
  /** The gateway stops. */
  shutDown(): void;
}

/** What all mirrors of a worker share. */
export interface MirrorCommons {
  readonly cells: MirrorCells;
  readonly budget: MirrorBudget;
  readonly comparer: Comparer;
  readonly sweeper: Sweeper;
  /** Workers that share the limits. */
  readonly workers: number;
  /** Copies that have not ended, of whatever mirror. */
  readonly copies: Set<CopyUnderWay>;
}

/** One mirror of a route or rule as this worker runs it: its account, its own connections, its breaker. Survives reloads. */
export class MirrorRuntime {
  mirror: Mirror;
  readonly commons: MirrorCommons;
  readonly pool: VersionPool;
  readonly cell: number;
  /** Lets a shadow that fails again and again rest. */
  readonly breaker = new Circuit(BREAKER);
  /** Copies sent and not ended. */
  inFlight = 0;
  /** Copies waiting for their body. */
  pending = 0;
  /** Comparisons begun and not ended. */
  comparing = 0;

  constructor(mirror: Mirror, pool: VersionPool, commons: MirrorCommons) {
    this.mirror = mirror;
    this.commons = commons;
    this.pool = pool;
    const { route, rule, name } = mirror;
    this.cell = commons.cells.cellOf({ route, rule: rule ?? '', mirror: name });
    this.update(mirror);
  }

  /** What a new snapshot says of it. */
  update(mirror: Mirror): void {
    this.mirror = mirror;
    if (mirror.compare !== null) this.commons.cells.comparisons.announce(mirror.route, mirror.name);
  }

  get hasRoom(): boolean {
    return this.inFlight + this.pending < Math.ceil(this.mirror.maxInFlight / Math.max(1, this.commons.workers));
  }

  get mayCompare(): boolean {
    return this.comparing < MAX_COMPARING;
  }

  /** A copy was sent, and yet the answers are not compared. */
  skipped(reason: ComparisonSkipReason): void {
    this.commons.cells.comparisons.skipped(this.mirror.route, this.mirror.name, reason);
  }
}
