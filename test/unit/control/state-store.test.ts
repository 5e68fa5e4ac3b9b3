import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { FILE_ACTOR } from '../../../src/control/audit.ts';
import { NO_STANDING } from '../../../src/control/standing.ts';
import { type RevisionTexts, StateStore } from '../../../src/control/state-store.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

async function open(directory: string): Promise<StateStore> {
  const store = await StateStore.open(directory);
  onTestFinished(() => store.close());
  return store;
}

async function accept(store: StateStore, texts: RevisionTexts): Promise<number> {
  const revision = store.numberOf(texts);
  await store.accept(texts, 0, FILE_ACTOR);
  return revision;
}

const textsOf = (text: string) => ({ files: [{ path: 'graygate.yaml', text }], lists: {} });

test('accepted configurations are numbered, and the numbers go on after a restart', async () => {
  const directory = join(temporaryDirectory(), 'new', 'state');
  const store = await open(directory);
  expect(store.revision).toBe(0);
  expect(await accept(store, textsOf('a'))).toBe(1);
  expect(await accept(store, textsOf('b'))).toBe(2);
  store.close();
  const again = await open(directory);
  expect(again.revision).toBe(2);
  expect(await accept(again, textsOf('c'))).toBe(3);
});

test('the same texts again are the same revision, also after a restart', async () => {
  const directory = temporaryDirectory();
  const store = await open(directory);
  await accept(store, { files: [{ path: 'a.yaml', text: 'x' }], lists: { 'l.txt': 'one\n' } });
  store.close();
  const again = await open(directory);
  expect(await accept(again, { files: [{ path: '/elsewhere/a.yaml', text: 'x' }], lists: { 'l.txt': 'one\n' } })).toBe(
    1,
  );
  expect(await accept(again, { files: [{ path: 'a.yaml', text: 'x' }], lists: { 'l.txt': 'two\n' } })).toBe(2);
});

test('a damaged newest record gives way to the one before it, and its number is not used again', async () => {
  const directory = temporaryDirectory();
  const store = await open(directory);
  await accept(store, textsOf('a'));
  await accept(store, textsOf('b'));
  store.close();
  writeFileSync(join(directory, 'revisions', '2.json'), '{"revision": 2, "fil');
  const again = await open(directory);
  expect((await again.lastGood())?.files[0]?.text).toBe('a');
  expect(await accept(again, textsOf('c'))).toBe(3);
});

test('so many revisions are kept and no more', async () => {
  const directory = temporaryDirectory();
  const store = await open(directory);
  for (let round = 0; round < 60; round++) await accept(store, textsOf(`round ${round}`));
  expect(readdirSync(join(directory, 'revisions'))).toHaveLength(50);
  expect((await store.lastGood())?.revision).toBe(60);
});

test('live state is there again after a restart, readable by its owner alone', async () => {
  const directory = temporaryDirectory();
  const store = await open(directory);
  expect(await store.loadStanding()).toEqual(NO_STANDING);
  const live = { weights: { web: { v1: 90, v2: 10.5 } }, switches: { beta: true }, drained: ['app/v2'] };
  const standing = { ...NO_STANDING, generation: 7, revision: 2, live, rollback: { revision: 1, insteadOf: 'abc' } };
  await store.saveStanding(standing);
  store.close();
  expect(await (await open(directory)).loadStanding()).toEqual(standing);
  expect(statSync(join(directory, 'live.json')).mode & 0o077).toBe(0);
});

test('damaged live state is refused with the file and the way out', async () => {
  const directory = temporaryDirectory();
  const store = await open(directory);
  writeFileSync(join(directory, 'live.json'), '{"weights": {"web": {"v1": "many"}}, "switches": {}}');
  await expect(store.loadStanding()).rejects.toThrow(`${directory}/live.json is damaged`);
});

test('nothing is written after another process took the directory over', async () => {
  const directory = temporaryDirectory();
  const store = await open(directory);
  writeFileSync(join(directory, 'lock.2'), '{}');
  await expect(store.saveStanding(NO_STANDING)).rejects.toThrow('another process has the state directory');
});

test('a directory that cannot be used is told with the way out', async () => {
  const file = join(temporaryDirectory(), 'a-file');
  writeFileSync(file, '');
  await expect(StateStore.open(join(file, 'state'))).rejects.toThrow(
    /cannot be used: .* \(give another one with --state DIR\)/,
  );
});
