import { z } from 'zod';
import { didYouMean } from '../did-you-mean.ts';
import { asMessage, type Problem, problem } from './problem.ts';
import { refuse } from './shape.ts';

/** Either the value read, or why it cannot be. */
export type Reading<Value> = { readonly value: Value } | { readonly refused: Problem };

/** A scalar that is read from the text in the file; `editor` is its JSON Schema, for editors that know YAML's own types. */
export function scalar<Value>(editor: Readonly<Record<string, unknown>>, read: (text: string) => Reading<Value>) {
  return z
    .string()
    .transform((text, context): Value => {
      const reading = read(text);
      return 'value' in reading ? reading.value : refuse(context, reading.refused);
    })
    .meta(editor);
}

/** The text as written: `1.10` is not `1.1`, `off` is a word. */
export const text = z.string().meta({ type: ['string', 'number', 'boolean'] });

/** A text with something in it. */
export const filledText = scalar({ type: ['string', 'number', 'boolean'] }, (written) =>
  written === '' ? { refused: problem('bad-value', 'the text is empty') } : { value: written },
);

/** One of a few words. */
export function oneWord<const Words extends readonly [string, ...string[]]>(words: Words) {
  return z.enum(words, {
    error: ({ input }) => {
      if (typeof input !== 'string') return undefined;
      return asMessage(problem('bad-value', `"${input}" is not one of ${words.join(', ')}`, didYouMean(input, words)));
    },
  });
}

export const flag = scalar({ type: 'boolean' }, (written) => {
  if (written === 'true' || written === 'false') return { value: written === 'true' };
  return { refused: problem('bad-value', `"${written}" is neither true nor false`) };
});

export const onOrOff = scalar({ enum: ['on', 'off', true, false] }, (written) => {
  if (written === 'on' || written === 'true') return { value: true };
  if (written === 'off' || written === 'false') return { value: false };
  return { refused: problem('bad-value', `"${written}" is neither on nor off`) };
});

const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

function decimal(written: string): number {
  return DECIMAL.test(written) ? Number(written) : Number.NaN;
}

export function wholeNumber(least: number, most: number = Number.MAX_SAFE_INTEGER) {
  const range = most === Number.MAX_SAFE_INTEGER ? { minimum: least } : { minimum: least, maximum: most };
  return scalar({ type: 'integer', ...range }, (written) => {
    const value = /^\d{1,16}$/.test(written) ? Number(written) : Number.NaN;
    if (value >= least && value <= most) return { value };
    const bounds = most === Number.MAX_SAFE_INTEGER ? `${least} or more` : `${least} to ${most}`;
    return { refused: problem('bad-number', `"${written}" is not a whole number, ${bounds}`) };
  });
}

/** A relative weight: fractions are fine, 0 means nobody. */
export const weight = scalar({ type: 'number', minimum: 0 }, (written) => {
  const value = decimal(written);
  // Beyond this the sum of some weights would no longer be a finite number.
  if (value >= 0 && value <= 1e100) return { value: value === 0 ? 0 : value };
  return { refused: problem('bad-weight', `"${written}" is not a weight`, 'weights are numbers, 0 or more') };
});

/** `20`, `0.5`, `10%`. */
export const percent = scalar(
  {
    anyOf: [
      { type: 'number', minimum: 0, maximum: 100 },
      { type: 'string', pattern: '^\\d+(\\.\\d+)?%$' },
    ],
  },
  (written) => {
    const value = decimal(written.endsWith('%') ? written.slice(0, -1) : written);
    if (value >= 0 && value <= 100) return { value: value === 0 ? 0 : value };
    return { refused: problem('bad-percent', `"${written}" is not a percentage from 0 to 100`) };
  },
);

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
/** The longest that a timer can run. */
const MAX_DURATION_MS = 2 ** 31 - 1;

/** `250ms`, `10s`, `5m`, `1h`, read as milliseconds. */
export function durationMs(leastMs: 0 | 1 = 1) {
  return scalar({ type: 'string', pattern: '^\\d+(\\.\\d+)?(ms|s|m|h)$' }, (written) => {
    const match = /^(\d{1,12}(?:\.\d{1,6})?)(ms|s|m|h)$/.exec(written);
    if (match === null)
      return { refused: problem('bad-duration', `"${written}" is not a duration`, 'write 250ms, 10s, 5m or 1h') };
    const value = Math.round(Number(match[1]) * UNIT_MS[match[2]!]!);
    if (value >= leastMs && value <= MAX_DURATION_MS) return { value };
    return {
      refused: problem(
        'bad-duration',
        `${written} is too ${value < leastMs ? 'short' : 'long'}`,
        value < leastMs ? 'at least 1ms' : 'at most 24 days',
      ),
    };
  });
}

const UNIT_BYTES: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
};

/** `512B`, `64KiB`, `1MiB`, `1kB`, `1MB`, `1GiB`, read as bytes. */
export function sizeBytes(leastBytes = 1) {
  return scalar({ type: 'string', pattern: '^\\d+(\\.\\d+)?(B|kB|MB|GB|KiB|MiB|GiB)$' }, (written) => {
    const match = /^(\d{1,15}(?:\.\d{1,6})?)(B|kB|MB|GB|KiB|MiB|GiB)$/.exec(written);
    if (match === null)
      return { refused: problem('bad-size', `"${written}" is not a size`, 'write 512B, 64KiB, 1MiB, 1kB or 1MB') };
    const value = Math.round(Number(match[1]) * UNIT_BYTES[match[2]!]!);
    if (value >= leastBytes && value <= Number.MAX_SAFE_INTEGER) return { value };
    return {
      refused: problem(
        'bad-size',
        `${written} is too ${value < leastBytes ? 'small' : 'large'}`,
        value < leastBytes ? `at least ${leastBytes}B` : null,
      ),
    };
  });
}
