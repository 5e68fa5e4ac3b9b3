import { mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import type { Status } from '../../src/control/status.ts';
import { configurationText, writeConfiguration } from '../support/configuration-file.ts';
import { eventually } from '../support/eventually.ts';
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts';
import { namedOrigin } from '../support/http-origin.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const V1_ONLY = { v1: 100, v2: 0 };
const V2_ONLY = { v1: 0, v2: 100 };

async function answerOf(gateway: GatewayProcess, headers: Record<string, string> = {}): Promise<string> {
  return (await fetch(gateway.url('edge'), { headers })).text();
}

async function statusOf(gateway: GatewayProcess): Promise<Status> {
  return (await gateway.json('/api/status')) as Status;
}

test('requests follow the file, however it is edited, and no request fails meanwhile', async () => {
  await using v1 = await namedOrigin('one');
  await using v2 = await namedOrigin('two');
  const versions = { v1: v1.url, v2: v2.url };
  const path = writeConfiguration({ versions, split: V1_ONLY });
  await using gateway = await startGatewayProcess(['-c', path]);
  expect(await answerOf(gateway)).toBe('one');

  writeFileSync(path, configurationText({ versions, split: V2_ONLY }));
  await eventually(async () => expect(await answerOf(gateway)).toBe('two'));

  writeFileSync(`${path}.swap`, configurationText({ versions, split: V1_ONLY }));
  renameSync(`${path}.swap`, path);
  await eventually(async () => expect(await answerOf(gateway)).toBe('one'));

  const status = await statusOf(gateway);
  expect(status).toMatchObject({ generation: 3, revision: 3, config: { file: path, error: null } });
  expect(status.routes[0]).toMatchObject({ name: 'web', split: { v1: 100, v2: 0 }, source: 'file', drift: false });
});

test('requests follow the link that Kubernetes swaps', async () => {
  await using v1 = await namedOrigin('one');
  await using v2 = await namedOrigin('two');
  const versions = { v1: v1.url, v2: v2.url };
  const directory = temporaryDirectory();
  const put = (name: string, split: Record<string, number>) => {
    mkdirSync(join(directory, name));
    writeFileSync(join(directory, name, 'graygate.yaml'), configurationText({ versions, split }));
    symlinkSync(name, join(directory, '..data_tmp'));
    renameSync(join(directory, '..data_tmp'), join(directory, '..data'));
  };
  put('..1', V1_ONLY);
  symlinkSync('..data/graygate.yaml', join(directory, 'graygate.yaml'));
  await using gateway = await startGatewayProcess(['-c', join(directory, 'graygate.yaml')]);
  expect(await answerOf(gateway)).toBe('one');
  put('..2', V2_ONLY);
  rmSync(join(directory, '..1'), { recursive: true });
  await eventually(async () => expect(await answerOf(gateway)).toBe('two'));
  put('..3', V1_ONLY);
  await eventually(async () => expect(await answerOf(gateway)).toBe('one'));
});

test('a directory of files is one configuration, merged in name order', async () => {
  await using v1 = await namedOrigin('one');
  await using v2 = await namedOrigin('two');
  const path = writeConfiguration({ versions: { v1: v1.url, v2: v2.url }, split: V1_ONLY });
  const directory = dirname(path);
  await using gateway = await startGatewayProcess(['-c', directory]);
  expect(await answerOf(gateway)).toBe('one');
  writeFileSync(
    join(directory, '10-beta.yaml'),
    'version: 1\nroutes:\n  - { name: beta, service: app, match: { path: { prefix: /beta } }, split: { v2: 1 } }\n',
  );
  await eventually(async () => {
    const response = await fetch(new URL('/beta', gateway.url('edge')));
    expect(await response.text()).toBe('two');
  });
});

test('a bad edit changes nothing, is shown with its place, and the next good one counts', async () => {
  await using v1 = await namedOrigin('one');
  await using v2 = await namedOrigin('two');
  const versions = { v1: v1.url, v2: v2.url };
  const path = writeConfiguration({ versions, split: V1_ONLY });
  await using gateway = await startGatewayProcess(['-c', path]);
  writeFileSync(path, configurationText({ versions, split: { v1: 50, v9: 50 } }));
  const refused = await eventually(async () => {
    const status = await statusOf(gateway);
    expect(status.config.error).not.toBeNull();
    return status;
  });
  expect(refused.config.error).toMatch(new RegExp(`^${path}:\\d+:\\d+ error `));
  expect(refused.generation).toBe(1);
  expect(gateway.stderr).toContain(refused.config.error!.split('\n')[0]);
  expect(await answerOf(gateway)).toBe('one');

  writeFileSync(path, configurationText({ versions, split: V2_ONLY }));
  await eventually(async () => expect(await answerOf(gateway)).toBe('two'));
  expect((await statusOf(gateway)).config.error).toBeNull();
  const metrics = await (await fetch(new URL('/metrics', gateway.url('admin')))).text();
  expect(metrics).toContain('graygate_config_reloads_total{result="ok"} 1');
  expect(metrics).toContain('graygate_config_reloads_total{result="refused"} 1');
});

test('a list is followed too, and one that vanishes stays in force', async () => {
  await using v1 = await namedOrigin('one');
  await using v2 = await namedOrigin('two');
  const rule =
    '    rules:\n      - { name: testers, when: { header: { x-user: { in: { file: users.txt } } } }, to: v2 }\n';
  const path = writeConfiguration({ versions: { v1: v1.url, v2: v2.url }, split: V1_ONLY, route: rule });
  const list = join(dirname(path), 'users.txt');
  writeFileSync(list, 'u-1\n');
  await using gateway = await startGatewayProcess(['-c', path]);
  expect(await answerOf(gateway, { 'x-user': 'u-1' })).toBe('two');
  expect(await answerOf(gateway, { 'x-user': 'u-2' })).toBe('one');
  writeFileSync(list, '# testers\nu-2\n');
  await eventually(async () => expect(await answerOf(gateway, { 'x-user': 'u-2' })).toBe('two'));
  expect(await answerOf(gateway, { 'x-user': 'u-1' })).toBe('one');
  rmSync(list);
  await gateway.says('its last content stays in force', 'stderr');
  expect(await answerOf(gateway, { 'x-user': 'u-2' })).toBe('two');
  gateway.child.kill('SIGHUP');
  await eventually(async () => expect((await statusOf(gateway)).config.error).toContain('users.txt'));
  expect(await answerOf(gateway, { 'x-user': 'u-2' })).toBe('two');
});

test('SIGHUP reads the file now', async () => {
  await using v1 = await namedOrigin('one');
  const path = writeConfiguration({ versions: { v1: v1.url }, split: { v1: 1 } });
  await using gateway = await startGatewayProcess(['-c', path]);
  gateway.child.kill('SIGHUP');
  await eventually(async () => {
    const metrics = await (await fetch(new URL('/metrics', gateway.url('admin')))).text();
    expect(metrics).toContain('graygate_config_reloads_total{result="ok"} 1');
  });
  expect(await statusOf(gateway)).toMatchObject({ generation: 1, revision: 1 });
});

test('a hundred edits fail no request and leave no descriptor behind', async () => {
  await using v1 = await namedOrigin('one');
  await using v2 = await namedOrigin('two');
  const versions = { v1: v1.url, v2: v2.url };
  const path = writeConfiguration({ versions, split: V1_ONLY });
  await using gateway = await startGatewayProcess(['-c', path]);
  let isEditing = true;
  const statuses = new Set<number>();
  const load = (async () => {
    while (isEditing) {
      const response = await fetch(gateway.url('edge'));
      statuses.add(response.status);
      await response.text();
    }
  })();
  const descriptors = () => readdirSync(`/proc/${gateway.child.pid}/fd`).length;
  let before = 0;
  for (let edit = 1; edit <= 100; edit++) {
    writeFileSync(path, configurationText({ versions, split: { v1: 100, v2: edit } }));
    gateway.child.kill('SIGHUP');
    await eventually(async () => expect((await statusOf(gateway)).routes[0]!.split['v2']).toBe(edit));
    if (edit === 10) before = descriptors();
  }
  isEditing = false;
  await load;
  expect([...statuses]).toEqual([200]);
  expect(descriptors()).toBeLessThan(before + 10);
});
