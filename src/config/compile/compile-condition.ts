import { bodyCondition } from '../../core/matching/body.ts';
import { CidrSet } from '../../core/matching/cidr.ts';
import { clientCondition } from '../../core/matching/client.ts';
import { allOf, anyOf, notOf } from '../../core/matching/combine.ts';
import type { Condition } from '../../core/matching/condition.ts';
import { cookieCondition } from '../../core/matching/cookie.ts';
import { headerCondition } from '../../core/matching/header.ts';
import { hostCondition } from '../../core/matching/host.ts';
import { methodCondition } from '../../core/matching/method.ts';
import { pathCondition, pathPrefixCondition } from '../../core/matching/path.ts';
import { percentCondition } from '../../core/matching/percent.ts';
import { placeCondition } from '../../core/matching/place.ts';
import { queryCondition } from '../../core/matching/query.ts';
import { switchCondition } from '../../core/matching/switch.ts';
import { timeCondition } from '../../core/matching/time.ts';
import { ZoneClock } from '../../core/time/zone-clock.ts';
import type { ConditionConfig, PathMatcherConfig, ValueMatcherConfig } from '../model.ts';
import type { CompileContext } from './compile-context.ts';
import { compileValueMatcher } from './compile-value-matcher.ts';

/** Longer lists are seldom written twice. */
const SHARED_VALUES = 8;

/** Where a condition stands; a percentage hashes with both, so that rules draw independently. */
export interface ConditionPlace {
  readonly salt: string;
  readonly ruleName: string;
  /** The route's maxMatchBody. */
  readonly maxBodyBytes: number;
}

export function compileCondition(config: ConditionConfig, place: ConditionPlace, context: CompileContext): Condition {
  switch (config.kind) {
    case 'all':
      return allOf(config.of.map((part) => compileCondition(part, place, context)));
    case 'any':
      return anyOf(config.of.map((part) => compileCondition(part, place, context)));
    case 'not':
      return notOf(compileCondition(config.of, place, context));
    case 'path':
      return compilePath(config.match, context);
    case 'client':
      return clientCondition(CidrSet.of(config.cidrs));
    case 'switch':
      return switchCondition(config.name, context.switches.get(config.name) ?? false);
    case 'body': {
      const reader = context.bodies.reader(config.source);
      const matcher = compileValueMatcher(config.value, context);
      return bodyCondition({ reader, matcher, maxBytes: place.maxBodyBytes });
    }
    case 'place': {
      const letters = config.part === 'city' ? 'lower-case' : 'upper-case';
      return placeCondition(config.part, compileValueMatcher(config.value, context, letters), context.places());
    }
    case 'time':
      return timeCondition(config.window, clockOf(config.zone, context), config.text);
    case 'percent':
      return percentCondition({ percent: config.percent, salt: place.salt, ruleName: place.ruleName });
    default:
      return sharedCondition(config, context);
  }
}

function clockOf(zone: string, { clocks }: CompileContext): ZoneClock {
  const known = clocks.get(zone);
  if (known !== undefined) return known;
  const clock = new ZoneClock(zone);
  clocks.set(zone, clock);
  return clock;
}

type NamedCondition = Extract<ConditionConfig, { match: ValueMatcherConfig }>;

function sharedCondition(config: NamedCondition, context: CompileContext): Condition {
  const key = plainKey(config);
  if (key === null) return valueCondition(config, context);
  let condition = context.plainConditions.get(key);
  if (condition === undefined) {
    condition = valueCondition(config, context);
    context.plainConditions.set(key, condition);
  }
  return condition;
}

/** The same for conditions that say the same; null for those that are not worth comparing. */
function plainKey(config: NamedCondition): string | null {
  const { match } = config;
  // Lengths keep `a` = `b = c` apart from `a = b` = `c`.
  const subject = 'name' in config ? `${config.kind} ${config.name.length} ${config.name}` : config.kind;
  if (match.kind === 'exact') return `${subject} = ${match.value}`;
  if (match.kind !== 'in' || match.values.length > SHARED_VALUES) return null;
  return `${subject} in ${JSON.stringify(match.values)}`;
}

function valueCondition(config: NamedCondition, context: CompileContext): Condition {
  switch (config.kind) {
    case 'method':
      return methodCondition(compileValueMatcher(config.match, context));
    case 'host':
      return hostCondition(compileValueMatcher(config.match, context, 'lower-case'));
    case 'header':
      return headerCondition(config.name, compileValueMatcher(config.match, context));
    case 'cookie':
      return cookieCondition(config.name, compileValueMatcher(config.match, context));
    case 'query':
      return queryCondition(config.name, compileValueMatcher(config.match, context));
  }
}

export function compilePath(match: PathMatcherConfig, context: CompileContext): Condition {
  if (match.kind === 'path-prefix') return pathPrefixCondition(match.value);
  return pathCondition(compileValueMatcher(match.match, context));
}
