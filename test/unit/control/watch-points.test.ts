import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { watchPointsOf } from '../../../src/control/watch-points.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

test('a plain file is watched by its name in its directory', () => {
  const directory = temporaryDirectory();
  writeFileSync(join(directory, 'a.yaml'), '');
  expect(watchPointsOf(join(directory, 'a.yaml'))).toEqual([{ directory, name: 'a.yaml' }]);
});

test('a file that is not there is watched where it would appear', () => {
  const directory = temporaryDirectory();
  expect(watchPointsOf(join(directory, 'a.yaml'))).toEqual([{ directory, name: 'a.yaml' }]);
});

test('each link of a Kubernetes volume is watched, and the file behind', () => {
  const directory = temporaryDirectory();
  mkdirSync(join(directory, '..v1'));
  writeFileSync(join(directory, '..v1', 'a.yaml'), '');
  symlinkSync('..v1', join(directory, '..data'));
  symlinkSync('..data/a.yaml', join(directory, 'a.yaml'));
  expect(watchPointsOf(join(directory, 'a.yaml'))).toEqual([
    { directory, name: 'a.yaml' },
    { directory, name: '..data' },
    { directory: join(directory, '..v1'), name: 'a.yaml' },
  ]);
});

test('a linked directory on the way is watched, also through absolute links and ..', () => {
  const directory = temporaryDirectory();
  mkdirSync(join(directory, 'releases', '1'), { recursive: true });
  mkdirSync(join(directory, 'other'));
  symlinkSync(join(directory, 'other', '..', 'releases', '1'), join(directory, 'current'));
  expect(watchPointsOf(join(directory, 'current', 'a.yaml'))).toEqual([
    { directory, name: 'current' },
    { directory: join(directory, 'releases', '1'), name: 'a.yaml' },
  ]);
});

test('a loop of links ends', () => {
  const directory = temporaryDirectory();
  symlinkSync('b', join(directory, 'a'));
  symlinkSync('a', join(directory, 'b'));
  expect(watchPointsOf(join(directory, 'a')).length).toBeGreaterThan(0);
});
