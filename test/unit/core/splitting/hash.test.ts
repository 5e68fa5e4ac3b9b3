import fc from 'fast-check';
import murmurhash from 'murmurhash';
import { describe, expect, test } from 'vitest';
import { toByteString } from '../../../../src/core/byte-string.ts';
import { hash, PrefixHash, stickyPrefix, unit } from '../../../../src/core/splitting/hash.ts';

const bytes = fc.string({ unit: fc.nat(255).map((code) => String.fromCharCode(code)), maxLength: 40 });

describe('PrefixHash', () => {
  test('is murmur3 of the prefix and the key, whatever the bytes and lengths', () => {
    fc.assert(
      fc.property(bytes, bytes, (prefix, key) => {
        expect(new PrefixHash(prefix).of(key)).toBe(murmurhash.v3(Buffer.from(prefix + key, 'latin1'), 0));
      }),
      { numRuns: 5000 },
    );
  });

  test('is murmur3 of the UTF-8 of a text, which is what the package hashes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (prefix, key) => {
        expect(new PrefixHash(toByteString(prefix)).of(toByteString(key))).toBe(murmurhash(prefix + key, 0));
      }),
    );
  });

  test('every alignment of prefix and key', () => {
    for (let prefix = 0; prefix <= 9; prefix++) {
      for (let key = 0; key <= 9; key++) {
        const [a, b] = ['\xfe'.repeat(prefix), '\x81'.repeat(key)];
        expect(new PrefixHash(a).of(b), `${prefix}+${key}`).toBe(hash(a + b));
      }
    }
  });

  test('a word is its four bytes, little end first', () => {
    fc.assert(
      fc.property(bytes, fc.nat(0xffffffff), (prefix, word) => {
        const key = String.fromCharCode(word & 255, (word >>> 8) & 255, (word >>> 16) & 255, word >>> 24);
        expect(new PrefixHash(prefix).ofWord(word)).toBe(hash(prefix + key));
      }),
    );
  });
});

describe('hash', () => {
  // From the verification values that are published with MurmurHash3_x86_32.
  test.each([
    ['', 0],
    ['test', 0xba6bd213],
    ['Hello, world!', 0xc0363e43],
    ['The quick brown fox jumps over the lazy dog', 0x2e4ff723],
  ])('of %j', (text, expected) => {
    expect(hash(text)).toBe(expected);
  });

  test('the prefix is the UTF-8 of salt:purpose:name:', () => {
    expect(stickyPrefix('盐', 'split', 'v1')).toBe(Buffer.from('盐:split:v1:').toString('latin1'));
  });

  test('a unit lies strictly between 0 and 1', () => {
    expect(unit(0)).toBeGreaterThan(0);
    expect(unit(0xffffffff)).toBeLessThan(1);
    expect(Math.log(unit(0xffffffff))).toBeLessThan(0);
  });
});
