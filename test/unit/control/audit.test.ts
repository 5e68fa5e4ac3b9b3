import { appendFileSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type AuditEntry, AuditTrail } from '../../../src/control/audit.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const entryOf = (number: number, reason = ''): AuditEntry => ({
  number,
  at: '2026-11-22T00:00:00.000Z',
  who: 'operator',
  via: 'cli',
  what: 'weights',
  object: 'web',
  from: { v1: 1 },
  to: { v1: 2 },
  reason,
  generation: number,
});

test('entries are kept in order and read newest first, readable by their owner alone', async () => {
  const directory = temporaryDirectory();
  const trail = await AuditTrail.open(directory);
  await trail.append([entryOf(1), entryOf(2)]);
  await trail.append([entryOf(3)]);
  expect((await trail.read(2)).map(({ number }) => number)).toEqual([3, 2]);
  expect((await AuditTrail.open(directory)).last).toBe(3);
  expect(statSync(join(directory, 'audit.jsonl')).mode & 0o077).toBe(0);
});

test('an entry that is there already is not written twice', async () => {
  const trail = await AuditTrail.open(temporaryDirectory());
  await trail.append([entryOf(1), entryOf(2)]);
  await trail.append([entryOf(2), entryOf(3)]);
  expect((await trail.read(9)).map(({ number }) => number)).toEqual([3, 2, 1]);
});

test('half a line that a crash left does not spoil the next one', async () => {
  const directory = temporaryDirectory();
  await (await AuditTrail.open(directory)).append([entryOf(1)]);
  appendFileSync(join(directory, 'audit.jsonl'), '{"number": 2, "at"');
  const trail = await AuditTrail.open(directory);
  expect(trail.last).toBe(1);
  await trail.append([entryOf(2)]);
  expect((await trail.read(9)).map(({ number }) => number)).toEqual([2, 1]);
  for (const line of readFileSync(join(directory, 'audit.jsonl'), 'utf8').trimEnd().split('\n')) JSON.parse(line);
});

test('the trail is bounded: full files move on, the oldest go', async () => {
  const directory = temporaryDirectory();
  const trail = await AuditTrail.open(directory);
  const long = 'x'.repeat(600_000);
  for (let number = 1; number <= 40; number++) await trail.append([entryOf(number, long)]);
  const files = readdirSync(directory).filter((name) => name.startsWith('audit'));
  expect(files.length).toBeLessThanOrEqual(8);
  const numbers = (await trail.read(1000)).map(({ number }) => number);
  expect(numbers[0]).toBe(40);
  expect(numbers).toEqual(numbers.toSorted((a, b) => b - a));
  expect((await AuditTrail.open(directory)).last).toBe(40);
});
