import type { Explanation, Tried, TriedCondition } from '../core/explain.ts';
import { columns } from './table.ts';

/** An explanation as a person reads it: the answer first, then what was tried, in order. */
export function explanationText(explanation: Explanation): string {
  const { tried, triedLeftOut } = explanation;
  const leftOut = triedLeftOut > 0 ? `  (${triedLeftOut} routes before these are left out)\n` : '';
  const attempts = tried.map(triedText).join('');
  return `${columns(factsOf(explanation))}${tried.length === 0 ? '' : `tried\n${leftOut}${attempts}`}`;
}

function factsOf({ route, rule, version, intended, reason, key, mirrors }: Explanation): string[][] {
  if (route === null) return [['version', 'none: no route matches (the answer is 404)']];
  const facts = [
    [
      'version',
      version === intended ? `${version}` : `${version} (fallback: ${intended} was meant and has no usable endpoint)`,
    ],
    ['reason', reason],
    ['route', route],
    ['rule', rule ?? '-'],
  ];
  if (key !== null) {
    const joins = key.joinsAt === null ? '' : `, on the candidate's side from a share of ${key.joinsAt.toFixed(2)} %`;
    facts.push(['key', `${key.source}${joins}`]);
  }
  if (mirrors.length > 0) facts.push(['mirrors', mirrors.join(', ')]);
  return facts;
}

function triedText({ route, rule, result, conditions }: Tried): string {
  const name = rule === null ? `route ${route}` : `rule ${route}/${rule}`;
  const rows = conditions.filter(({ condition }) => condition !== 'all()').map(conditionRow);
  return `  ${name}: ${result}\n${columns(rows, '    ')}`;
}

/** Combined conditions look at nothing themselves; their parts follow in rows of their own. */
function conditionRow({ condition, value, result, unknown }: TriedCondition): string[] {
  return [`${result}`, condition, seenText(condition, value, unknown ?? [])];
}

function seenText(condition: string, value: string | null, unknown: readonly string[]): string {
  if (value !== null) return JSON.stringify(value);
  if (unknown.length > 0) return `(${unknown.join(', ')})`;
  return /^(?:all|any|not)\(/.test(condition) ? '' : '(absent)';
}
