import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { AuditEntry } from '../../src/control/audit.ts';
import type { WriteAnswer } from '../../src/control/gateway-control.ts';
import type { Status } from '../../src/control/status.ts';
import { configurationText, writeConfiguration } from '../support/configuration-file.ts';
import { eventually } from '../support/eventually.ts';
import { type GatewayProcess, runCommand, startGatewayProcess } from '../support/gateway-process.ts';
import { namedOrigin } from '../support/http-origin.ts';
import { get, load } from '../support/load.ts';

const NOWHERE = { v1: 'http://127.0.0.1:9', v2: 'http://127.0.0.1:10' };
const SWITCH = 'switches: { beta: off }\n';
const sketch = (split: Record<string, number>) => ({ versions: NOWHERE, split, top: SWITCH });

interface Reply<T = WriteAnswer> {
  readonly status: number;
  readonly body: T & { readonly error?: { readonly code: string; readonly message: string } };
}

async function send<T = WriteAnswer>(
  gateway: GatewayProcess,
  line: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Reply<T>> {
  const [method = 'POST', path = ''] = line.split(' ');
  const answer = await fetch(new URL(`/api/${path}`, gateway.url('admin')), {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  return { status: answer.status, body: (await answer.json()) as Reply<T>['body'] };
}

const statusOf = async (gateway: GatewayProcess) => (await gateway.json('/api/status')) as Status;
const auditOf = async (gateway: GatewayProcess) =>
  ((await gateway.json('/api/audit')) as { entries: readonly AuditEntry[] }).entries;
const seen = (revision: number) => ({ 'if-match': `"${revision}"` });
const WEIGHTS = 'PUT routes/web/weights';

test('weights by hand hold in every worker when answered, are drift, and outlive a restart', async () => {
  await using one = await namedOrigin('one');
  await using two = await namedOrigin('two');
  const versions = { v1: one.url, v2: two.url };
  const path = writeConfiguration({ versions, split: { v1: 1, v2: 0 } });
  await using gateway = await startGatewayProcess(['-c', path, '--workers', '2']);
  const before = (await statusOf(gateway)).routes[0]!;
  const { status, body } = await send(
    gateway,
    WEIGHTS,
    { split: { v1: 0, v2: 1 } },
    { 'if-match': `${before.revision}` },
  );
  expect(status).toBe(200);
  const port = Number(new URL(gateway.url('edge')).port);
  const answers = await load({ port, requests: 60, connections: 12, request: () => get('/') });
  expect(new Set(answers.map((answer) => answer.body))).toEqual(new Set(['two']));
  const after = await statusOf(gateway);
  expect(after.routes[0]).toMatchObject({
    split: { v1: 0, v2: 1 },
    source: 'live',
    drift: true,
    revision: body.revision,
  });
  expect(after.workers.map(({ generation }) => generation)).toEqual([body.generation, body.generation]);
  await gateway.stop();

  await using again = await startGatewayProcess(['-c', path, '--workers', '2']);
  const kept = await statusOf(again);
  expect(kept.routes[0]).toMatchObject({
    split: { v1: 0, v2: 1 },
    source: 'live',
    drift: true,
    revision: body.revision,
  });
  expect(kept.generation).toBeGreaterThan(after.generation);
});

test('a change needs the revision that its caller has seen', async () => {
  await using gateway = await startGatewayProcess([
    '-c',
    writeConfiguration(sketch({ v1: 1, v2: 0 })),
    '--workers',
    '0',
  ]);
  const { revision } = (await statusOf(gateway)).routes[0]!;
  const split = { v1: 9, v2: 1 };
  expect(await send(gateway, WEIGHTS, { split })).toMatchObject({
    status: 428,
    body: { error: { current: revision } },
  });
  const moved = await send(gateway, WEIGHTS, { split }, seen(revision + 7));
  expect(moved).toMatchObject({ status: 412, body: { error: { given: `${revision + 7}`, current: revision } } });
  expect((await send(gateway, WEIGHTS, { split }, seen(revision))).status).toBe(200);
  expect((await send(gateway, WEIGHTS, { split }, seen(revision))).status).toBe(412);
  const { switches } = await statusOf(gateway);
  expect((await send(gateway, 'PUT switches/beta', { on: true }, seen(switches['beta']!.revision))).status).toBe(200);
  expect((await statusOf(gateway)).switches['beta']).toMatchObject({ on: true, source: 'live', drift: true });
});

test('what makes no sense is refused and changes nothing', async () => {
  await using gateway = await startGatewayProcess([
    '-c',
    writeConfiguration(sketch({ v1: 1, v2: 0 })),
    '--workers',
    '0',
  ]);
  const before = await statusOf(gateway);
  const { revision } = before.routes[0]!;
  const any = { 'if-match': '*' };
  expect((await send(gateway, WEIGHTS, { split: { v7: 1 } }, seen(revision))).status).toBe(400);
  expect((await send(gateway, WEIGHTS, { split: { v1: 0 } }, seen(revision))).status).toBe(400);
  expect((await send(gateway, WEIGHTS, { split: { v1: -1 } }, seen(revision))).status).toBe(400);
  expect((await send(gateway, WEIGHTS, { split: { v1: '1' } }, seen(revision))).status).toBe(400);
  expect((await send(gateway, WEIGHTS, {}, seen(revision))).status).toBe(400);
  expect((await send(gateway, 'PUT routes/nothing/weights', { split: { v1: 1 } }, any)).status).toBe(404);
  expect((await send(gateway, 'PUT switches/gamma', { on: true }, any)).status).toBe(404);
  expect((await send(gateway, 'PUT switches/beta', { on: 'yes' }, any)).status).toBe(400);
  expect((await send(gateway, 'POST config/rollback', { revision: 99 })).status).toBe(404);
  expect((await send(gateway, 'POST endpoints/drain', { url: 'http://elsewhere' })).status).toBe(404);
  expect(await statusOf(gateway)).toMatchObject({ generation: before.generation, routes: [{ revision }] });
});

test('a freeze refuses weights with 409 and leaves the rest alone', async () => {
  await using gateway = await startGatewayProcess([
    '-c',
    writeConfiguration(sketch({ v1: 1, v2: 0 })),
    '--workers',
    '0',
  ]);
  expect(await send(gateway, 'POST freeze', { on: true, reason: 'holidays' })).toMatchObject({ status: 200 });
  expect((await statusOf(gateway)).freeze).toEqual({ on: true, reason: 'holidays', revision: 1 });
  const refused = await send(gateway, WEIGHTS, { split: { v1: 1, v2: 1 } }, { 'if-match': '*' });
  expect(refused).toMatchObject({ status: 409, body: { error: { code: 'frozen' } } });
  expect((await send(gateway, 'PUT switches/beta', { on: true }, { 'if-match': '*' })).status).toBe(200);
  expect(await send(gateway, 'POST freeze', { on: false }, seen(0))).toMatchObject({ status: 412 });
  expect(await send(gateway, 'POST freeze', { on: false }, seen(1))).toMatchObject({
    status: 200,
    body: { revision: 2 },
  });
});

test('a rollback holds, as drift and over a restart, until the file changes; the audit tells all of it', async () => {
  const path = writeConfiguration(sketch({ v1: 1, v2: 0 }));
  const first = await startGatewayProcess(['-c', path, '--workers', '0']);
  writeFileSync(path, configurationText(sketch({ v1: 0, v2: 1 })));
  await eventually(async () => expect((await statusOf(first)).revision).toBe(2));
  expect(await send(first, 'POST config/rollback', { revision: 1, reason: 'too early' })).toMatchObject({
    status: 200,
    body: { revision: 1 },
  });
  const rolledBack = { revision: 1, config: { rollback: 1, drift: true }, routes: [{ split: { v1: 1, v2: 0 } }] };
  expect(await statusOf(first)).toMatchObject(rolledBack);
  first.child.kill('SIGHUP');
  await delay(200);
  expect(await statusOf(first)).toMatchObject(rolledBack);
  await first[Symbol.asyncDispose]();

  await using second = await startGatewayProcess(['-c', path, '--workers', '0']);
  expect(await statusOf(second)).toMatchObject(rolledBack);
  writeFileSync(path, configurationText(sketch({ v1: 3, v2: 1 })));
  await eventually(async () =>
    expect(await statusOf(second)).toMatchObject({ revision: 3, config: { rollback: null, drift: false } }),
  );
  await eventually(async () => {
    const entries = await auditOf(second);
    expect(entries.map(({ what, from, to, who, reason }) => [what, from, to, who, reason])).toEqual([
      ['configuration', 1, 3, 'file', ''],
      ['rollback', 2, 1, 'local', 'too early'],
      ['configuration', 1, 2, 'file', ''],
      ['configuration', 0, 1, 'file', ''],
    ]);
  });
  const { revisions } = (await second.json('/api/config/history')) as { revisions: { revision: number }[] };
  expect(revisions.map(({ revision }) => revision)).toEqual([3, 2, 1]);
});

test('adopted weights are no drift and a revision; a change of the file replaces them, audited', async () => {
  const path = writeConfiguration(sketch({ v1: 1, v2: 0 }));
  await using gateway = await startGatewayProcess(['-c', path, '--workers', '0']);
  const any = { 'if-match': '*' };
  await send(gateway, WEIGHTS, { split: { v1: 9, v2: 1 } }, any);
  expect((await send(gateway, WEIGHTS, { adopt: true }, any)).status).toBe(200);
  expect(await statusOf(gateway)).toMatchObject({ revision: 2, routes: [{ split: { v1: 9, v2: 1 }, drift: false }] });
  writeFileSync(path, configurationText(sketch({ v1: 1, v2: 1 })));
  await eventually(async () =>
    expect(await statusOf(gateway)).toMatchObject({
      routes: [{ split: { v1: 1, v2: 1 }, source: 'file', drift: false }],
    }),
  );
  const lost = { what: 'weights', object: 'web', who: 'file', from: { v1: 9, v2: 1 }, to: { v1: 1, v2: 1 } };
  await eventually(async () => expect((await auditOf(gateway))[0]).toMatchObject(lost));
  // Back to the revision that had adopted them.
  expect((await send(gateway, 'POST config/rollback', { revision: 2 })).status).toBe(200);
  expect((await statusOf(gateway)).routes[0]).toMatchObject({ split: { v1: 9, v2: 1 }, drift: false });
});

test('every command of the command line works, also as JSON', async () => {
  const path = writeConfiguration(sketch({ v1: 1, v2: 0 }));
  await using gateway = await startGatewayProcess(['-c', path, '--workers', '0']);
  const env = { GRAYGATE_ADMIN: gateway.url('admin') };
  const run = async (...args: string[]) => {
    const { code, stdout, stderr } = await runCommand(args, { env });
    return [code, code === 0 ? stdout : stderr] as const;
  };
  expect(await run('weights', 'web', 'v1=9', 'v2=1', '--reason', 'try')).toEqual([
    0,
    expect.stringContaining('web: { v1: 9, v2: 1 } (revision '),
  ]);
  expect(await run('weights', 'web', '--adopt')).toEqual([0, 'routes:\n  - name: web\n    split: { v1: 9, v2: 1 }\n']);
  expect(await run('weights', 'web', '--reset')).toEqual([0, expect.stringContaining('{ v1: 1, v2: 0 }')]);
  expect(await run('weights', 'web')).toEqual([2, expect.stringContaining('usage: graygate weights')]);
  expect(await run('weights', 'shop', 'v1=1')).toEqual([1, 'graygate: there is no route shop; there are web\n']);
  expect(await run('switch', 'beta', 'on')).toEqual([0, expect.stringContaining('beta: on')]);
  expect(await run('endpoint', 'drain', NOWHERE.v2)).toEqual([0, expect.stringContaining('drained')]);
  expect(await run('endpoint', 'ready', NOWHERE.v2)).toEqual([0, expect.stringContaining('ready')]);
  expect(await run('freeze', 'on')).toEqual([2, expect.stringContaining('--reason')]);
  expect((await run('freeze', 'on', '--reason', 'audit'))[0]).toBe(0);
  expect(await run('weights', 'web', 'v2=1')).toEqual([1, expect.stringContaining('frozen: audit')]);
  expect((await run('freeze', 'off'))[0]).toBe(0);
  expect(await run('rollback', '1')).toEqual([0, expect.stringContaining('revision 1 is in force')]);
  expect((await run('history'))[1]).toMatch(/^1 .*in force$/m);
  expect((await run('audit'))[1]).toMatch(/local \(cli\) +weights +web +\{"v1":1,"v2":0\} -> \{"v1":9,"v2":1\} +try/);
  const [, json] = await run('audit', '--json', '--limit', '3');
  expect(JSON.parse(json).entries).toHaveLength(3);
});

test('a viewer may look, an operator may change, nobody may do so from another page', async () => {
  const path = writeConfiguration(sketch({ v1: 1, v2: 0 }));
  const text = readFileSync(path, 'utf8');
  writeFileSync(
    path,
    text.replace(/(admin:\n.*\n)/, '$1  tokens: { viewer: see-only-this, operator: may-act-here }\n'),
  );
  await using gateway = await startGatewayProcess(['-c', path, '--workers', '0']);
  const viewer = { authorization: 'Bearer see-only-this' };
  const operator = { authorization: 'Bearer may-act-here' };
  const look = (path: string) => fetch(new URL(path, gateway.url('admin')), { headers: viewer });
  for (const name of ['config', 'config/history', 'audit', 'openapi.json'])
    expect((await look(`/api/${name}`)).status).toBe(200);
  expect(await (await look('/api/config')).text()).not.toMatch(/see-only-this|may-act-here/);
  expect((await send(gateway, 'POST freeze', { on: true }, viewer)).status).toBe(403);
  expect((await send(gateway, 'POST freeze', { on: true })).status).toBe(401);
  expect((await send(gateway, 'POST freeze', { on: true }, { ...operator, origin: 'http://evil' })).status).toBe(403);
  expect((await send(gateway, 'POST freeze', { on: true }, operator)).status).toBe(200);
  const audit = await fetch(new URL('/api/audit', gateway.url('admin')), { headers: viewer });
  expect(((await audit.json()) as { entries: AuditEntry[] }).entries[0]).toMatchObject({ who: 'operator', via: 'api' });
  const check = await send<{ ok: boolean }>(gateway, 'POST config/check', { text: 'version: 2\n' }, operator);
  expect(check).toMatchObject({ status: 200, body: { ok: false } });
});

// More of them where there is time.
const KILLS = Number(process.env['GRAYGATE_KILLS'] ?? '20');

test('nothing that was answered is lost, whenever the gateway is killed', {
  timeout: 10_000 + KILLS * 5_000,
}, async () => {
  const path = writeConfiguration(sketch({ v1: 1, v2: 0 }));
  let answered = { weight: 0, revision: 0, entries: 0 };
  for (let kill = 0; kill < KILLS; kill++) {
    await using gateway = await startGatewayProcess(['-c', path, '--workers', '0']);
    const { routes } = await statusOf(gateway);
    // What was under way at the kill may have come to stand, too.
    expect([answered.weight, answered.weight + 1]).toContain(routes[0]!.split['v2']);
    expect(routes[0]!.revision).toBeGreaterThanOrEqual(answered.revision);
    const entries = (await auditOf(gateway)).filter(({ what }) => what === 'weights');
    expect(entries.length).toBeGreaterThanOrEqual(Math.min(answered.entries, 1));
    let weight = routes[0]!.split['v2']!;
    const newest: unknown = entries[0]?.to ?? { v1: 1, v2: 0 };
    expect(newest).toEqual({ v1: 1, v2: weight });
    answered = { ...answered, weight, revision: routes[0]!.revision };
    const stop = delay(5 + Math.random() * 120).then(() => gateway.child.kill('SIGKILL'));
    let revision = routes[0]!.revision;
    try {
      for (;;) {
        const reply = await send(gateway, WEIGHTS, { split: { v1: 1, v2: weight + 1 } }, seen(revision));
        expect(reply.status).toBe(200);
        weight += 1;
        revision = reply.body.revision;
        answered = { ...answered, weight, revision, entries: answered.entries + 1 };
      }
    } catch (error) {
      if (!/fetch failed|terminated/.test(String(error))) throw error;
    }
    await stop;
    await gateway.ended;
  }
  expect(answered.entries).toBeGreaterThan(0);
});
