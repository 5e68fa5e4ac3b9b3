import type { Arm } from '../snapshot.ts';
import type { UnknownReasons } from '../unknown-reason.ts';
import type { StickySource } from './sticky-key.ts';

/** Why a request was meant for its version. The closed list that the access log, explain and the decision headers use. */
export type Reason =
  | 'no-route'
  | 'abort'
  | 'take-over'
  | 'lane'
  | 'override'
  | 'rule'
  | 'rule-split'
  | 'sticky'
  | 'random'
  | 'single';

/**
 * The result of deciding one request. Owned by a connection and used again for its next request, so that deciding allocates
 * nothing: `decide` fills it in, and whoever keeps something past the request copies it out.
 */
export interface Decision {
  arm: Arm | null;
  reason: Reason;
  /** The sticky key's bytes once somebody asked for it: undefined not asked yet, null none present. */
  key: string | null | undefined;
  keySource: StickySource | null;
  /** The visitor id minted for this request, to be set as a cookie; null: none. */
  mintedVisitor: string | null;
  /** The request's random draw in [0, 1), once somebody asked for it; undefined: not drawn. See draw.ts. */
  draw: number | undefined;
  /** Why conditions that were tried could be neither true nor false. */
  unknown: UnknownReasons;
}

export function newDecision(): Decision {
  return {
    arm: null,
    reason: 'no-route',
    key: undefined,
    keySource: null,
    mintedVisitor: null,
    draw: undefined,
    unknown: 0,
  };
}
