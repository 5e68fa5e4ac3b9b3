import { createCipheriv, randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { aesCbc } from '../../../src/adapters/aes-cbc.ts';

test.each([16, 32])('opens what was sealed with a key of %i bytes, of any length', (keyBytes) => {
  const key = randomBytes(keyBytes);
  const iv = randomBytes(16);
  for (const length of [0, 1, 15, 16, 17, 1000]) {
    const text = randomBytes(length);
    const cipher = createCipheriv(keyBytes === 16 ? 'aes-128-cbc' : 'aes-256-cbc', key, iv);
    const sealed = Buffer.concat([cipher.update(text), cipher.final()]);
    expect(Buffer.from(aesCbc.decrypt(key, iv, sealed)!)).toEqual(text);
    expect(aesCbc.decrypt(key, iv, sealed.subarray(1))).toBeNull();
  }
});

test('what was not sealed so does not open', () => {
  const key = Buffer.alloc(16, 1);
  expect(aesCbc.decrypt(key, key, Buffer.alloc(0))).toBeNull();
  expect(aesCbc.decrypt(key, key, Buffer.alloc(32, 7))).toBeNull();
});
