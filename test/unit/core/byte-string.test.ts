import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromByteString, percentDecode, toByteString, toBytes } from '../../../src/core/byte-string.ts';

describe('byte strings', () => {
  test('a text and its UTF-8 bytes are each other', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const bytes = toByteString(text);
        expect(bytes).toBe(Buffer.from(text, 'utf8').toString('latin1'));
        expect(fromByteString(bytes)).toBe(Buffer.from(text, 'utf8').toString('utf8'));
      }),
    );
  });

  test('a byte order mark is kept and bytes that are not UTF-8 show as U+FFFD', () => {
    expect(fromByteString(toByteString('\ufeffa'))).toBe('\ufeffa');
    expect(fromByteString('\xff')).toBe('\ufffd');
  });

  test('a long text survives', () => {
    const text = '桩'.repeat(100_000);
    expect(fromByteString(toByteString(text))).toBe(text);
    expect(toBytes(toByteString(text)).length).toBe(300_000);
  });
});

describe('percentDecode', () => {
  test.each([
    ['plain', 'plain'],
    ['', ''],
    ['%41%62c', 'Abc'],
    ['%e6%A1%a9', toByteString('桩')],
    ['%', '%'],
    ['a%4', 'a%4'],
    ['%zz%41', '%zzA'],
    ['%%41', '%A'],
    ['%2541', '%41'],
    ['a+b', 'a+b'],
    ['%00', '\0'],
  ])('%j becomes %j, once', (sent, decoded) => {
    expect(percentDecode(sent, false)).toBe(decoded);
  });

  test('plus is a space where asked for, and an escaped plus is a plus', () => {
    expect(percentDecode('a+b%2Bc', true)).toBe('a b+c');
  });

  test('what was encoded comes back', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(percentDecode(encodeURIComponent(text), true)).toBe(toByteString(text));
      }),
    );
  });
});
