import { z } from 'zod';
import { didYouMean } from '../did-you-mean.ts';
import { writtenKey } from '../source/plain.ts';
import { asMessage, CONSEQUENCE, type Problem, problem } from './problem.ts';

/** A map with known keys. Any other key is an error that says what was probably meant. */
export function section<Shape extends z.ZodRawShape>(what: string, shape: Shape, later: readonly string[] = []) {
  const known = Object.keys(shape);
  return z.strictObject(shape, {
    error: (issue) => {
      if (issue.code !== 'unrecognized_keys') return undefined;
      return asMessage(...(issue.keys as string[]).map((key) => unknownKey(what, writtenKey(key), known, later)));
    },
  });
}

function unknownKey(what: string, key: string, known: readonly string[], later: readonly string[]): Problem {
  if (later.includes(key)) {
    return {
      ...problem('not-supported-yet', `${key} of ${what} is not supported by this version yet`),
      part: 'key',
      key,
    };
  }
  const hint = didYouMean(key, [...known, ...later]) ?? `known here: ${known.join(', ')}`;
  return { ...problem('unknown-key', `${what} has no key "${key}"`, hint), part: 'key', key };
}

export interface NamedEntry<Value> {
  readonly name: string;
  readonly value: Value;
}

/** A map whose keys are names of the user's: its entries in file order. `refuse` says what is wrong with a name, if anything. */
export function mapOf<Value>(value: z.ZodType<Value>, refusedName: (name: string) => Problem | null = () => null) {
  return z.record(z.string(), value).transform((record, context): NamedEntry<Value>[] =>
    Object.keys(record).map((key) => {
      const name = writtenKey(key);
      const refused = refusedName(name);
      if (refused !== null) refuse(context, { ...refused, part: 'key' }, [key]);
      return { name, value: record[key] as Value };
    }),
  );
}

/** A list that may be written without its brackets when it has one entry. */
export function oneOrMore<Value>(value: z.ZodType<Value>) {
  return z
    .union([value, listOf(value)])
    .transform((given): readonly Value[] => (Array.isArray(given) ? given : [given as Value]));
}

/** A list with at least one entry. */
export function listOf<Value>(value: z.ZodType<Value>) {
  return z.array(value).min(1, { error: asMessage(problem('empty-list', 'the list is empty')) });
}

/** The single key of `given` that has a value; otherwise refuses the whole map. */
export function onlyKey<Key extends string>(
  given: Readonly<Partial<Record<Key, unknown>>>,
  context: z.RefinementCtx,
  what: string,
): Key | null {
  const present = (Object.keys(given) as Key[]).filter((key) => given[key] !== undefined);
  const [only] = present;
  if (only !== undefined && present.length === 1) return only;
  const message = only === undefined ? `${what} is empty` : `${what} has several of: ${present.join(', ')}`;
  refuseShape(context, problem('one-of', message, 'give exactly one'));
  return null;
}

/** Refuses the value under hand, from within a transform. */
export function refuse(context: z.RefinementCtx, why: Problem, path: (string | number)[] = []): never {
  context.addIssue({ code: 'custom', message: asMessage(why), path });
  return z.NEVER;
}

/** Refuses a map for which keys it has, or lacks. Where one of them is unknown, that is what is wrong and said already. */
export function refuseShape(context: z.RefinementCtx, why: Problem): never {
  if (context.issues.length === 0) return refuse(context, why);
  context.addIssue({ code: 'custom', message: CONSEQUENCE });
  return z.NEVER;
}
