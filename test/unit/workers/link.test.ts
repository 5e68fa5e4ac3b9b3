import { expect, test } from 'vitest';
import { linkInProcess } from '../../../src/workers/link.ts';

test('messages arrive later, in order, as copies', async () => {
  const [one, other] = linkInProcess<{ values: number[] }, never>();
  const received: { values: number[] }[] = [];
  other.onMessage((message) => received.push(message));
  const sent = { values: [1] };
  one.send(sent);
  one.send({ values: [2] });
  sent.values.push(9);
  expect(received).toEqual([]);
  await Promise.resolve();
  expect(received).toEqual([{ values: [1] }, { values: [2] }]);
});

test('what came before anybody listened is delivered first', async () => {
  const [one, other] = linkInProcess<string, never>();
  one.send('early');
  await Promise.resolve();
  const received: string[] = [];
  other.onMessage((message) => received.push(message));
  one.send('late');
  await Promise.resolve();
  expect(received).toEqual(['early', 'late']);
});

test('only plain data can pass', () => {
  const [one] = linkInProcess<unknown, never>();
  expect(() => one.send({ call: () => 1 })).toThrow(/could not be cloned/);
});

test('closing one end tells both, once, and nothing passes any more', async () => {
  const [one, other] = linkInProcess<string, string>();
  let closes = 0;
  one.onClose(() => closes++);
  other.onClose(() => closes++);
  const received: string[] = [];
  other.onMessage((message) => received.push(message));
  other.close();
  one.close();
  one.send('lost');
  await Promise.resolve();
  expect(closes).toBe(2);
  expect(received).toEqual([]);
});
