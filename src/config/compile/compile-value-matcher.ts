import {
  containing,
  endsWith,
  exactly,
  inList,
  matchingRegex,
  negated,
  oneOf,
  present,
  startsWith,
  type ValueMatcher,
} from '../../core/matching/value-matcher.ts';
import type { CompiledRegex } from '../../core/ports.ts';
import type { ValueMatcherConfig } from '../model.ts';
import type { CompileContext } from './compile-context.ts';
import { listName } from './list-cache.ts';

/** The case of the values tested, so that of what comes from a list file too. */
export type LetterCase = 'as-written' | 'lower-case' | 'upper-case';

export function compileValueMatcher(
  config: ValueMatcherConfig,
  context: CompileContext,
  letters: LetterCase = 'as-written',
): ValueMatcher {
  switch (config.kind) {
    case 'exact':
      return exactly(config.value);
    case 'prefix':
      return startsWith(config.value);
    case 'suffix':
      return endsWith(config.value);
    case 'contains':
      return containing(config.value);
    case 'regex':
      return matchingRegex(config.value, patternOf(config.value, context));
    case 'in':
      return config.values.length === 1 ? exactly(config.values[0]!) : oneOf(config.values);
    case 'in-file':
      return listMatcher(config.file, context, letters);
    case 'present':
      return present(config.present);
    case 'not':
      return negated(compileValueMatcher(config.of, context, letters));
  }
}

function patternOf(pattern: string, { patterns, regex }: CompileContext): CompiledRegex {
  const known = patterns.get(pattern);
  if (known !== undefined) return known;
  const compiled = regex.compile(pattern);
  if ('error' in compiled)
    throw new Error(`the pattern ${pattern} passed the check and yet is refused: ${compiled.error}`);
  patterns.set(pattern, compiled);
  return compiled;
}

function listMatcher(
  file: string,
  { lists, listMatchers, listCache }: CompileContext,
  letters: LetterCase,
): ValueMatcher {
  const key = listName(file, letters);
  const known = listMatchers.get(key);
  if (known !== undefined) return known;
  const text = Object.hasOwn(lists, file) ? lists[file] : undefined;
  if (text === undefined) throw new Error(`the list ${file} was not handed in`);
  const matcher = inList(listCache.list(key, inCase(text, letters)), `list ${file}`);
  listMatchers.set(key, matcher);
  return matcher;
}

function inCase(text: string, letters: LetterCase): string {
  if (letters === 'as-written') return text;
  return letters === 'lower-case' ? text.toLowerCase() : text.toUpperCase();
}
