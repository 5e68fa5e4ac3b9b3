/** JSON pointers (RFC 6901): what they name, step by step. */

/** The steps of a pointer, escapes undone; '' (the whole document) has none. null: not a pointer. */
export function parsePointer(text: string): readonly string[] | null {
  if (text === '') return [];
  if (!text.startsWith('/') || /~(?![01])/.test(text)) return null;
  return text
    .slice(1)
    .split('/')
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** The place in a list that a step names: digits without a leading zero; -1: none (so is `-`, the place after the last). */
export function listPlace(step: string): number {
  return /^(?:0|[1-9]\d{0,8})$/.test(step) ? Number(step) : -1;
}
