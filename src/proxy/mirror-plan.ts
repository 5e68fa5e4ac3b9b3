import type { Mirror } from '../core/snapshot.ts';
import { type HeaderChange, headerChange } from './header-change.ts';
import type { MirrorRuntime } from './mirror-runtime.ts';

const CREDENTIALS = ['authorization', 'cookie'];

/** A mirror of one arm, resolved once: what its copies carry, and where they go. */
export interface MirrorPlan {
  readonly mirror: Mirror;
  readonly runtime: MirrorRuntime;
  /** Lower-case names of the client's fields that a copy has not. */
  readonly removes: ReadonlySet<string>;
  /** Field lines that a copy has beside the client's, CRLF at the end of each. */
  readonly lines: string;
  /** The lane that a copy is in unless a trusted peer named one: its own version's, where the route stamps lanes; '' none. */
  readonly lane: string;
  /** Where the second copy goes by which noise is told; null: nowhere. */
  readonly baseline: MirrorPlan | null;
}

/** What a mirror's plan takes from the arm that it belongs to. */
interface OfArm {
  /** What the route or rule changes of each request. A copy gets the same, and the mirror's own changes after it. */
  readonly change: HeaderChange | null;
  readonly stampsLane: boolean;
  runtimeOf(mirror: Mirror): MirrorRuntime;
}

export function mirrorPlan(mirror: Mirror, arm: OfArm): MirrorPlan {
  const { change, stampsLane } = arm;
  const own = headerChange(mirror.headers);
  const gone = new Set([...(mirror.credentials === 'drop' ? CREDENTIALS : []), ...(own?.removes ?? [])]);
  const baseline = mirror.compare?.baseline ?? null;
  return {
    mirror,
    runtime: arm.runtimeOf(mirror),
    removes: new Set([...(change?.removes ?? []), ...gone]),
    lines: linesWithout(change?.lines ?? '', gone) + (own?.lines ?? ''),
    lane: stampsLane ? mirror.target.name : '',
    baseline: baseline === null ? null : mirrorPlan(baseline, arm),
  };
}

function linesWithout(lines: string, names: ReadonlySet<string>): string {
  const kept = lines.split('\r\n').filter((line) => line !== '' && !names.has(nameOf(line)));
  return kept.map((line) => `${line}\r\n`).join('');
}

function nameOf(line: string): string {
  return line.slice(0, line.indexOf(':')).toLowerCase();
}
