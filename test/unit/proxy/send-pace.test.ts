import { expect, it } from 'vitest';
import { SendPace } from '../../../src/proxy/send-pace.ts';

const GAP_MS = 1_000;

it('a peer that takes nothing is given up after its longest gap, not before', () => {
  const pace = new SendPace();
  let lookAt: number | null = pace.begin(100, 0, GAP_MS);
  const looks: number[] = [];
  while (lookAt !== null) {
    looks.push(lookAt);
    lookAt = pace.look(100, lookAt, GAP_MS);
  }
  expect(looks.at(-1)).toBe(GAP_MS);
});

it('a peer that takes an octet within each gap is never given up', () => {
  const pace = new SendPace();
  let unsent = 1_000;
  let lookAt: number | null = pace.begin(unsent, 0, GAP_MS);
  for (let look = 1; look < 1_000; look++) {
    if (look % 3 === 0) unsent--;
    lookAt = pace.look(unsent, lookAt!, GAP_MS);
    expect(lookAt).not.toBeNull();
  }
});
