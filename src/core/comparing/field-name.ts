import { ANY, isId } from './path-template.ts';

/**
 * Where two answers can differ, as it is reported and as it is ignored: `status`, `body` (compared as a whole), `header:NAME`,
 * or a JSON pointer (RFC 6901) in which `*` stands for any place in a list and any key that is an id.
 */
export const STATUS = 'status';
export const BODY = 'body';
const HEADER = 'header:';
/** Longer pointers end early: what lies deeper counts for where it lies in. */
const MAX_POINTER_CHARS = 240;

export function headerField(name: string): string {
  return `${HEADER}${name}`;
}

/** The pointer one step further down; null: it would be too long to report. */
export function pointerBelow(pointer: string, key: string): string | null {
  const step = isId(key) ? ANY : key.replaceAll('~', '~0').replaceAll('/', '~1');
  const below = `${pointer}/${step}`;
  return below.length > MAX_POINTER_CHARS ? null : below;
}

/** A rule that names fields, taken apart. */
export type FieldPattern =
  | { readonly kind: 'status' }
  | { readonly kind: 'body' }
  | { readonly kind: 'header'; readonly name: string }
  /** `*` is any one step. Everything below it is meant too. */
  | { readonly kind: 'pointer'; readonly steps: readonly string[] };

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** null: it names no field. */
export function parseFieldPattern(text: string): FieldPattern | null {
  if (text === STATUS || text === BODY) return { kind: text };
  if (text.startsWith(HEADER)) {
    const name = text.slice(HEADER.length).toLowerCase();
    return TOKEN.test(name) ? { kind: 'header', name } : null;
  }
  if (!text.startsWith('/') || /~(?![01])/.test(text)) return null;
  const steps = text.slice(1).split('/');
  return { kind: 'pointer', steps: steps.map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~')) };
}
