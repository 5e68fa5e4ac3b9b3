import {
  Composer,
  type CST,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type ParsedNode,
  Parser,
  type YAMLMap,
} from 'yaml';
import type { IssueCode } from '../issue-codes.ts';
import type { FilePositions, IssueCollector } from '../issue-collector.ts';
import { fillReferences, type ReferenceSource } from './references.ts';
import type { MapEntry, Place, SourceNode } from './source-node.ts';

const MAX_FILE_BYTES = 16 * 1024 * 1024;
const MAX_DEPTH = 64;
/** How many nodes all aliases of a file may repeat. */
const MAX_REPEATED_NODES = 10_000;
/** One mistake often makes many; the first ones say where it is. */
const MAX_SYNTAX_ERRORS = 20;

const FORBIDDEN_KEYS: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

export interface YamlFile extends FilePositions {
  /** null: the file is not YAML, or goes beyond a bound. */
  readonly root: SourceNode | null;
}

export interface YamlContext {
  /** Index of the file. */
  readonly file: number;
  readonly references: ReferenceSource;
  readonly issues: IssueCollector;
  /** Receives the files that references name. */
  readonly watched: Set<string>;
}

/** Reads one YAML file (1.2, failsafe: every scalar is its text). Never throws; whatever is wrong becomes an issue. */
export function readYaml(path: string, text: string, context: YamlContext): YamlFile {
  const lines = new LineCounter();
  lines.addNewLine(0);
  const { file, issues } = context;
  let root: SourceNode | null = null;
  if (isTooLarge(text)) {
    issues.error('file-too-large', { file, at: 0 }, `the file is larger than ${MAX_FILE_BYTES / 1024 / 1024} MiB`);
  } else {
    try {
      root = readDocument(text, lines, context);
    } catch (error) {
      // The parser is third-party code on hostile input: whatever it throws is a problem of the file, never of the caller.
      issues.error(
        'yaml-syntax',
        { file, at: 0 },
        `the file cannot be parsed: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }
  return { path, lineStarts: lines.lineStarts, root };
}

function isTooLarge(text: string): boolean {
  if (text.length > MAX_FILE_BYTES) return true;
  return text.length * 3 > MAX_FILE_BYTES && new TextEncoder().encode(text).length > MAX_FILE_BYTES;
}

function readDocument(text: string, lines: LineCounter, context: YamlContext): SourceNode | null {
  const { file, issues } = context;
  const tokens = [...new Parser(lines.addNewLine).parse(text)];
  if (!scanTokens(tokens, context)) return null;
  const composer = new Composer({
    schema: 'failsafe',
    uniqueKeys: false,
    prettyErrors: false,
    strict: true,
    logLevel: 'silent',
  });
  let first: Document.Parsed | null = null;
  for (const document of composer.compose(tokens, true, text.length)) {
    if (first === null) {
      first = document;
      continue;
    }
    issues.error(
      'several-documents',
      { file, at: document.range[0] },
      'the file holds more than one document',
      'put each into a file of its own',
    );
    return null;
  }
  if (first === null || reportSyntax(first, context)) return null;
  const contents = first.contents;
  if (contents === null) return { kind: 'scalar', file, at: 0, text: '', written: '', isEmpty: true };
  return new TreeReader(context).read(contents, 1);
}

function reportSyntax(document: Document.Parsed, { file, issues }: YamlContext): boolean {
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
function scanTokens(tokens: readonly CST.Token[], { file, issues }: YamlContext): boolean {
  const pending: { token: CST.Token; depth: number }[] = [];
  for (const token of tokens) pending.push({ token, depth: 0 });
  const seeTag = (props: readonly CST.SourceToken[] | undefined): void => {
    for (const prop of props ?? []) {
      if (prop.type !== 'tag') continue;
      issues.error(
        'yaml-tag',
        { file, at: prop.offset },
        `the tag ${prop.source} is not allowed`,
        'values need no tags: each is read as its key asks',
      );
    }
  };
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { token, depth } = next;
    if (token.type === 'document') {
      seeTag(token.start);
      if (token.value !== undefined) pending.push({ token: token.value, depth });
    } else if ('items' in token) {
      if (depth >= MAX_DEPTH) {
        issues.error('too-deep', { file, at: token.offset }, `lists and maps are nested more than ${MAX_DEPTH} deep`);
        return false;
      }
      for (const item of token.items) {
        seeTag(item.start);
        seeTag(item.sep);
        if (item.key != null) pending.push({ token: item.key, depth: depth + 1 });
        if (item.value !== undefined) pending.push({ token: item.value, depth: depth + 1 });
      }
    }
  }
  return true;
}

/** Turns one composed document into source nodes, holding the bounds on aliases. */
class TreeReader {
  readonly #context: YamlContext;
  readonly #anchors = new Map<string, { readonly node: SourceNode; size: Size | null }>();
  #repeated = 0;
  #isBeyond = false;

  constructor(context: YamlContext) {
    this.#context = context;
  }

  read(node: ParsedNode, depth: number): SourceNode {
    const { file } = this.#context;
    const at = node.range[0];
    if (isAlias(node)) return this.#repeat(node.source, at, depth);
    let read: SourceNode;
    if (isMap(node)) read = { kind: 'map', file, at, entries: this.#entries(node as YAMLMap.Parsed, depth) };
    else if (isSeq(node))
      read = { kind: 'list', file, at, items: node.items.map((item) => this.read(item as ParsedNode, depth + 1)) };
    else read = this.#scalar(node, at);
    if (node.anchor !== undefined) this.#anchors.set(node.anchor, { node: read, size: null });
    return read;
  }

  #scalar(node: ParsedNode, at: number): SourceNode {
    const { file, references, issues, watched } = this.#context;
    const written = isScalar(node) ? String(node.value) : '';
    const isEmpty = written === '' && isScalar(node) && (node.type === 'PLAIN' || node.type === undefined);
    return {
      kind: 'scalar',
      file,
      at,
      text: fillReferences(written, { file, at }, references, issues, watched),
      written,
      isEmpty,
    };
  }

  #entries(map: YAMLMap.Parsed, depth: number): MapEntry[] {
    const { file, issues } = this.#context;
    const entries: MapEntry[] = [];
    const seen = new Set<string>();
    for (const pair of map.items) {
      const key = pair.key as ParsedNode;
      const keyAt = key.range[0];
      const place: Place = { file, at: keyAt };
      if (!isScalar(key)) {
        issues.error('wrong-type', place, 'a key must be a text');
        continue;
      }
      const name = String(key.value);
      const refused = refusedKey(name);
      if (refused !== null)
        issues.error(refused, place, refused === 'merge-key' ? 'merge keys are not allowed' : `${name} is never a key`);
      else if (seen.has(name)) issues.error('duplicate-key', place, `the key ${name} is written twice`);
      else {
        seen.add(name);
        const value = pair.value as ParsedNode | null;
        entries.push({
          key: name,
          keyFile: file,
          keyAt,
          value: value === null ? emptyAt(file, keyAt) : this.read(value, depth + 1),
        });
      }
    }
    return entries;
  }

  #repeat(anchor: string, at: number, depth: number): SourceNode {
    const { file, issues } = this.#context;
    const target = this.#anchors.get(anchor);
    if (target === undefined) {
      issues.error('alias-bound', { file, at }, `there is no anchor &${anchor} before this alias`);
    } else {
      target.size ??= measure(target.node);
      this.#repeated += target.size.nodes;
      if (this.#repeated <= MAX_REPEATED_NODES && depth + target.size.depth <= MAX_DEPTH) return target.node;
      if (!this.#isBeyond) {
        this.#isBeyond = true;
        issues.error(
          'alias-bound',
          { file, at },
          `aliases repeat more than ${MAX_REPEATED_NODES} nodes, or nest more than ${MAX_DEPTH} deep`,
        );
      }
    }
    issues.silence({ file, at });
    return emptyAt(file, at);
  }
}

function emptyAt(file: number, at: number): SourceNode {
  return { kind: 'scalar', file, at, text: '', written: '', isEmpty: true };
}

function refusedKey(name: string): IssueCode | null {
  if (name === '<<') return 'merge-key';
  return FORBIDDEN_KEYS.has(name) ? 'forbidden-key' : null;
}

interface Size {
  readonly nodes: number;
  readonly depth: number;
}

function measure(node: SourceNode): Size {
  const children =
    node.kind === 'list' ? node.items : node.kind === 'map' ? node.entries.map((entry) => entry.value) : [];
  let nodes = 1;
  let depth = 0;
  for (const child of children) {
    const size = measure(child);
    nodes += size.nodes;
    depth = Math.max(depth, size.depth);
  }
  return { nodes, depth: depth + 1 };
}
