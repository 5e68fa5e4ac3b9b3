import type { Arm, Mirror, Snapshot, Version } from '../core/snapshot.ts';
import { FieldIndex } from '../http/field-index.ts';
import { REQUEST_FIELDS } from '../http/request-head.ts';
import type { FallbackCells } from '../telemetry/fallback-cells.ts';
import type { RequestCells } from '../telemetry/request-cells.ts';
import { type HeaderChange, headerChange } from './header-change.ts';
import { type MirrorPlan, mirrorPlan } from './mirror-plan.ts';
import type { MirrorRuntime } from './mirror-runtime.ts';
import type { RetryRuntime } from './retry.ts';
import type { VersionPool } from './version-pool.ts';

/** Everything about an arm that a request needs, resolved once. */
export interface ArmRuntime {
  readonly arm: Arm;
  readonly cell: number;
  readonly pool: VersionPool;
  readonly fallback: FallbackRuntime | null;
  readonly retry: RetryRuntime | null;
  readonly mirrors: readonly MirrorPlan[];
  /** null: no limit. */
  readonly timeoutMs: number | null;
  readonly request: HeaderChange | null;
  readonly response: HeaderChange | null;
  /** x-gray-version and x-gray-rule lines; '' unless asked for. */
  readonly decisionLines: string;
}

/** A version that answers for another one: as its fallback, or in a further try. */
export interface FallbackRuntime {
  readonly pool: VersionPool;
  readonly version: Version;
  readonly cell: number;
  readonly decisionLines: string;
}

/** Where a snapshot's versions and mirrors meet what runs: supplied by the data plane, which keeps it over reloads. */
export interface Runtimes {
  poolOf(version: Version): VersionPool;
  mirrorOf(mirror: Mirror): MirrorRuntime;
  readonly requestCells: RequestCells;
  readonly fallbackCells: FallbackCells;
}

/** A snapshot in use: with its field index, its cells and its arms, which are resolved when first chosen. */
export class InstalledSnapshot {
  readonly snapshot: Snapshot;
  readonly fieldIndex: FieldIndex;
  /** Counts what is refused before routing. */
  readonly refusedCell: number;
  readonly #runtimes: Runtimes;
  readonly #cells: Int32Array;
  readonly #arms: (ArmRuntime | undefined)[] = [];

  constructor(snapshot: Snapshot, runtimes: Runtimes) {
    this.snapshot = snapshot;
    this.#runtimes = runtimes;
    this.fieldIndex = new FieldIndex([...REQUEST_FIELDS, ...snapshot.headerNames]);
    const { requestCells } = runtimes;
    this.refusedCell = requestCells.cellOf({ route: '', rule: '', version: '' });
    this.#cells = Int32Array.from(snapshot.arms, ({ route, rule, version }) =>
      requestCells.cellOf({ route: route.name, rule: rule?.name ?? '', version: version.name }),
    );
    for (const mirror of snapshot.mirrors) runtimes.mirrorOf(mirror);
  }

  armRuntime(arm: Arm): ArmRuntime {
    const known = this.#arms[arm.index];
    if (known !== undefined) return known;
    const resolved = this.#resolve(arm);
    this.#arms[arm.index] = resolved;
    return resolved;
  }

  #resolve(arm: Arm): ArmRuntime {
    const { route, rule, version } = arm;
    const mirrors = rule?.mirrors ?? route.mirrors;
    const headers = rule?.headers ?? route.headers;
    const request = headerChange(headers.request);
    const runtimeOf = (mirror: Mirror): MirrorRuntime => this.#runtimes.mirrorOf(mirror);
    const ofArm = { change: request, stampsLane: route.lane, runtimeOf };
    return {
      arm,
      cell: this.#cells[arm.index] as number,
      pool: this.#runtimes.poolOf(version),
      fallback: this.#fallbackOf(arm),
      retry: this.#retryOf(arm),
      mirrors: mirrors.map((mirror) => mirrorPlan(mirror, ofArm)),
      timeoutMs: rule?.timeoutMs ?? route.timeoutMs,
      request,
      response: headerChange(headers.response),
      decisionLines: decisionLines(arm, version),
    };
  }

  #fallbackOf(arm: Arm): FallbackRuntime | null {
    const { fallback, stable } = arm.route;
    // A drained version is to be left, fallback or not: whoever is meant for it all the same is safe with stable.
    return this.#helper(arm, this.#isDrained(arm.version) ? (fallback ?? stable) : fallback);
  }

  #isDrained({ service, name }: Version): boolean {
    return this.snapshot.drained.has(`${service}/${name}`);
  }

  #retryOf(arm: Arm): RetryRuntime | null {
    const policy = arm.rule?.retry ?? arm.route.retry;
    return policy === null ? null : { policy, to: this.#helper(arm, policy.to) };
  }

  /** null: nobody, or the version itself. */
  #helper(arm: Arm, version: Version | null): FallbackRuntime | null {
    if (version === null || version === arm.version) return null;
    return {
      pool: this.#runtimes.poolOf(version),
      version,
      cell: this.#runtimes.fallbackCells.cellOf({ route: arm.route.name, from: arm.version.name, to: version.name }),
      decisionLines: decisionLines(arm, version),
    };
  }
}

function decisionLines(arm: Arm, answering: Version): string {
  if (!arm.route.decisionHeaders) return '';
  const rule = arm.rule === null ? '' : `x-gray-rule: ${arm.rule.name}\r\n`;
  return `x-gray-version: ${answering.name}\r\n${rule}`;
}
