import type { RandomSource } from '../core/ports.ts';
import type { AccessLog } from '../telemetry/access-log.ts';
import type { DecisionRing } from '../telemetry/decision-ring.ts';
import type { FallbackCells } from '../telemetry/fallback-cells.ts';
import type { RequestCells } from '../telemetry/request-cells.ts';
import type { UnknownCells } from '../telemetry/unknown-cells.ts';
import type { InstalledSnapshot } from './installed-snapshot.ts';
import type { ReadBuffers } from './read-buffers.ts';
import type { RequestIds } from './request-ids.ts';
import type { RetryBudget } from './retry.ts';
import type { Sweeper } from './sweeper.ts';

/** What every connection of a worker shares. */
export interface PlaneContext {
  readonly buffers: ReadBuffers;
  readonly sweeper: Sweeper;
  readonly random: RandomSource;
  readonly requestIds: RequestIds;
  readonly requestCells: RequestCells;
  readonly fallbackCells: FallbackCells;
  readonly unknownCells: UnknownCells;
  readonly retries: RetryBudget;
  readonly decisions: DecisionRing;
  /** null: off. */
  accessLog: AccessLog | null;
  readonly workers: number;
  /** How long nothing may move on a tunnel. */
  readonly tunnelIdleMs: number;
  /** The snapshot that new requests get. */
  installed: InstalledSnapshot;
  /** True from the start of a drain: answers carry `Connection: close`. */
  isDraining: boolean;
}
