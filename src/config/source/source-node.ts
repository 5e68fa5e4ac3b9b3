/**
 * A configuration as written: texts, lists and maps, each knowing where it stands. Every scalar is the text in the file;
 * what it means is for the schema to say.
 */
export type SourceNode = ScalarNode | ListNode | MapNode;

interface Located {
  /** Index of the file. */
  readonly file: number;
  /** UTF-16 offset in that file's text. */
  readonly at: number;
}

export interface ScalarNode extends Located {
  readonly kind: 'scalar';
  /** References filled in. */
  readonly text: string;
  /** As in the file: what messages show. */
  readonly written: string;
  /** Nothing at all is written: `key:` without a value. */
  readonly isEmpty: boolean;
}

export interface ListNode extends Located {
  readonly kind: 'list';
  readonly items: readonly SourceNode[];
}

export interface MapNode extends Located {
  readonly kind: 'map';
  readonly entries: readonly MapEntry[];
}

export interface MapEntry {
  readonly key: string;
  readonly keyFile: number;
  readonly keyAt: number;
  readonly value: SourceNode;
}

/** A place in one of the files. */
export interface Place {
  readonly file: number;
  readonly at: number;
}

export type SourcePath = readonly (string | number)[];

export function entryOf(node: SourceNode | undefined, key: string): MapEntry | undefined {
  if (node?.kind !== 'map') return undefined;
  return node.entries.find((entry) => entry.key === key);
}

export function valueUnder(node: SourceNode | undefined, key: string): SourceNode | undefined {
  return entryOf(node, key)?.value;
}

/** Finds nodes by path; keys of large maps are indexed on first use, so that many problems cost no more than one each. */
export class SourceLocator {
  readonly #root: SourceNode;
  readonly #indexes = new WeakMap<MapNode, Map<string, MapEntry>>();

  constructor(root: SourceNode) {
    this.#root = root;
  }

  /** Where the value at `path` stands; `key`: where its key does. A path that leads further than the source stops there. */
  place(path: SourcePath, part: 'value' | 'key'): Place {
    let node = this.#root;
    let key: Place = node;
    for (const step of path) {
      const next = this.#step(node, step);
      if (next === undefined) break;
      key = 'key' in next ? { file: next.keyFile, at: next.keyAt } : next;
      node = 'key' in next ? next.value : next;
    }
    return part === 'key' ? key : node;
  }

  /** The node at `path`; undefined when the source does not go that far. */
  node(path: SourcePath): SourceNode | undefined {
    let node: SourceNode | undefined = this.#root;
    for (const step of path) {
      const next = this.#step(node, step);
      if (next === undefined) return undefined;
      node = 'key' in next ? next.value : next;
    }
    return node;
  }

  #step(node: SourceNode, step: string | number): SourceNode | MapEntry | undefined {
    if (node.kind === 'list') return typeof step === 'number' ? node.items[step] : undefined;
    // Where one entry may stand for a list of one, it is its own first item.
    if (step === 0) return node;
    if (node.kind === 'map') return this.#index(node).get(String(step));
    return undefined;
  }

  #index(node: MapNode): Map<string, MapEntry> {
    let index = this.#indexes.get(node);
    if (index === undefined) {
      index = new Map(node.entries.map((entry) => [entry.key, entry]));
      this.#indexes.set(node, index);
    }
    return index;
  }
}
