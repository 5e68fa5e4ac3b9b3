import type { z } from 'zod';
import type { IssueCollector } from './issue-collector.ts';
import type { Config } from './model.ts';
import { configuration } from './schema/configuration.ts';
import { describeIssue, leafIssues } from './schema/zod-issue.ts';
import { plainOf, writtenKey } from './source/plain.ts';
import { type MapEntry, SourceLocator, type SourceNode, type SourcePath } from './source/source-node.ts';

/** Sections of which one entry can be left out. */
const ENTRY_SECTIONS: ReadonlySet<unknown> = new Set(['routes', 'listeners', 'services', 'switches']);

/** What the schema made of a source. */
export interface Validated {
  /** null: not even what is left makes a configuration. With errors, it is what is left without the broken parts. */
  readonly config: Config | null;
  /** Something was left out: what follows from its absence is not said. */
  readonly isPartial: boolean;
  /** The source that `config` came from: paths into the one lead to places in the other. */
  readonly source: SourceNode;
}

/**
 * Holds a source against the schema and reports every problem. What is broken is then left out, so that the rest can still
 * be checked as a whole and one run shows everything.
 */
export function validate(source: SourceNode, issues: IssueCollector): Validated {
  const result = configuration.safeParse(plainOf(source));
  if (result.success) return { config: result.data, isPartial: false, source };
  const cuts = reportIssues(result.error.issues, source, issues);
  reportChoices(cuts, source, issues);
  const pruned = withVersion(withoutParts(source, cuts));
  const rest = configuration.safeParse(plainOf(pruned));
  return { config: rest.success ? rest.data : null, isPartial: true, source: pruned };
}

/** Reports the issues, and returns the paths of the parts to leave out. */
function reportIssues(found: readonly z.core.$ZodIssue[], source: SourceNode, issues: IssueCollector): SourcePath[] {
  const locator = new SourceLocator(source);
  const cuts: SourcePath[] = [];
  for (const issue of found.flatMap((each) => leafIssues(each))) {
    const path = issue.path.map((step) => (typeof step === 'number' ? step : writtenKey(String(step))));
    for (const { code, message, hint, part, key } of describeIssue(issue, path, locator)) {
      const whole = key === null ? path : [...path, key];
      issues.error(code, locator.place(whole, part), message, hint);
      const isChoice = code === 'one-of' && isInRule(whole) && whole.length === 4;
      if (isChoice) cuts.push(choiceCut(whole, locator));
      else cuts.push(key !== null && isOwnKey(whole) ? whole : partOf(whole));
    }
  }
  return cuts;
}

/** The schema asks whether a rule says exactly one of to and split only where all else is well: elsewhere it is asked here. */
function reportChoices(cuts: SourcePath[], source: SourceNode, issues: IssueCollector): void {
  const locator = new SourceLocator(source);
  const broken = new Map(
    cuts.filter((cut) => isInRule(cut) && cut.length > 4).map((cut) => [cut.slice(0, 4).join(), cut.slice(0, 4)]),
  );
  for (const path of broken.values()) {
    const keys = ['to', 'split'].filter((key) => locator.node([...path, key]) !== undefined);
    if (keys.length === 1) continue;
    const message = keys.length === 0 ? 'the rule says neither to nor split' : 'the rule says both to and split';
    issues.error('one-of', locator.place(path, 'value'), message, 'give exactly one');
    cuts.push(choiceCut(path, locator));
  }
}

/** A rule that says both is looked at as if it had no split; one that says neither is nothing. */
function choiceCut(rule: SourcePath, locator: SourceLocator): SourcePath {
  return locator.node([...rule, 'to']) === undefined ? rule : [...rule, 'split'];
}

/** Is it a key of a section, an entry or a rule itself? Without an unknown one, the rest of it still means the same. */
function isOwnKey(path: SourcePath): boolean {
  return path.length <= (isInRule(path) ? 5 : 3);
}

/** Keys without which a route, a rule or a service is nothing. */
const NEEDED: ReadonlySet<unknown> = new Set(['name', 'service', 'to', 'split', 'versions']);

/** The smallest part around the path that can be left out: a key, else a rule, else an entry of a section, else the section. */
function partOf(path: SourcePath): SourcePath {
  if (isInRule(path) && path.length >= 4) return path.slice(0, path.length >= 5 && !NEEDED.has(path[4]) ? 5 : 4);
  if (!ENTRY_SECTIONS.has(path[0])) return path.slice(0, 1);
  const isKey =
    path.length >= 3 &&
    (path[0] === 'routes'
      ? path[2] === 'split' || !NEEDED.has(path[2])
      : path[0] === 'services' && !NEEDED.has(path[2]));
  return path.slice(0, isKey ? 3 : 2);
}

function isInRule(path: SourcePath): boolean {
  return path[0] === 'routes' && path[2] === 'rules';
}

/** What to leave out, as a tree: an empty map cuts what it stands for. */
type Cuts = Map<string | number, Cuts>;

function withoutParts(source: SourceNode, paths: readonly SourcePath[]): SourceNode {
  const root: Cuts = new Map();
  for (const path of [...paths].sort((one, other) => one.length - other.length)) addCut(root, path);
  return without(source, root);
}

/** Shorter paths come first: what lies inside a part that is cut already adds nothing. */
function addCut(root: Cuts, path: SourcePath): void {
  let cuts = root;
  for (const step of path) {
    const next = cuts.get(step);
    if (next === undefined) {
      const fresh: Cuts = new Map();
      cuts.set(step, fresh);
      cuts = fresh;
    } else if (next.size === 0) {
      return;
    } else {
      cuts = next;
    }
  }
}

function without(node: SourceNode, cuts: Cuts): SourceNode {
  if (node.kind === 'list') return { ...node, items: node.items.flatMap((item, at) => keep(item, cuts.get(at))) };
  if (node.kind !== 'map') return node;
  const entries = node.entries.flatMap((entry) => {
    const cut = cuts.get(entry.key);
    const kept = entry.key === 'when' && cut?.size === 0 ? [someCondition(entry.value)] : keep(entry.value, cut);
    return kept.map((value): MapEntry => ({ ...entry, value }));
  });
  return { ...node, entries };
}

/** Stands where a condition was broken, so that its rule is still looked at: holds for some requests and not for others. */
function someCondition({ file, at }: SourceNode): SourceNode {
  const scalar: SourceNode = { kind: 'scalar', file, at, text: '50', written: '50', isEmpty: false };
  return { kind: 'map', file, at, entries: [{ key: 'percent', keyFile: file, keyAt: at, value: scalar }] };
}

function keep(node: SourceNode, cuts: Cuts | undefined): SourceNode[] {
  if (cuts === undefined) return [node];
  return cuts.size === 0 ? [] : [without(node, cuts)];
}

/** A wrong or missing version was reported; the rest is looked at as if it were there. */
function withVersion(source: SourceNode): SourceNode {
  if (source.kind !== 'map' || source.entries.some((entry) => entry.key === 'version')) return source;
  const value: SourceNode = {
    kind: 'scalar',
    file: source.file,
    at: source.at,
    text: '1',
    written: '1',
    isEmpty: false,
  };
  return { ...source, entries: [...source.entries, { key: 'version', keyFile: source.file, keyAt: source.at, value }] };
}
