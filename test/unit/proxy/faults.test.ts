import { expect, it } from 'vitest';
import { Faults } from '../../../src/proxy/faults.ts';

function faultsHere(): { faults: Faults; told: string[] } {
  const told: string[] = [];
  return { faults: new Faults((text) => told.push(text)), told };
}

it('every fault is counted, each kind is told once', () => {
  const { faults, told } = faultsHere();
  const fail = (text: string): Error => new TypeError(text);
  for (let count = 0; count < 5; count++) faults.report(fail(`number ${count}`));
  faults.report(new RangeError('another'));
  faults.report('no error at all');
  expect(faults.count).toBe(7);
  expect(told).toHaveLength(3);
  expect(told[0]).toMatch(/TypeError: number 0\n\s+at /);
});

it('what is remembered of kinds is bounded', () => {
  const { faults, told } = faultsHere();
  for (let count = 0; count < 1_000; count++) {
    const error = new Error('x');
    error.stack = `Error: x\n    at place${count} (file.ts:1:1)`;
    faults.report(error);
  }
  expect([faults.count, told.length]).toEqual([1_000, 100]);
});
