import { didYouMean } from '../did-you-mean.ts';
import type { MapEntry, ScalarNode, SourceNode } from '../source/source-node.ts';
import { valueUnder } from '../source/source-node.ts';
import type { CheckContext } from './check-context.ts';
import { commonSpelling, methodCaseMessage } from './check-methods.ts';
import { checkPlacePart, PlaceKnowledge } from './check-places.ts';

/**
 * What conditions name beyond themselves: patterns, list files, switches. Walks them as they are written, because that is
 * where the places are, and so that a broken part of a rule hides nothing in another.
 */
export function checkConditions(context: CheckContext): void {
  const walk = new ConditionWalk(context);
  const routes = valueUnder(context.input.whole, 'routes');
  if (routes?.kind !== 'list') return;
  for (const route of routes.items) {
    walk.condition(valueUnder(route, 'match'), true);
    const rules = valueUnder(route, 'rules');
    if (rules?.kind !== 'list') continue;
    for (const rule of rules.items) walk.condition(valueUnder(rule, 'when'), false);
  }
}

class ConditionWalk {
  readonly #context: CheckContext;
  /** Why a pattern is refused; null: it is fine. Many rules share few patterns. */
  readonly #patterns = new Map<string, string | null>();
  readonly #files = new Map<string, string | null>();
  readonly #places: PlaceKnowledge;

  constructor(context: CheckContext) {
    this.#context = context;
    this.#places = new PlaceKnowledge(context);
  }

  condition(node: SourceNode | undefined, isMatch: boolean): void {
    if (node?.kind !== 'map') return;
    for (const { key, value } of node.entries) {
      switch (key) {
        case 'all':
        case 'any':
          for (const part of value.kind === 'list' ? value.items : []) this.condition(part, isMatch);
          break;
        case 'not':
          this.condition(value, isMatch);
          break;
        case 'header':
        case 'cookie':
        case 'query':
          for (const named of value.kind === 'map' ? value.entries : []) this.#matcher(named.value, key);
          break;
        case 'method':
        case 'host':
        case 'path':
          this.#matcher(value, key);
          break;
        case 'body':
          this.#matcher(value, key);
          break;
        case 'geo':
          for (const part of value.kind === 'map' ? value.entries : []) this.#place(part);
          break;
        case 'switch':
          for (const name of textsOf(value)) this.#switch(name);
          break;
        case 'percent':
          if (isMatch) this.#percentInMatch(value);
      }
    }
  }

  #place(part: MapEntry): void {
    checkPlacePart(this.#context, this.#places, part);
    this.#matcher(part.value, 'geo');
  }

  #matcher(node: SourceNode, subject: string): void {
    if (node.kind !== 'map') {
      for (const text of textsOf(node)) this.#text(text, subject);
      return;
    }
    for (const { key, value } of node.entries) {
      if (key === 'not') this.#matcher(value, subject);
      else if (key === 'regex' && value.kind === 'scalar') this.#regex(value);
      else if (key === 'in' && value.kind === 'map') this.#list(valueUnder(value, 'file'));
      else if (key !== 'present') for (const text of textsOf(value)) this.#text(text, subject);
    }
  }

  #text(node: ScalarNode, subject: string): void {
    const { issues } = this.#context.input;
    if (subject === 'method') {
      const common = commonSpelling(node.text);
      if (common !== null) issues.warning('method-case', node, methodCaseMessage(node.text), `write ${common}`);
    } else if (subject === 'path' && /[^\u0000-\u007f]/.test(node.text)) {
      issues.warning(
        'path-not-ascii',
        node,
        `paths travel percent-encoded, so "${node.text}" hardly ever matches`,
        `write ${encodeURI(node.text.toWellFormed())}`,
      );
    }
  }

  #regex(node: ScalarNode): void {
    const { issues, regex } = this.#context.input;
    let refused = this.#patterns.get(node.text);
    if (refused === undefined) {
      const compiled = regex.compile(node.text);
      refused = 'error' in compiled ? compiled.error : null;
      this.#patterns.set(node.text, refused);
    }
    if (refused !== null)
      issues.error(
        'bad-regex',
        node,
        `bad pattern: ${refused}`,
        'patterns are RE2: no look-around, no back references',
      );
  }

  #list(node: SourceNode | undefined): void {
    if (node?.kind !== 'scalar') return;
    const { issues, lists, watched } = this.#context.input;
    const path = node.text;
    watched.add(path);
    let refused = this.#files.get(path);
    if (refused === undefined) {
      const text = this.#context.input.readFile(path);
      refused = typeof text === 'string' ? null : text.error;
      if (typeof text === 'string') lists.set(path, text);
      this.#files.set(path, refused);
    }
    if (refused !== null) issues.error('list-unreadable', node, `cannot read the list ${path}: ${refused}`);
  }

  #switch(node: ScalarNode): void {
    const { declaredSwitches, input } = this.#context;
    if (declaredSwitches.has(node.text)) return;
    const hint = didYouMean(node.text, declaredSwitches) ?? `add it under switches: ${node.text}: off`;
    input.issues.error('dangling-switch', node, `there is no switch "${node.text}"`, hint);
  }

  #percentInMatch(node: SourceNode): void {
    const message = 'a percentage cannot decide which route a request takes';
    this.#context.input.issues.error('percent-in-match', node, message, 'put it into the when of a rule');
  }
}

/** The texts of a scalar or of a list of them. */
function textsOf(node: SourceNode): ScalarNode[] {
  if (node.kind === 'scalar') return [node];
  return node.kind === 'list' ? node.items.filter((item) => item.kind === 'scalar') : [];
}
