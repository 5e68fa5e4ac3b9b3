import { mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { FileSource } from '../../../src/control/file-source.ts';
import type { SourceReading } from '../../../src/control/source-reading.ts';
import { eventually } from '../../support/eventually.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

interface Watched {
  readonly source: FileSource;
  /** Every reading that was told of, as one text each. */
  readonly told: string[];
  readonly logged: string[];
}

/** A source whose configuration names the lists given, as a parser would ask for them. */
function watchSource(path: string, lists: readonly string[] = [], pollMs = 60_000): Watched {
  const logged: string[] = [];
  const told: string[] = [];
  const source = new FileSource({
    path,
    log: (_level, text) => logged.push(text),
    quietMs: 20,
    longestMs: 200,
    pollMs,
  });
  onTestFinished(() => source.close());
  source.read();
  const take = (reading: SourceReading): string => {
    const named = lists
      .map((list) => reading.readFile(list))
      .map((text) => (typeof text === 'string' ? text : text.error));
    return [reading.error ?? reading.files.map(({ text }) => text).join('+'), ...named].join('|');
  };
  take(source.read());
  source.watch(async (reading) => {
    told.push(take(reading));
  });
  return { source, told, logged };
}

const lastOf = (told: readonly string[]) => told.at(-1);

describe('a change is told of', () => {
  test('when the file is written in place', async () => {
    const file = join(temporaryDirectory(), 'graygate.yaml');
    writeFileSync(file, 'one');
    const { told } = watchSource(file);
    writeFileSync(file, 'two');
    await eventually(() => expect(told).toEqual(['two']));
  });

  test('when an editor puts another file in its place', async () => {
    const directory = temporaryDirectory();
    const file = join(directory, 'graygate.yaml');
    writeFileSync(file, 'one');
    const { told } = watchSource(file);
    for (const text of ['two', 'three']) {
      writeFileSync(join(directory, '.swap'), text);
      renameSync(join(directory, '.swap'), file);
      await eventually(() => expect(lastOf(told)).toBe(text));
    }
  });

  test('when Kubernetes swaps the link to the data directory', async () => {
    const directory = temporaryDirectory();
    const put = (version: string, text: string) => {
      mkdirSync(join(directory, `..${version}`));
      writeFileSync(join(directory, `..${version}`, 'graygate.yaml'), text);
      symlinkSync(`..${version}`, join(directory, '..data_tmp'));
      renameSync(join(directory, '..data_tmp'), join(directory, '..data'));
    };
    put('1', 'one');
    symlinkSync('..data/graygate.yaml', join(directory, 'graygate.yaml'));
    const { told } = watchSource(join(directory, 'graygate.yaml'));
    for (const [version, text] of [
      ['2', 'two'],
      ['3', 'three'],
    ] as const) {
      put(version, text);
      rmSync(join(directory, `..${Number(version) - 1}`), { recursive: true });
      await eventually(() => expect(lastOf(told)).toBe(text));
    }
  });

  test('when a list that it names is written', async () => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, 'graygate.yaml'), 'one');
    mkdirSync(join(directory, 'lists'));
    writeFileSync(join(directory, 'lists', 'users.txt'), 'u-1');
    const { told } = watchSource(join(directory, 'graygate.yaml'), ['lists/users.txt']);
    writeFileSync(join(directory, 'lists', 'users.txt'), 'u-2');
    await eventually(() => expect(told).toEqual(['one|u-2']));
  });

  test('when a file comes into or leaves a directory, merged in name order', async () => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, '20-b.yaml'), 'b');
    const { told } = watchSource(directory);
    writeFileSync(join(directory, '10-a.yml'), 'a');
    await eventually(() => expect(told).toEqual(['a+b']));
    unlinkSync(join(directory, '20-b.yaml'));
    await eventually(() => expect(told).toEqual(['a+b', 'a']));
  });

  test('when the whole directory is replaced by another one', async () => {
    const directory = temporaryDirectory();
    const home = join(directory, 'etc');
    mkdirSync(home);
    writeFileSync(join(home, 'graygate.yaml'), 'one');
    const { told } = watchSource(join(home, 'graygate.yaml'), [], 20);
    mkdirSync(join(directory, 'next'));
    writeFileSync(join(directory, 'next', 'graygate.yaml'), 'two');
    renameSync(home, join(directory, 'old'));
    renameSync(join(directory, 'next'), home);
    await eventually(() => expect(lastOf(told)).toBe('two'));
    writeFileSync(join(home, 'graygate.yaml'), 'three');
    await eventually(() => expect(lastOf(told)).toBe('three'));
  });

  test('when it happened between the first reading and the first watch', async () => {
    const file = join(temporaryDirectory(), 'graygate.yaml');
    writeFileSync(file, 'one');
    const told: string[] = [];
    const source = new FileSource({ path: file, log: () => {}, quietMs: 5 });
    onTestFinished(() => source.close());
    source.read();
    writeFileSync(file, 'two');
    source.watch(async (reading) => {
      told.push(reading.files[0]!.text);
    });
    await eventually(() => expect(told).toEqual(['two']));
  });
});

test('the last of many quick edits is the one in force, in far fewer steps', async () => {
  const file = join(temporaryDirectory(), 'graygate.yaml');
  writeFileSync(file, 'start');
  const { told } = watchSource(file);
  for (let edit = 1; edit <= 500; edit++) writeFileSync(file, `edit ${edit}`);
  await eventually(() => expect(lastOf(told)).toBe('edit 500'));
  expect(told.length).toBeLessThan(50);
});

test('an edit made while the one before is being dealt with is not lost', async () => {
  const file = join(temporaryDirectory(), 'graygate.yaml');
  writeFileSync(file, 'one');
  const told: string[] = [];
  let release = () => {};
  const source = new FileSource({ path: file, log: () => {}, quietMs: 5 });
  onTestFinished(() => source.close());
  source.read();
  source.watch((reading) => {
    told.push(reading.files[0]!.text);
    return new Promise((resolve) => {
      release = resolve;
    });
  });
  writeFileSync(file, 'two');
  await eventually(() => expect(told).toEqual(['two']));
  writeFileSync(file, 'three');
  release();
  await eventually(() => expect(told).toEqual(['two', 'three']));
  release();
});

test('nothing is told of when the same content is written again', async () => {
  const directory = temporaryDirectory();
  const file = join(directory, 'graygate.yaml');
  writeFileSync(file, 'one');
  const { told } = watchSource(file);
  writeFileSync(file, 'one');
  writeFileSync(join(directory, '.swap'), 'one');
  renameSync(join(directory, '.swap'), file);
  writeFileSync(join(directory, 'unrelated.log'), 'x');
  writeFileSync(file, 'two');
  await eventually(() => expect(told).toEqual(['two']));
});

test('a file that is gone for a while is told of, and so is its return', async () => {
  const file = join(temporaryDirectory(), 'graygate.yaml');
  writeFileSync(file, 'one');
  const { told } = watchSource(file);
  unlinkSync(file);
  await eventually(() => expect(told).toEqual([`cannot read ${file}: there is no such file`]));
  writeFileSync(file, 'one');
  await eventually(() => expect(lastOf(told)).toBe('one'));
});

describe('a list that vanishes', () => {
  test('by itself leaves its last content in force and says so once', async () => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, 'graygate.yaml'), 'one');
    writeFileSync(join(directory, 'users.txt'), 'u-1');
    const { told, logged } = watchSource(join(directory, 'graygate.yaml'), ['users.txt']);
    unlinkSync(join(directory, 'users.txt'));
    const warning = 'cannot read users.txt: there is no such file; its last content stays in force';
    await eventually(() => expect(logged).toEqual([warning]));
    writeFileSync(join(directory, 'users.txt'), 'u-2');
    await eventually(() => expect(told).toEqual(['one|u-2']));
    expect(logged).toEqual([warning]);
  });

  test('is an error for a changed configuration, and for a reload by hand', async () => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, 'graygate.yaml'), 'one');
    writeFileSync(join(directory, 'users.txt'), 'u-1');
    const { source, told, logged } = watchSource(join(directory, 'graygate.yaml'), ['users.txt']);
    unlinkSync(join(directory, 'users.txt'));
    await eventually(() => expect(logged).toHaveLength(1));
    writeFileSync(join(directory, 'graygate.yaml'), 'two');
    await eventually(() => expect(told).toEqual(['two|there is no such file']));
    await source.reload();
    expect(told).toEqual(['two|there is no such file', 'two|there is no such file']);
  });
});

test('a reload by hand is told of although nothing changed', async () => {
  const file = join(temporaryDirectory(), 'graygate.yaml');
  writeFileSync(file, 'one');
  const { source, told } = watchSource(file);
  await source.reload();
  expect(told).toEqual(['one']);
});

test('text that is not UTF-8 is an error', async () => {
  const file = join(temporaryDirectory(), 'graygate.yaml');
  writeFileSync(file, Buffer.from([0x61, 0xff]));
  const source = new FileSource({ path: file, log: () => {} });
  expect(source.read().error).toBe(`cannot read ${file}: it is not UTF-8 text`);
});

test('a thousand reloads leave no more descriptors open than one', async () => {
  const directory = temporaryDirectory();
  const file = join(directory, 'graygate.yaml');
  writeFileSync(file, 'one');
  const { source, told } = watchSource(file);
  await source.reload();
  const descriptors = () => readdirSync('/proc/self/fd').length;
  const before = descriptors();
  for (let round = 0; round < 1_000; round++) {
    writeFileSync(join(directory, '.swap'), `round ${round}`);
    renameSync(join(directory, '.swap'), file);
    await source.reload();
  }
  expect(lastOf(told)).toBe('round 999');
  expect(source.watches).toBe(1);
  expect(descriptors()).toBeLessThanOrEqual(before + 2);
  source.close();
  expect(source.watches).toBe(0);
});
