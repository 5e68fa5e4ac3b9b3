import { z } from 'zod';
import { decodeBase64 } from '../../core/body/base64.ts';
import type { BodyEntry, BodySecret, BodyStep } from '../../core/body/body-source.ts';
import { problem } from './problem.ts';
import { scalar, text } from './scalars.ts';
import { mapOf, type NamedEntry, onlyKey, refuse, refuseShape, section } from './shape.ts';

const encoder = new TextEncoder();
const IV_BYTES = 16;

const hexText = scalar({ type: 'string' }, (written) => {
  if (/^(?:[0-9A-Fa-f]{2})+$/.test(written)) return { value: written.toLowerCase() };
  return { refused: problem('bad-key', 'the key is not hexadecimal') };
});

const base64Text = scalar({ type: 'string' }, (written) => {
  const bytes = decodeBase64(encoder.encode(written), 'base64');
  return bytes === null ? { refused: problem('bad-key', 'the key is not base64') } : { value: toHex(bytes) };
});

/** The bytes themselves, as hexadecimal digits: a text is its UTF-8. */
const secretBytes = z
  .union([
    text.transform((written) => toHex(encoder.encode(written))),
    section('a key', {
      hex: hexText.optional().describe('The bytes in hexadecimal digits.'),
      base64: base64Text.optional().describe('The bytes in base64.'),
    }).transform((given, context): string => {
      const kind = onlyKey<keyof typeof given>(given, context, 'a key');
      return kind === null ? z.NEVER : given[kind]!;
    }),
  ])
  .meta({ id: 'keyBytes' });

/** `aes-128-cbc`, `aes-256-cbc`: a key and a vector, or several of which another value of the body chooses. */
export function aesStep(keyBits: 128 | 256, entry: z.ZodType<BodyEntry>) {
  const name = `aes-${keyBits}-cbc`;
  const key = secret(`the key of ${name}`, keyBits / 8, entry);
  const iv = secret(`the iv of ${name}`, IV_BYTES, entry);
  const pair = section('a partner', {
    key: sized(`the key of ${name}`, keyBits / 8).describe('The key.'),
    iv: sized(`the iv of ${name}`, IV_BYTES).describe('The initialization vector.'),
  });
  return section(name, {
    key: key.optional().describe('The key: a text, { hex }, { base64 }, or { by, keys }.'),
    iv: iv.optional().describe('The initialization vector, written as a key is.'),
    by: entry.optional().describe('The value that chooses key and iv together.'),
    keys: mapOf(pair).optional().describe('Value of `by`: its key and iv.'),
  }).transform((given, context): BodyStep => {
    if (given.by !== undefined && given.keys !== undefined && given.key === undefined && given.iv === undefined) {
      const { by, keys } = given;
      return { kind: 'aes-cbc', keyBits, key: chosenBy(by, keys, 'key'), iv: chosenBy(by, keys, 'iv') };
    }
    if (given.key !== undefined && given.iv !== undefined && given.by === undefined && given.keys === undefined) {
      return { kind: 'aes-cbc', keyBits, key: given.key, iv: given.iv };
    }
    return refuseShape(context, problem('one-of', `${name} needs key and iv, or by and keys`));
  });
}

function chosenBy(
  by: BodyEntry,
  keys: readonly NamedEntry<{ readonly key: string; readonly iv: string }>[],
  part: 'key' | 'iv',
): BodySecret {
  return { kind: 'by', by, secrets: keys.map(({ name, value }) => ({ name, hex: value[part] })) };
}

function secret(what: string, bytes: number, entry: z.ZodType<BodyEntry>): z.ZodType<BodySecret> {
  const one = sized(what, bytes);
  const several = section('a key', {
    hex: hexText.optional().describe('The bytes in hexadecimal digits.'),
    base64: base64Text.optional().describe('The bytes in base64.'),
    by: entry.optional().describe('The value that chooses among the keys.'),
    keys: mapOf(one).optional().describe('Value of `by`: its key.'),
  }).transform((given, context): BodySecret => {
    const { hex, base64, by, keys } = given;
    const single = hex ?? base64;
    if (single !== undefined && (hex === undefined || base64 === undefined) && by === undefined && keys === undefined) {
      return { kind: 'one', hex: checkedLength(single, what, bytes, context) };
    }
    if (by !== undefined && keys !== undefined && single === undefined) {
      return { kind: 'by', by, secrets: keys.map(({ name, value }) => ({ name, hex: value })) };
    }
    return refuseShape(context, problem('one-of', `${what} is given as a text, hex, base64, or by and keys`));
  });
  const plain = text.transform(
    (written, context): BodySecret => ({
      kind: 'one',
      hex: checkedLength(toHex(encoder.encode(written)), what, bytes, context),
    }),
  );
  return z.union([plain, several]);
}

function sized(what: string, bytes: number) {
  return secretBytes.transform((hex, context) => checkedLength(hex, what, bytes, context));
}

function checkedLength(hex: string, what: string, bytes: number, context: z.RefinementCtx): string {
  if (hex.length === bytes * 2) return hex;
  return refuse(context, problem('bad-key', `${what} has ${hex.length / 2} bytes, not ${bytes}`));
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
