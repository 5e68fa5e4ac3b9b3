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
  /** Where the second copy goes by which noise is told; null: nowhere. */
  readonly baseline: MirrorPlan | null;
}

/** `arm`: what the route or rule changes of each request. A copy gets the same, and the mirror's own changes after it. */
export function mirrorPlan(
  mirror: Mirror,
  arm: HeaderChange | null,
  runtimeOf: (mirror: Mirror) => MirrorRuntime,
): MirrorPlan {
  const own = headerChange(mirror.headers);
  const gone = new Set([...(mirror.credentials === 'drop' ? CREDENTIALS : []), ...(own?.removes ?? [])]);
  const baseline = mirror.compare?.baseline ?? null;
  return {
    mirror,
    runtime: runtimeOf(mirror),
    removes: new Set([...(arm?.removes ?? []), ...gone]),
    lines: linesWithout(arm?.lines ?? '', gone) + (own?.lines ?? ''),
    baseline: baseline === null ? null : mirrorPlan(baseline, arm, runtimeOf),
  };
}

function linesWithout(lines: string, names: ReadonlySet<string>): string {
  const kept = lines.split('\r\n').filter((line) => line !== '' && !names.has(nameOf(line)));
  return kept.map((line) => `${line}\r\n`).join('');
}

function nameOf(line: string): string {
  return line.slice(0, line.indexOf(':')).toLowerCase();
}
