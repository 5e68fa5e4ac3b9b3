/**
 * Large files in pieces that can be parsed one by one, so that never more than one piece of the parser's trees is in memory.
 * Only what is certainly cut between nodes is cut: of anything unusual the answer is null, and the file is parsed whole.
 */
export interface Section {
  /** Where its key begins. */
  readonly at: number;
  readonly key: string;
  /** Pieces of the list under the key; null: the section is one piece, key and all, from `at` to `end`. */
  readonly items: readonly Piece[] | null;
  readonly end: number;
}

export interface Piece {
  readonly from: number;
  readonly to: number;
}

/** Pieces are cut after this many characters; smaller ones would cost more in starting over than they save. */
const PIECE_LENGTH = 64 * 1024;

const KEY_LINE = /^([A-Za-z][A-Za-z0-9]*):(?=[ \r\n]|$)/;
const LIST_HEAD = /^[A-Za-z][A-Za-z0-9]*: *(?:#.*)?\r?$/;

interface OpenSection {
  readonly at: number;
  readonly key: string;
  /** Its line holds nothing but the key. */
  readonly isBare: boolean;
  /** Columns before the dashes of its list; -1: not known yet, null: it is no list. */
  indent: number | null;
  readonly cuts: number[];
}

/** The sections of a configuration in block style; null when it cannot be cut with certainty. */
export function sectionsOf(text: string): Section[] | null {
  const sections: Section[] = [];
  let open: OpenSection | null = null;
  let at = 0;
  while (at < text.length) {
    const indent = indentAt(text, at);
    const first = text[at + indent];
    const next = nextLine(text, at);
    if (first === '\t') return null;
    const isContent = first !== undefined && first !== '\n' && first !== '\r' && first !== '#';
    if (isContent && indent === 0 && !isDash(text, at)) {
      const line = text.slice(at, next).trimEnd();
      const key = KEY_LINE.exec(line)?.[1];
      if (key === undefined) return null;
      if (open !== null) sections.push(closed(open, at));
      open = { at, key, isBare: LIST_HEAD.test(line), indent: -1, cuts: [] };
    } else if (isContent) {
      if (open === null || !addLine(open, text, at, indent)) return null;
    }
    at = next;
  }
  if (open !== null) sections.push(closed(open, text.length));
  return new Set(sections.map(({ key }) => key)).size === sections.length ? sections : null;
}

/** Notes a line below a section's key; false when it is not certain what it belongs to. */
function addLine(open: OpenSection, text: string, at: number, indent: number): boolean {
  if (open.indent === -1) open.indent = open.isBare && isDash(text, at + indent) ? indent : null;
  // Below a column 0 that holds keys alone, what is no list is one piece whatever its lines are.
  if (open.indent === null) return indent > 0;
  if (indent < open.indent) return false;
  if (indent === open.indent) {
    if (!isDash(text, at + indent)) return false;
    const last = open.cuts.at(-1);
    if (last === undefined || at - last >= PIECE_LENGTH) open.cuts.push(at);
  }
  return true;
}

function closed({ at, key, cuts }: OpenSection, end: number): Section {
  const items = cuts.map((from, index) => ({ from, to: cuts[index + 1] ?? end }));
  return { at, key, items: items.length === 0 ? null : items, end };
}

function isDash(text: string, at: number): boolean {
  if (text[at] !== '-') return false;
  const after = text[at + 1];
  return after === ' ' || after === '\n' || after === '\r' || after === undefined;
}

function indentAt(text: string, at: number): number {
  let indent = 0;
  while (text.charCodeAt(at + indent) === 0x20) indent++;
  return indent;
}

function nextLine(text: string, at: number): number {
  const end = text.indexOf('\n', at);
  return end < 0 ? text.length : end + 1;
}
