import fc from 'fast-check';
import { expect, test } from 'vitest';
import { eachListSpan, listValues } from '../../../../src/config/list-file.ts';
import { toByteString } from '../../../../src/core/byte-string.ts';
import { TextList } from '../../../../src/core/matching/text-list.ts';

const listOf = (text: string): TextList => TextList.of(text, eachListSpan);

test('holds its lines, blanks and comments left out', () => {
  const list = listOf('\ufeffa\r\n  b # the second\n# c\n\nd#e\n\u3000电桩 \nlast');
  for (const value of ['a', 'b', 'd#e', '电桩', 'last']) expect(list.has(toByteString(value))).toBe(true);
  for (const value of ['c', '# c', '', 'b ', 'las', 'lastt', 'd', '\ufffd'])
    expect(list.has(toByteString(value))).toBe(false);
});

test('what is not UTF-8 is in no list', () => {
  const list = listOf('\ufffd\n电');
  expect(list.has(toByteString('\ufffd'))).toBe(true);
  expect(list.has('\xff')).toBe(false);
  expect(list.has('\xe7\x94')).toBe(false);
});

test('nothing is in an empty list', () => {
  expect(listOf('').has('')).toBe(false);
  expect(listOf('# nothing\n').has('nothing')).toBe(false);
});

test('knows the same values as a set of its lines', () => {
  const line = fc.oneof(
    fc.constantFrom('a', 'b', ' a', 'a #b', '#a', 'a#b', ' ', '\t', 'aa', '\u00a0a'),
    fc.string({ unit: 'binary', maxLength: 4 }),
  );
  fc.assert(
    fc.property(fc.array(line), fc.array(fc.string({ unit: 'binary', maxLength: 4 })), (lines, others) => {
      const text = lines.join('\n').toWellFormed();
      const set = new Set(listValues(text));
      const list = listOf(text);
      for (const value of [...set, ...lines, ...others]) {
        expect(list.has(toByteString(value.toWellFormed()))).toBe(set.has(value.toWellFormed()));
      }
    }),
  );
});

test('500,000 lines are ready within a second and looked up at no more than a few', () => {
  const lines = Array.from({ length: 500_000 }, (_, at) => `310${String(at * 7919).padStart(12, '0')}`);
  const text = lines.join('\n');
  const before = performance.now();
  const list = listOf(text);
  expect(performance.now() - before).toBeLessThan(1_000);
  expect(lines.every((line) => list.has(line))).toBe(true);
  expect(lines.some((line) => list.has(`${line}x`))).toBe(false);
});

test('a value on half a million lines stays one', () => {
  const list = listOf('same\n'.repeat(500_000));
  const before = performance.now();
  for (let i = 0; i < 10_000; i++) list.has('other');
  expect(performance.now() - before).toBeLessThan(500);
  expect(list.has('same')).toBe(true);
});

test('is made in bits of some milliseconds, over whatever lines they fall', () => {
  const lines = Array.from({ length: 200_000 }, (_, at) =>
    at % 7 === 0 ? `  v${at} # comment ${'x'.repeat(at % 50)}` : `v${at}`,
  );
  const making = TextList.make(lines.join('\n'), eachListSpan);
  let bits = 0;
  let step = making.next();
  for (; step.done !== true; step = making.next()) bits++;
  expect(bits).toBeGreaterThan(10);
  const list = step.value;
  expect(lines.every((_, at) => list.has(`v${at}`))).toBe(true);
});
