import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { Status } from '../../src/control/status.ts';
import { BoundSocket } from '../support/bound-socket.ts';
import { configurationText, writeConfiguration } from '../support/configuration-file.ts';
import { eventually } from '../support/eventually.ts';
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts';
import { namedOrigin } from '../support/http-origin.ts';
import { get, type LoadAnswer, load } from '../support/load.ts';

const statusOf = async (gateway: GatewayProcess) => (await gateway.json('/api/status')) as Status;

async function putWeights(gateway: GatewayProcess, split: Record<string, number>): Promise<Response> {
  return fetch(new URL('/api/routes/web/weights', gateway.url('admin')), {
    method: 'PUT',
    headers: { 'content-type': 'application/json', 'if-match': '*' },
    body: JSON.stringify({ split }),
  });
}

async function loadUntil(port: number, stopped: AbortSignal): Promise<LoadAnswer[]> {
  const answers: LoadAnswer[] = [];
  while (!stopped.aborted) {
    answers.push(...(await load({ port, requests: 64, connections: 8, request: () => get('/') })));
  }
  return answers;
}

describe.each(['0', '2'])('with --workers %s', (workers) => {
  test('a new gateway on the same socket takes over from the old one: no request fails, the state goes with it', async () => {
    await using one = await namedOrigin('one');
    await using two = await namedOrigin('two');
    using socket = new BoundSocket();
    const path = writeConfiguration({ versions: { v1: one.url, v2: two.url }, split: { v1: 1, v2: 0 } });
    const args = ['-c', path, '--workers', workers];
    const options = { sockets: { fds: [socket.fd], names: 'edge' } };
    await using old = await startGatewayProcess(args, options);
    expect(old.url('edge')).toBe(`http://127.0.0.1:${socket.port}`);
    expect((await putWeights(old, { v1: 3, v2: 1 })).status).toBe(200);
    const stop = new AbortController();
    const loading = loadUntil(socket.port, stop.signal);

    await using next = await startGatewayProcess(args, options);
    expect((await statusOf(next)).routes[0]?.split).toEqual({ v1: 3, v2: 1 });
    const locked = await putWeights(next, { v1: 0, v2: 1 });
    expect([locked.status, await locked.json()]).toMatchObject([503, { error: { code: 'state-locked' } }]);
    // Until it goes, the old one is the one that writes.
    expect((await putWeights(old, { v1: 2, v2: 1 })).status).toBe(200);
    await delay(100);
    expect((await old.stop()).code).toBe(0);
    await eventually(async () => expect((await putWeights(next, { v1: 0, v2: 1 })).status).toBe(200));
    await delay(100);
    stop.abort();
    const failed = (await loading).filter(({ status }) => status !== 200);
    expect(failed).toEqual([]);
    const audit = (await next.json('/api/audit')) as { entries: { what: string; from: unknown; to: unknown }[] };
    expect(audit.entries[0]).toMatchObject({ what: 'weights', from: { v1: 2, v2: 1 }, to: { v1: 0, v2: 1 } });
    expect((await fetch(`http://127.0.0.1:${socket.port}`)).status).toBe(200);
    expect((await next.stop()).code).toBe(0);
  });
});

test('a listener is added, moved, renamed and removed by a reload; connections of the others stay', async () => {
  await using origin = await namedOrigin('one');
  const versions = { v1: origin.url };
  const path = writeConfiguration({ versions, split: { v1: 1 } });
  const write = (listeners: string) =>
    writeFileSync(
      path,
      configurationText({ versions, split: { v1: 1 } }).replace(/listeners:\n(?: .*\n)+/, `listeners:\n${listeners}`),
    );
  await using gateway = await startGatewayProcess(['-c', path, '--workers', '2']);
  const { port } = new URL(gateway.url('edge'));
  const stop = new AbortController();
  const loading = loadUntil(Number(port), stop.signal);
  const edge = '  - { name: edge, address: "127.0.0.1:0" }\n';
  const names = async () => (await statusOf(gateway)).listeners.map(({ name }) => name);

  write(`${edge}  - { name: inner, address: "127.0.0.1:0" }\n`);
  await eventually(async () => expect(await names()).toEqual(['edge', 'inner']));
  const inner = (await statusOf(gateway)).listeners[1]!.port;
  expect(await (await fetch(`http://127.0.0.1:${inner}`)).text()).toBe('one');
  write(`${edge}  - { name: inner, address: "127.0.0.2:${inner}" }\n`);
  await eventually(async () => expect(await (await fetch(`http://127.0.0.2:${inner}`)).text()).toBe('one'));
  await eventually(() => expect(fetch(`http://127.0.0.1:${inner}`)).rejects.toThrow());
  write(`${edge}  - { name: renamed, address: "127.0.0.2:${inner}" }\n`);
  await eventually(async () => expect(await names()).toEqual(['edge', 'renamed']));
  expect(await (await fetch(`http://127.0.0.2:${inner}`)).text()).toBe('one');
  write('  - { name: edge, address: "127.0.0.1:0", limits: { targetBytes: 1KiB } }\n');
  await eventually(async () => expect(await names()).toEqual(['edge']));
  await eventually(() => expect(fetch(`http://127.0.0.2:${inner}`)).rejects.toThrow());
  expect((await fetch(`http://127.0.0.1:${port}/${'x'.repeat(2000)}`)).status).toBe(414);
  stop.abort();
  expect((await loading).filter(({ status }) => status !== 200)).toEqual([]);
});

test('the tokens of the admin port follow the file', async () => {
  const path = writeConfiguration({ versions: { v1: 'http://127.0.0.1:9' }, split: { v1: 1 } });
  await using gateway = await startGatewayProcess(['-c', path, '--workers', '0']);
  const text = readFileSync(path, 'utf8');
  writeFileSync(path, text.replace(/(admin:\n.*\n)/, '$1  tokens: { viewer: look, operator: act }\n'));
  const statusWith = async (token: string) =>
    (await fetch(new URL('/api/status', gateway.url('admin')), { headers: { authorization: `Bearer ${token}` } }))
      .status;
  await eventually(async () => expect(await statusWith('none')).toBe(401));
  expect(await statusWith('look')).toBe(200);
});
