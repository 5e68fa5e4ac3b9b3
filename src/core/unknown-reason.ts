/** Why a condition can be neither true nor false. The closed list that counters use as a label; the place is the bit. */
export const UNKNOWN_REASONS = [
  'no-body',
  'body-too-large',
  'content-encoding',
  'content-type',
  'charset',
  'malformed',
  'duplicate-key',
  'undecodable',
  'no-key',
  'no-place',
] as const;

export type UnknownReason = (typeof UNKNOWN_REASONS)[number];

/** A set of reasons as bits; 0: none. */
export type UnknownReasons = number;

/** The set that holds only this one. */
export function unknownBit(reason: UnknownReason): UnknownReasons {
  return 1 << UNKNOWN_REASONS.indexOf(reason);
}

/** The reasons of a set, in the order of the list. */
export function reasonsOf(set: UnknownReasons): UnknownReason[] {
  return UNKNOWN_REASONS.filter((_, bit) => (set & (1 << bit)) !== 0);
}
