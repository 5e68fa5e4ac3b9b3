import { expect, test } from 'vitest';
import { systemRandom } from '../../../src/adapters/random.ts';

test('a visitor id is 128 bits in base64url, and none comes twice', () => {
  const random = systemRandom();
  const ids = Array.from({ length: 1_000 }, () => random.visitorId());
  for (const id of ids) expect(id).toMatch(/^[A-Za-z0-9_-]{22}$/);
  expect(new Set(ids).size).toBe(ids.length);
});

test('draws lie in [0, 1)', () => {
  const random = systemRandom();
  for (let draw = 0; draw < 1_000; draw++) {
    const u = random.next();
    expect(u >= 0 && u < 1).toBe(true);
  }
});
