import type { Condition, Trial } from './condition.ts';
import type { Truth } from './truth.ts';

/** `all:`. False if one is false, else unread if one is unread, else unknown if one is unknown, else true. */
export function allOf(conditions: readonly Condition[]): Condition {
  return combined('all', conditions, 'false', 'true');
}

/** `any:`. True if one is true, else unread if one is unread, else unknown if one is unknown, else false. */
export function anyOf(conditions: readonly Condition[]): Condition {
  return combined('any', conditions, 'true', 'false');
}

/** `not:`. Unknown stays unknown, so that a broken request slips through no rule by being unreadable. */
export function notOf(condition: Condition): Condition {
  return {
    text: `not(${condition.text})`,
    cost: condition.cost,
    headerNames: condition.headerNames,
    test: (trial) => opposite(condition.test(trial)),
    seen: () => null,
    parts: [condition],
  };
}

/** `decisive` ends the question at the first part that has it; `otherwise` is the answer when all parts are the other way. */
function combined(word: 'all' | 'any', parts: readonly Condition[], decisive: Truth, otherwise: Truth): Condition {
  const only = parts[0];
  if (only !== undefined && parts.length === 1) return only;
  // Array sorting is stable: parts of one cost are tried as written.
  const byCost = parts.toSorted((a, b) => a.cost - b.cost);
  return {
    text: `${word}(${parts.map((part) => part.text).join(', ')})`,
    cost: byCost.at(-1)?.cost ?? 0,
    headerNames: [...new Set(parts.flatMap((part) => part.headerNames))],
    test: (trial) => testParts(byCost, trial, decisive, otherwise),
    seen: () => null,
    parts,
  };
}

function testParts(parts: readonly Condition[], trial: Trial, decisive: Truth, otherwise: Truth): Truth {
  let result = otherwise;
  for (let i = 0; i < parts.length; i++) {
    const truth = (parts[i] as Condition).test(trial);
    if (truth === decisive) return decisive;
    // Unread outranks unknown: the body may still hold the decisive answer.
    if (truth === 'unread' || (truth === 'unknown' && result !== 'unread')) result = truth;
  }
  return result;
}

function opposite(truth: Truth): Truth {
  if (truth === 'true') return 'false';
  return truth === 'false' ? 'true' : truth;
}
