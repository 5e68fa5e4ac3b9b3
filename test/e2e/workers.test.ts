import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Status } from '../../src/control/status.ts';
import { configurationText, writeConfiguration } from '../support/configuration-file.ts';
import { eventually } from '../support/eventually.ts';
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts';
import { namedOrigin } from '../support/http-origin.ts';
import { get, type LoadAnswer, load } from '../support/load.ts';

const portOf = (gateway: GatewayProcess) => Number(new URL(gateway.url('edge')).port);
const statusOf = async (gateway: GatewayProcess) => (await gateway.json('/api/status')) as Status;
const pidsOf = async (gateway: GatewayProcess) => (await statusOf(gateway)).workers.map(({ pid }) => pid);

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Requests on fresh connections until told to stop; every answer. */
async function loadUntil(port: number, stopped: AbortSignal): Promise<LoadAnswer[]> {
  const answers: LoadAnswer[] = [];
  while (!stopped.aborted) {
    answers.push(...(await load({ port, requests: 64, connections: 8, request: () => get('/') })));
  }
  return answers;
}

test('worker processes route, the primary does not; the counts of all are one', async () => {
  await using origin = await namedOrigin('one');
  const path = writeConfiguration({ versions: { v1: origin.url }, split: { v1: 1 } });
  await using gateway = await startGatewayProcess(['-c', path, '--workers', '2']);
  const { workers } = await statusOf(gateway);
  expect(workers.map(({ id, generation }) => [id, generation])).toEqual([
    [1, 1],
    [2, 1],
  ]);
  expect(workers.map(({ pid }) => pid)).not.toContain(gateway.child.pid);
  const answers = await load({ port: portOf(gateway), requests: 200, request: () => get('/') });
  expect(answers.every(({ status, body }) => status === 200 && body === 'one')).toBe(true);
  expect((await statusOf(gateway)).routes[0]?.observed['v1']).toEqual({ requests: 200, share: 1 });
});

test('a killed worker takes only what it had under way; another takes its place within 2 s, and its counts stay', async () => {
  await using origin = await namedOrigin('one');
  const path = writeConfiguration({ versions: { v1: origin.url }, split: { v1: 1 } });
  await using gateway = await startGatewayProcess(['-c', path, '--workers', '2']);
  const port = portOf(gateway);
  await load({ port, requests: 100, request: () => get('/') });
  const before = await pidsOf(gateway);
  const stop = new AbortController();
  const loading = loadUntil(port, stop.signal);
  await delay(100);
  const killedAtMs = performance.now();
  process.kill(before[0]!, 'SIGKILL');
  await eventually(async () => {
    const { workers } = await statusOf(gateway);
    expect(workers.map(({ pid, generation }) => [pid === before[0], generation])).toEqual([
      [false, 1],
      [false, 1],
    ]);
  });
  expect(performance.now() - killedAtMs).toBeLessThan(2_000);
  stop.abort();
  const answers = await loading;
  const failed = answers.filter(({ status }) => status !== 200);
  // One request may be under way on each of the eight connections.
  expect(failed.length).toBeLessThanOrEqual(8);
  expect(failed.every(({ status }) => status === 0)).toBe(true);
  const { routes } = await statusOf(gateway);
  expect(routes[0]?.observed['v1']?.requests).toBeGreaterThanOrEqual(100);
  await gateway.says('is gone', 'stderr');
});

test('the primary that is killed takes its workers with it', async () => {
  const path = writeConfiguration({ versions: { v1: 'http://127.0.0.1:9' }, split: { v1: 1 } });
  await using gateway = await startGatewayProcess(['-c', path, '--workers', '2']);
  const pids = await pidsOf(gateway);
  await gateway.stop('SIGKILL');
  await eventually(() => expect(pids.filter(isAlive)).toEqual([]));
});

test('a rolling restart replaces every worker and drops no request', async () => {
  await using origin = await namedOrigin('one');
  const path = writeConfiguration({ versions: { v1: origin.url }, split: { v1: 1 } });
  await using gateway = await startGatewayProcess(['-c', path, '--workers', '2']);
  const before = await pidsOf(gateway);
  const stop = new AbortController();
  const loading = loadUntil(portOf(gateway), stop.signal);
  await delay(50);
  gateway.child.kill('SIGUSR2');
  await eventually(async () => {
    const after = await pidsOf(gateway);
    expect(after).toHaveLength(2);
    expect(after.filter((pid) => before.includes(pid))).toEqual([]);
    expect(before.filter(isAlive)).toEqual([]);
  });
  stop.abort();
  const answers = await loading;
  expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
  expect((await gateway.stop()).code).toBe(0);
});

test('a worker that does not take a change in time is replaced first', async () => {
  await using one = await namedOrigin('one');
  await using two = await namedOrigin('two');
  const versions = { v1: one.url, v2: two.url };
  const path = writeConfiguration({ versions, split: { v1: 1, v2: 0 } });
  await using gateway = await startGatewayProcess(['-c', path, '--workers', '2']);
  const before = await pidsOf(gateway);
  process.kill(before[1]!, 'SIGSTOP');
  writeFileSync(path, configurationText({ versions, split: { v1: 0, v2: 1 } }));
  await gateway.says('generation 2 is in force', 'stderr');
  const { workers } = await statusOf(gateway);
  expect(workers.map(({ generation }) => generation)).toEqual([2, 2]);
  expect(workers.map(({ pid }) => pid)).not.toContain(before[1]);
  expect(isAlive(before[1]!)).toBe(false);
  const answers = await load({ port: portOf(gateway), requests: 40, request: () => get('/') });
  expect(new Set(answers.map(({ body }) => body))).toEqual(new Set(['two']));
});

test('a sticky key gets the same version whichever worker answers', async () => {
  await using one = await namedOrigin('one');
  await using two = await namedOrigin('two');
  const path = writeConfiguration({
    versions: { v1: one.url, v2: two.url },
    split: { v1: 1, v2: 1 },
    route: '    sticky: [{ header: x-user }]\n',
  });
  await using gateway = await startGatewayProcess(['-c', path, '--workers', '3']);
  const users = Array.from({ length: 40 }, (_, at) => `user-${at}`);
  const rounds: string[] = [];
  for (let round = 0; round < 5; round++) {
    // As many connections as requests, so that every worker gets some.
    const answers = await load({
      port: portOf(gateway),
      requests: users.length,
      connections: users.length,
      request: (place) => get('/', [`x-user: ${users[place]}`]),
    });
    rounds.push(answers.map(({ body }) => body).join());
  }
  expect(new Set(rounds).size).toBe(1);
  expect(new Set(rounds[0]!.split(','))).toEqual(new Set(['one', 'two']));
});

test('a limit for each client is one for all workers together', async () => {
  const path = writeConfiguration({ versions: { v1: 'http://127.0.0.1:9' }, split: { v1: 1 } });
  const text = configurationText({ versions: { v1: 'http://127.0.0.1:9' }, split: { v1: 1 } });
  writeFileSync(
    path,
    text.replace('    address: 127.0.0.1:0', '    address: 127.0.0.1:0\n    limits: { connectionsPerClient: 6 }'),
  );
  await using gateway = await startGatewayProcess(['-c', path, '--workers', '2']);
  const open: Socket[] = [];
  const openOne = async (): Promise<Socket> => {
    const socket = connect(portOf(gateway), '127.0.0.1');
    socket.on('error', () => {});
    open.push(socket);
    await once(socket, 'connect');
    // What one worker knows of another is at most this old.
    await Promise.race([delay(100), once(socket, 'close')]);
    return socket;
  };
  const kept: Socket[] = [];
  for (let at = 0; at < 6; at++) kept.push(await openOne());
  expect(kept.map(({ destroyed }) => destroyed)).toEqual(kept.map(() => false));
  const surplus = [await openOne(), await openOne(), await openOne()];
  await eventually(() => expect(surplus.map(({ destroyed }) => destroyed)).toEqual([true, true, true]));
  kept[0]!.destroy();
  await eventually(async () => {
    const next = await openOne();
    await Promise.race([delay(50), once(next, 'close')]);
    expect(next.destroyed).toBe(false);
  });
  for (const socket of open) socket.destroy();
});
