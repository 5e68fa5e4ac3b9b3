import { isAlias, isMap, isScalar, isSeq, type ParsedNode, type YAMLMap } from 'yaml';
import type { IssueCode } from '../issue-codes.ts';
import type { IssueCollector } from '../issue-collector.ts';
import { fillReferences, type ReferenceSource } from './references.ts';
import type { MapEntry, Place, SourceNode } from './source-node.ts';

export const MAX_DEPTH = 64;
/** How many nodes all aliases of a file may repeat. */
const MAX_REPEATED_NODES = 10_000;

const FORBIDDEN_KEYS: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

export interface TreeContext {
  /** Index of the file. */
  readonly file: number;
  readonly references: ReferenceSource;
  readonly issues: IssueCollector;
  /** Receives the files that references name. */
  readonly watched: Set<string>;
}

/** Turns one composed document into source nodes, holding the bounds on aliases. */
export class TreeReader {
  readonly #context: TreeContext;
  /** Where the text that was composed begins in the file. */
  readonly #base: number;
  readonly #anchors = new Map<string, { readonly node: SourceNode; size: Size | null }>();
  #repeated = 0;
  #isBeyond = false;

  constructor(context: TreeContext, base: number) {
    this.#context = context;
    this.#base = base;
  }

  /** `depth`: how deep the node itself stands, from 1. */
  read(node: ParsedNode, depth: number): SourceNode {
    const { file } = this.#context;
    const at = this.#base + node.range[0];
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
      const keyAt = this.#base + key.range[0];
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

export function emptyAt(file: number, at: number): SourceNode {
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
