import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, rmdirSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { LineWriter, type LineWriterOptions } from '../../../src/telemetry/line-writer.ts';
import { eventually } from '../../support/eventually.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const said: string[] = [];

function writerTo(to: string | number, options: Partial<LineWriterOptions> = {}): LineWriter {
  said.length = 0;
  return new LineWriter({ to, name: 'access log', notify: (level, text) => said.push(`${level} ${text}`), ...options });
}

const linesOf = (path: string): string[] => readFileSync(path, 'utf8').split('\n').slice(0, -1);

test('lines are appended in order, behind what is there', async () => {
  const path = join(temporaryDirectory(), 'access.jsonl');
  for (const part of [0, 1]) {
    const writer = writerTo(path);
    for (let i = 0; i < 5000; i++) writer.write(`line ${part * 5000 + i}\n`);
    await writer.close();
    expect(writer.dropped).toBe(0);
  }
  expect(linesOf(path)).toEqual(Array.from({ length: 10_000 }, (_, i) => `line ${i}`));
});

test('a line is written by itself soon', async () => {
  const path = join(temporaryDirectory(), 'access.jsonl');
  const writer = writerTo(path);
  writer.write('one\n');
  await eventually(() => expect(linesOf(path)).toEqual(['one']));
  await writer.close();
});

test('what waits is bounded: further lines are dropped, counted, and complained about once', async () => {
  const path = join(temporaryDirectory(), 'access.jsonl');
  const writer = writerTo(path, { isHeld: true, maxWaitingBytes: 1000 });
  for (let i = 0; i < 150; i++) writer.write('123456789\n');
  expect(writer.dropped).toBe(50);
  expect(said).toEqual(['warning access log: lines are dropped: it is too slow']);
  writer.release();
  await eventually(() => expect(said[1]).toBe('info access log is written again; 50 lines were dropped'));
  writer.write('after\n');
  await writer.close();
  expect(linesOf(path)).toHaveLength(101);
});

test('a full disk costs lines, not more; what it says is said once', async () => {
  const full = openSync('/dev/full', 'a');
  const writer = writerTo(full, { maxWaitingBytes: 20_000 });
  for (let i = 0; i < 3000; i++) writer.write('123456789\n');
  await eventually(() => expect(said).toContainEqual(expect.stringContaining('no space is left on the device')));
  for (let i = 0; i < 3000; i++) writer.write('123456789\n');
  await writer.close();
  closeSync(full);
  expect(writer.dropped).toBe(6000);
  expect(said).toHaveLength(2);
});

test('a rotated file is let go of when told, and when its path leads elsewhere', async () => {
  const directory = temporaryDirectory();
  const path = join(directory, 'access.jsonl');
  const writer = writerTo(path);
  writer.write('first\n');
  await eventually(() => expect(linesOf(path)).toEqual(['first']));
  renameSync(path, `${path}.1`);
  writer.reopen();
  await eventually(() => expect(existsSync(path)).toBe(true));
  writer.write('second\n');
  await eventually(() => expect(linesOf(path)).toEqual(['second']));
  unlinkSync(path);
  await eventually(() => expect(existsSync(path)).toBe(true));
  writer.write('third\n');
  await writer.close();
  expect([linesOf(`${path}.1`), linesOf(path)]).toEqual([['first'], ['third']]);
  expect(writer.dropped).toBe(0);
});

test('a file that cannot be opened is tried again, and gets the lines that waited', async () => {
  const directory = join(temporaryDirectory(), 'logs');
  const path = join(directory, 'access.jsonl');
  const writer = writerTo(path);
  writer.write('one\n');
  await eventually(() =>
    expect(said).toEqual([
      'warning access log cannot be written: there is no such directory; requests go on, lines wait and are then dropped',
    ]),
  );
  mkdirSync(directory);
  await eventually(() => expect(linesOf(path)).toEqual(['one']));
  expect(said.at(-1)).toBe('info access log is written again; 0 lines were dropped');
  await writer.close();
  unlinkSync(path);
  rmdirSync(directory);
});

test('closing waits neither for a disk that is full nor for a file that is not there', async () => {
  const writer = writerTo(join(temporaryDirectory(), 'nowhere', 'access.jsonl'));
  writer.write('one\n');
  await writer.close();
  expect(writer.dropped).toBe(1);
  writer.write('two\n');
  expect(writer.dropped).toBe(2);
});
