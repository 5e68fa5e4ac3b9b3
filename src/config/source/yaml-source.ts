import { Composer, type CST, type Document, Parser } from 'yaml';
import type { IssueCode } from '../issue-codes.ts';
import type { FilePositions } from '../issue-collector.ts';
import { type Piece, sectionsOf } from './chunks.ts';
import type { MapEntry, SourceNode } from './source-node.ts';
import { emptyAt, MAX_DEPTH, type TreeContext, TreeReader } from './tree-reader.ts';

const MAX_FILE_BYTES = 16 * 1024 * 1024;
/** Longer files are read in pieces. */
const WHOLE_LENGTH = 256 * 1024;
/** One mistake often makes many; the first ones say where it is. */
const MAX_SYNTAX_ERRORS = 20;

export interface YamlFile extends FilePositions {
  /** null: the file is not YAML, or goes beyond a bound. */
  readonly root: SourceNode | null;
}

/** Reads one YAML file (1.2, failsafe: every scalar is its text). Never throws; whatever is wrong becomes an issue. */
export function readYaml(path: string, text: string, context: TreeContext): YamlFile {
  const { file, issues } = context;
  let root: SourceNode | null = null;
  if (isTooLarge(text)) {
    issues.error('file-too-large', { file, at: 0 }, `the file is larger than ${MAX_FILE_BYTES / 1024 / 1024} MiB`);
  } else {
    try {
      root = (text.length > WHOLE_LENGTH ? readInPieces(text, context) : null) ?? readWhole(text, context);
    } catch (error) {
      // The parser is third-party code on hostile input: whatever it throws is a problem of the file, never of the caller.
      const message = error instanceof Error ? error.message : String(error);
      issues.error('yaml-syntax', { file, at: 0 }, `the file cannot be parsed: ${message}`);
    }
  }
  return { path, lineStarts: lineStartsOf(text), root };
}

function isTooLarge(text: string): boolean {
  if (text.length > MAX_FILE_BYTES) return true;
  return text.length * 3 > MAX_FILE_BYTES && new TextEncoder().encode(text).length > MAX_FILE_BYTES;
}

function lineStartsOf(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}

function readWhole(text: string, context: TreeContext): SourceNode | null {
  const { file, issues } = context;
  const tokens = [...new Parser().parse(text)];
  if (!scanTokens(tokens, context)) return null;
  const [first, second] = compose(tokens, text.length);
  if (second !== undefined) {
    const hint = 'put each into a file of its own';
    issues.error('several-documents', { file, at: second.range[0] }, 'the file holds more than one document', hint);
    return null;
  }
  if (first === undefined || reportSyntax(first, context)) return null;
  return first.contents === null ? emptyAt(file, 0) : new TreeReader(context, 0).read(first.contents, 1);
}

/** At most the first two documents. */
function compose(tokens: readonly CST.Token[], length: number): Document.Parsed[] {
  const options = {
    schema: 'failsafe',
    uniqueKeys: false,
    prettyErrors: false,
    strict: true,
    logLevel: 'silent',
  } as const;
  const documents: Document.Parsed[] = [];
  for (const document of new Composer(options).compose(tokens, true, length)) {
    documents.push(document);
    if (documents.length === 2) break;
  }
  return documents;
}

/**
 * The same tree, made piece by piece. null, and nothing reported, when the file cannot be cut or a piece has anything but
 * plain content: then it is read whole, which says what is wrong.
 */
function readInPieces(text: string, context: TreeContext): SourceNode | null {
  const sections = sectionsOf(text);
  if (sections === null) return null;
  const entries: MapEntry[] = [];
  for (const { at, key, items, end } of sections) {
    const value = items === null ? readSection(text, { from: at, to: end }, context) : readList(text, items, context);
    if (value === null) return null;
    entries.push({ key, keyFile: context.file, keyAt: at, value });
  }
  return { kind: 'map', file: context.file, at: entries[0]?.keyAt ?? 0, entries };
}

function readSection(text: string, piece: Piece, context: TreeContext): SourceNode | null {
  const read = readPiece(text, piece, 1, context);
  return read?.kind === 'map' && read.entries.length === 1 ? read.entries[0]!.value : null;
}

function readList(text: string, pieces: readonly Piece[], context: TreeContext): SourceNode | null {
  const items: SourceNode[] = [];
  let at = -1;
  for (const piece of pieces) {
    const read = readPiece(text, piece, 2, context);
    if (read?.kind !== 'list') return null;
    if (at < 0) at = read.at;
    for (const item of read.items) items.push(item);
  }
  return { kind: 'list', file: context.file, at, items };
}

function readPiece(text: string, { from, to }: Piece, depth: number, context: TreeContext): SourceNode | null {
  const tokens = [...new Parser().parse(text.slice(from, to))];
  if (!isPlain(tokens, depth - 1)) return null;
  const [first, second] = compose(tokens, to - from);
  if (first === undefined || second !== undefined || first.errors.length > 0 || first.contents === null) return null;
  return new TreeReader(context, from).read(first.contents, depth);
}

function reportSyntax(document: Document.Parsed, { file, issues }: TreeContext): boolean {
  for (const error of document.errors.slice(0, MAX_SYNTAX_ERRORS)) {
    const code: IssueCode = error.code === 'RESOURCE_EXHAUSTION' ? 'too-deep' : 'yaml-syntax';
    issues.error(code, { file, at: error.pos[0] }, error.message);
  }
  return document.errors.length > 0;
}

/**
 * Looks for tags, and for nesting beyond the bound, before anything recursive sees the tokens. False: they must not be
 * composed.
 */
function scanTokens(tokens: readonly CST.Token[], { file, issues }: TreeContext): boolean {
  let isShallow = true;
  walkTokens(tokens, 0, {
    prop({ type, offset, source }) {
      if (type !== 'tag') return;
      const hint = 'values need no tags: each is read as its key asks';
      issues.error('yaml-tag', { file, at: offset }, `the tag ${source} is not allowed`, hint);
    },
    tooDeep(at) {
      isShallow = false;
      issues.error('too-deep', { file, at }, `lists and maps are nested more than ${MAX_DEPTH} deep`);
    },
  });
  return isShallow;
}

/** Has a piece nothing that needs the rest of the file, or a message? */
function isPlain(tokens: readonly CST.Token[], depth: number): boolean {
  let isFound = false;
  const found = (): void => {
    isFound = true;
  };
  walkTokens(tokens, depth, {
    prop: ({ type }) => (type === 'tag' || type === 'anchor' ? found() : undefined),
    tooDeep: found,
    alias: found,
  });
  return !isFound;
}

interface TokenVisitor {
  prop(token: CST.SourceToken): void;
  alias?(): void;
  /** The walk ends here. */
  tooDeep(at: number): void;
}

function walkTokens(tokens: readonly CST.Token[], depth: number, visitor: TokenVisitor): void {
  const pending: CST.Token[] = [...tokens];
  const depths: number[] = tokens.map(() => depth);
  for (let token = pending.pop(); token !== undefined; token = pending.pop()) {
    const at = depths.pop()!;
    if (token.type === 'alias') visitor.alias?.();
    else if (token.type === 'document') {
      for (const prop of token.start) visitor.prop(prop);
      if (token.value !== undefined) pending.push(token.value);
      if (token.value !== undefined) depths.push(at);
    } else if ('items' in token) {
      if (at >= MAX_DEPTH) {
        visitor.tooDeep(token.offset);
        return;
      }
      for (const item of token.items) {
        for (const prop of item.start) visitor.prop(prop);
        for (const prop of item.sep ?? []) visitor.prop(prop);
        for (const child of [item.key, item.value]) {
          if (child == null) continue;
          pending.push(child);
          depths.push(at + 1);
        }
      }
    }
  }
}
