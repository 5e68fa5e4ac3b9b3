import { z } from 'zod';
import type { BodyEntry, BodySource, BodyStep } from '../../core/body/body-source.ts';
import { parsePointer } from '../../core/body/json-pointer.ts';
import type { ConditionConfig, StickyConfig } from '../model.ts';
import { aesStep } from './aes.ts';
import { problem } from './problem.ts';
import { oneWord, scalar, text } from './scalars.ts';
import { oneOrMore, onlyKey, refuse, refuseShape, section } from './shape.ts';
import { matcherKeys, oneMatcher } from './value-matcher.ts';

const jsonPointer = scalar({ type: 'string', pattern: '^(/|$)' }, (written) => {
  if (parsePointer(written) !== null) return { value: written };
  const hint = written.startsWith('/') ? '~ is written ~0, / within a name ~1' : `write /${written}`;
  return { refused: problem('bad-pointer', `"${written}" is not a JSON pointer`, hint) };
});

const entryKeys = {
  pointer: jsonPointer.optional().describe('A JSON pointer (RFC 6901) into a JSON body.'),
  field: text.optional().describe('The first field of this name in a form.'),
};

const entryMap = section('by', entryKeys)
  .transform((given, context) => entryOf(given, context, 'by'))
  .meta({ id: 'bodyEntry' });

const word = oneWord(['base64', 'base64url', 'urldecode', 'json']).transform((kind): BodyStep => ({ kind }));

const stepMap = section('a decoding step', {
  ...entryKeys,
  'aes-128-cbc': aesStep(128, entryMap).optional().describe('Opens what was sealed with AES-128 in CBC mode.'),
  'aes-256-cbc': aesStep(256, entryMap).optional().describe('Opens what was sealed with AES-256 in CBC mode.'),
}).transform((given, context): BodyStep => {
  const kind = onlyKey<keyof typeof given>(given, context, 'a decoding step');
  if (kind === null) return z.NEVER;
  if (kind === 'pointer') return { kind, pointer: given.pointer! };
  return kind === 'field' ? { kind, name: given.field! } : given[kind]!;
});

const decode = oneOrMore(z.union([word, stepMap]))
  .transform(checkedSteps)
  .meta({ id: 'decode' });

const sourceKeys = {
  ...entryKeys,
  decode: decode.optional().describe('What to do with the value found, step by step.'),
};

/** `body:` in a `when`: where a value lies, and what it must be. */
export const bodyCondition = section('body', { ...sourceKeys, ...matcherKeys })
  .transform(({ pointer, field, decode: steps, ...matcher }, context): ConditionConfig => {
    const source = sourceOf({ pointer, field }, steps, context);
    if (Object.values(matcher).every((value) => value === undefined)) {
      return refuseShape(
        context,
        problem('one-of', 'body does not say what the value must be', 'add in, exact, present, ...'),
      );
    }
    return { kind: 'body', source, value: oneMatcher(matcher, context, 'what the value must be') };
  })
  .meta({ id: 'body' });

/** `body:` as a sticky key. */
export const bodyKey = section('body', sourceKeys)
  .transform(
    ({ pointer, field, decode: steps }, context): StickyConfig => ({
      kind: 'body',
      source: sourceOf({ pointer, field }, steps, context),
    }),
  )
  .meta({ id: 'bodyKey' });

interface GivenEntry {
  readonly pointer?: string | undefined;
  readonly field?: string | undefined;
}

function sourceOf(given: GivenEntry, steps: readonly BodyStep[] | undefined, context: z.RefinementCtx): BodySource {
  return [entryOf(given, context, 'body'), ...(steps ?? [])];
}

function entryOf({ pointer, field }: GivenEntry, context: z.RefinementCtx, what: string): BodyEntry {
  if (pointer !== undefined && field === undefined) return { kind: 'pointer', pointer };
  if (field !== undefined && pointer === undefined) return { kind: 'field', name: field };
  const message =
    pointer === undefined ? `${what} has neither pointer nor field` : `${what} has both pointer and field`;
  return refuseShape(context, problem('one-of', message, 'pointer reads JSON, field reads forms'));
}

/** `json` makes a document, of which only `pointer` can take a part. */
function checkedSteps(steps: readonly BodyStep[], context: z.RefinementCtx): readonly BodyStep[] {
  for (const [at, step] of steps.entries()) {
    const next = steps[at + 1];
    if (step.kind !== 'json' || next === undefined || next.kind === 'pointer') continue;
    refuse(
      context,
      problem('bad-decode', 'after json only a pointer can follow', 'write { pointer: /... } after json'),
      [at + 1],
    );
  }
  return steps;
}
