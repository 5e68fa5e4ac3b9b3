import type { Config, LiveState } from '../config/model.ts';
import type { DecisionRecord } from '../telemetry/decision-ring.ts';
import type { FallbackDelta } from '../telemetry/fallback-cells.ts';
import type { MirrorDelta } from '../telemetry/mirror-cells.ts';
import type {
  ClientCount,
  EndpointReport,
  ListenerReport,
  PoolReport,
  UnhealthyEndpoint,
} from '../telemetry/reports.ts';
import type { RequestDelta } from '../telemetry/request-cells.ts';
import type { UnknownDelta } from '../telemetry/unknown-cells.ts';

/** Everything that travels between the primary and a worker: plain data only, the same over a process boundary or within one process. */

export interface Installation {
  readonly generation: number;
  readonly config: Config;
  readonly live: LiveState;
  /** Texts of the list files that the configuration names, by the path as written. */
  readonly lists: Readonly<Record<string, string>>;
}

export type ToWorker =
  /** Compile, bind new listeners, swap; answered by `installed` or `refused`. For a worker that routes by nothing yet. */
  | { readonly kind: 'install'; readonly installation: Installation }
  /** All endpoints that active checks hold for unhealthy now; those not named are well. Comes before the first `install` where there are any. */
  | { readonly kind: 'health'; readonly unhealthy: readonly UnhealthyEndpoint[] }
  /** Compile and bind new listeners, change nothing yet; answered by `prepared` or `refused`. */
  | { readonly kind: 'prepare'; readonly installation: Installation }
  /** Route by what was prepared; answered by `installed`. */
  | { readonly kind: 'swap'; readonly generation: number }
  /** Let go of what was prepared. */
  | { readonly kind: 'discard'; readonly generation: number }
  /** A listening socket that the primary keeps open travels beside this; it is for whatever listener has this key. */
  | { readonly kind: 'socket'; readonly key: string }
  /** How many connections other workers hold of a client, for each that changed. */
  | { readonly kind: 'elsewhere'; readonly counts: readonly ClientCount[] }
  /** Answered by one `report` with the same id, with everything that changed since the last report. */
  | { readonly kind: 'collect'; readonly id: number }
  /** The lines that say where the gateway listens are out: stdout is the access log's from here on. */
  | { readonly kind: 'announced' }
  /** Files have been rotated: open them anew. */
  | { readonly kind: 'reopen-logs' }
  /** Stop accepting, finish, then `drained`. */
  | { readonly kind: 'drain'; readonly graceMs: number }
  | { readonly kind: 'stop' };

export type FromWorker =
  | { readonly kind: 'online'; readonly pid: number }
  | { readonly kind: 'prepared'; readonly generation: number }
  | { readonly kind: 'installed'; readonly generation: number; readonly listeners: readonly ListenerReport[] }
  | { readonly kind: 'refused'; readonly generation: number; readonly message: string }
  /** How many connections this worker holds of a client, for each that changed. */
  | { readonly kind: 'clients'; readonly counts: readonly ClientCount[] }
  | { readonly kind: 'report'; readonly id: number; readonly report: WorkerReport }
  | { readonly kind: 'drained' };

/** What a worker tells about itself. Counters are deltas since its last report, so that nothing counted is lost with a worker. */
export interface WorkerReport {
  readonly generation: number;
  readonly requests: RequestDelta;
  readonly mirrors: MirrorDelta;
  readonly fallbacks: FallbackDelta;
  readonly unknowns?: UnknownDelta;
  readonly pools: readonly PoolReport[];
  readonly endpoints: readonly EndpointReport[];
  /** A few of the decisions made since the last report, oldest first. */
  readonly decisions?: readonly DecisionRecord[];
  /** Lines of the access log that were lost since the last report. */
  readonly droppedLogLines?: number;
}
