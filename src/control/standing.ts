import type { LiveState } from '../config/model.ts';
import type { AuditEntry } from './audit.ts';
import type { Weights } from './live.ts';
import { NO_STORED_REVISIONS, type StoredRevisions } from './object-revisions.ts';

/** While it is on, nobody raises a share: weights by hand are refused, releases do not advance. */
export interface Freeze {
  readonly on: boolean;
  readonly reason: string;
  /** Counts its changes. */
  readonly revision: number;
}

/** An earlier configuration that was put back in force. */
export interface Rollback {
  /** The revision in force. */
  readonly revision: number;
  /** The file as it was then, by hash: what holds only until the file says something else. */
  readonly insteadOf: string;
}

/** What was commanded and must outlive the process, as one piece: it is written as a whole or not at all. */
export interface Standing {
  /** The newest generation that was in force. */
  readonly generation: number;
  /** The accepted configuration in force; 0: none yet. */
  readonly revision: number;
  readonly live: LiveState;
  /** Live weights that were recorded as a revision, by route: no drift any more. */
  readonly adopted: Readonly<Record<string, Weights>>;
  readonly freeze: Freeze;
  readonly rollback: Rollback | null;
  readonly objects: StoredRevisions;
  /** The entries of the audit trail that belong to the last change: appended there next, or after a crash between the two. */
  readonly audit: readonly AuditEntry[];
}

export const NO_STANDING: Standing = {
  generation: 0,
  revision: 0,
  live: { weights: {}, switches: {} },
  adopted: {},
  freeze: { on: false, reason: '', revision: 0 },
  rollback: null,
  objects: NO_STORED_REVISIONS,
  audit: [],
};

/** The text of the file that holds it; the live values stand on top, where a person looks for them. */
export function standingText({ live, ...rest }: Standing): string {
  return `${JSON.stringify({ ...live, ...rest }, null, 1)}\n`;
}

/** null: it is damaged. What is missing was never set. */
export function parseStanding(text: string): Standing | null {
  const value = parseObject(text);
  if (value === null || !isLive(value)) return null;
  const { weights, switches, drained, ignored, ...rest } = value;
  const live: LiveState = {
    weights,
    switches,
    ...(drained === undefined ? {} : { drained }),
    ...(ignored === undefined ? {} : { ignored }),
  };
  return { ...NO_STANDING, ...(rest as Partial<Standing>), live };
}

function isLive(value: Record<string, unknown>): value is Record<string, unknown> & LiveState {
  const { weights, switches, drained, ignored } = value;
  if (!isObject(weights) || !isObject(switches)) return false;
  const areWeights = Object.values(weights).every((split) => isObject(split) && Object.values(split).every(isWeight));
  const areSwitches = Object.values(switches).every((on) => typeof on === 'boolean');
  const areNames =
    drained === undefined || (Array.isArray(drained) && drained.every((name) => typeof name === 'string'));
  return areWeights && areSwitches && areNames && (ignored === undefined || areIgnored(ignored));
}

function areIgnored(ignored: unknown): boolean {
  const isList = (fields: unknown) => Array.isArray(fields) && fields.every((field) => typeof field === 'string');
  return (
    isObject(ignored) &&
    Object.values(ignored).every((ofRoute) => isObject(ofRoute) && Object.values(ofRoute).every(isList))
  );
}

/** A weight is a number, not negative. */
export function isWeight(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

function parseObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
