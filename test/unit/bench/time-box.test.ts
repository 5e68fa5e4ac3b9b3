import { expect, test } from 'vitest';
import { TimeBox } from '../../../bench/time-box.ts';

test('parts share what is left by their weight; time saved by one is there for the next', () => {
  let now = 0;
  const whole = new TimeBox(100, () => now);
  expect(whole.part(1, 4).leftMs).toBe(25);
  now = 10;
  const second = whole.part(1, 3);
  expect(second.leftMs).toBe(30);
  now = 41;
  expect(second.isOver).toBe(true);
  expect(whole.isOver).toBe(false);
  expect(whole.part(2, 2).leftMs).toBe(59);
});
