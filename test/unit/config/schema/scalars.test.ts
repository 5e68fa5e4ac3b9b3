import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  durationMs,
  flag,
  onOrOff,
  percent,
  sizeBytes,
  weight,
  wholeNumber,
} from '../../../../src/config/schema/scalars.ts';

describe('durations', () => {
  test.each([
    ['250ms', 250],
    ['10s', 10_000],
    ['5m', 300_000],
    ['1h', 3_600_000],
    ['1.5s', 1_500],
  ])('%s', (text, ms) => expect(durationMs().parse(text)).toBe(ms));

  test.each(['10', '10 s', '-1s', '1d', '1e3s', '0s', '', 's', '600h', '1s '])('not %j', (text) => {
    expect(durationMs().safeParse(text).success).toBe(false);
  });

  test('none at all where that means something', () => expect(durationMs(0).parse('0s')).toBe(0));
});

describe('sizes', () => {
  test.each([
    ['512B', 512],
    ['64KiB', 65_536],
    ['1MiB', 1_048_576],
    ['1GiB', 1_073_741_824],
    ['1kB', 1_000],
    ['1MB', 1_000_000],
    ['1.5KiB', 1_536],
  ])('%s', (text, bytes) => expect(sizeBytes().parse(text)).toBe(bytes));

  test.each(['64', '64K', '64kb', '64kib', '-1B', '0B', '99999999999GiB'])('not %j', (text) => {
    expect(sizeBytes().safeParse(text).success).toBe(false);
  });
});

test.each([
  ['20', 20],
  ['0.5', 0.5],
  ['10%', 10],
  ['0%', 0],
  ['100', 100],
])('percentage %s', (text, value) => expect(percent.parse(text)).toBe(value));

test.each(['101', '-1', '-0.1', '5 %', '%', 'NaN', 'Infinity', '1_0'])('no percentage: %j', (text) => {
  expect(percent.safeParse(text).success).toBe(false);
});

test('weights are numbers from 0 up, and never -0 or infinite', () => {
  expect(weight.parse('0.5')).toBe(0.5);
  expect(Object.is(weight.parse('-0'), 0)).toBe(true);
  for (const text of ['-1', 'Infinity', '1e999', '1e101', '0x10', '', '5%'])
    expect(weight.safeParse(text).success).toBe(false);
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1e100, noNaN: true }), (value) => {
      expect(weight.parse(String(value))).toBe(value === 0 ? 0 : value);
    }),
  );
});

test('whole numbers within their bounds', () => {
  expect(wholeNumber(1).parse('20000')).toBe(20_000);
  for (const text of ['0', '1.0', '1e3', '-1', '99999999999999999999'])
    expect(wholeNumber(1).safeParse(text).success).toBe(false);
});

test('flags are true or false, switches also on or off', () => {
  expect([flag.parse('true'), flag.parse('false')]).toEqual([true, false]);
  expect(['on', 'off', 'true', 'false'].map((text) => onOrOff.parse(text))).toEqual([true, false, true, false]);
  for (const text of ['yes', 'True', '1', 'on']) expect(flag.safeParse(text).success).toBe(false);
});
