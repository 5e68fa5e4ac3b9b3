import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { StateLock } from '../../../src/control/state-lock.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

async function acquire(directory: string): Promise<StateLock> {
  const lock = await StateLock.acquire(directory);
  onTestFinished(() => lock.release());
  return lock;
}

function holderOf(directory: string): Record<string, unknown> {
  const [name] = readdirSync(directory).filter((entry) => entry.startsWith('lock.'));
  return JSON.parse(readFileSync(join(directory, name!), 'utf8'));
}

function writeHolder(directory: string, change: Record<string, unknown>, number = 1): void {
  const path = join(directory, `lock.${number}`);
  writeFileSync(path, JSON.stringify({ ...currentHolder(), ...change }));
}

function currentHolder(): Record<string, unknown> {
  const stat = readFileSync('/proc/self/stat', 'latin1');
  const started = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  return { pid: process.pid, started, realm: '', released: false };
}

test('a second writer is refused in one sentence that names the holder and the way out', async () => {
  const directory = temporaryDirectory();
  await acquire(directory);
  await expect(StateLock.acquire(directory)).rejects.toThrow(
    `the state directory ${directory} is in use by process ${process.pid}; stop it, or give this gateway its own with --state DIR`,
  );
});

test('a lock that was let go can be taken again', async () => {
  const directory = temporaryDirectory();
  (await StateLock.acquire(directory)).release();
  const lock = await acquire(directory);
  expect(lock.isHeld()).toBe(true);
  expect(readdirSync(directory)).toEqual(['lock.2']);
});

test('the lock of a dead process is taken over', async () => {
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'exit');
  const directory = temporaryDirectory();
  const first = await StateLock.acquire(directory);
  const { realm } = holderOf(directory);
  first.release();
  writeHolder(directory, { pid: child.pid, started: '1', realm }, 1);
  expect((await acquire(directory)).isHeld()).toBe(true);
});

test('a process id given to somebody else does not count as the holder', async () => {
  const directory = temporaryDirectory();
  const first = await StateLock.acquire(directory);
  const { realm } = holderOf(directory);
  first.release();
  writeHolder(directory, { pid: process.pid, started: 'another start', realm }, 1);
  expect((await acquire(directory)).isHeld()).toBe(true);
});

test('a holder that cannot be seen from here and was silent for long is gone', async () => {
  const directory = temporaryDirectory();
  writeHolder(directory, { pid: 1, realm: 'another machine' });
  const longAgo = new Date(Date.now() - 60_000);
  utimesSync(join(directory, 'lock.1'), longAgo, longAgo);
  expect((await acquire(directory)).isHeld()).toBe(true);
});

test('a holder that cannot be seen from here is left alone while it renews its lock', async () => {
  const directory = temporaryDirectory();
  writeHolder(directory, { pid: 1, realm: 'another machine' });
  const beat = setInterval(() => utimesSync(join(directory, 'lock.1'), new Date(), new Date()), 20);
  onTestFinished(() => clearInterval(beat));
  await expect(StateLock.acquire(directory)).rejects.toThrow('is in use by process 1;');
});

test('of many that take over a stale lock at once, one wins', async () => {
  const directory = temporaryDirectory();
  writeHolder(directory, { pid: 1, realm: 'another machine' });
  const longAgo = new Date(Date.now() - 60_000);
  utimesSync(join(directory, 'lock.1'), longAgo, longAgo);
  const attempts = await Promise.allSettled(Array.from({ length: 20 }, () => acquire(directory)));
  expect(attempts.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
});

test('a damaged lock file does not lock anybody out', async () => {
  const directory = temporaryDirectory();
  writeFileSync(join(directory, 'lock.7'), 'not what this program wrote');
  await acquire(directory);
  expect(readdirSync(directory)).toEqual(['lock.8']);
});

test('who was taken over from knows it', async () => {
  const directory = temporaryDirectory();
  const lock = await acquire(directory);
  writeHolder(directory, {}, 2);
  expect(lock.isHeld()).toBe(false);
});
