import { once } from 'node:events';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Status } from '../../src/control/status.ts';
import { configurationText, writeConfiguration } from '../support/configuration-file.ts';
import { eventually } from '../support/eventually.ts';
import { GatewayProcess, runCommand, startGatewayProcess } from '../support/gateway-process.ts';
import { httpOrigin, namedOrigin } from '../support/http-origin.ts';

const NOWHERE = { v1: 'http://127.0.0.1:9' };
const ALL_V1 = { v1: 1 };

test('run prints what it listens on, then ready, and nothing else on stdout', async () => {
  const path = writeConfiguration({ versions: NOWHERE, split: ALL_V1 });
  await using gateway = await startGatewayProcess(['-c', path, '--workers', '0']);
  expect(gateway.stdout).toMatch(
    /^listening edge http:\/\/127\.0\.0\.1:\d+\nlistening admin http:\/\/127\.0\.0\.1:\d+\nready\n$/,
  );
  expect((await fetch(new URL('/readyz', gateway.url('admin')))).status).toBe(200);
  const { workers, listeners } = (await gateway.json('/api/status')) as Status;
  expect(workers).toEqual([{ id: 1, pid: gateway.child.pid, generation: 1 }]);
  expect(listeners).toEqual([{ name: 'edge', address: '127.0.0.1', port: Number(new URL(gateway.url('edge')).port) }]);
});

test('SIGTERM lets a request finish, is not ready meanwhile, and ends with 0', async () => {
  let finish = () => {};
  const begun = Promise.withResolvers<void>();
  await using origin = await httpOrigin((_request, response) => {
    response.write('begun ');
    finish = () => response.end('finished');
    begun.resolve();
  });
  const path = writeConfiguration({ versions: { v1: origin.url }, split: ALL_V1 });
  await using gateway = await startGatewayProcess(['-c', path]);
  const pending = fetch(gateway.url('edge'));
  await begun.promise;
  gateway.child.kill('SIGTERM');
  await eventually(async () => expect((await fetch(new URL('/readyz', gateway.url('admin')))).status).toBe(503));
  await eventually(() => expect(fetch(gateway.url('edge'))).rejects.toThrow());
  finish();
  expect(await (await pending).text()).toBe('begun finished');
  expect((await gateway.ended).code).toBe(0);
});

test('the second signal ends it at once', async () => {
  const begun = Promise.withResolvers<void>();
  await using origin = await httpOrigin(() => begun.resolve());
  const path = writeConfiguration({ versions: { v1: origin.url }, split: ALL_V1 });
  await using gateway = await startGatewayProcess(['-c', path]);
  const pending = fetch(gateway.url('edge')).catch(() => 'cut');
  await begun.promise;
  gateway.child.kill('SIGINT');
  await gateway.says('finishing what was begun', 'stderr');
  gateway.child.kill('SIGTERM');
  expect((await gateway.ended).code).toBe(0);
  expect(await pending).toBe('cut');
});

test('Ctrl-C that npm passes on once more counts once; pressed again it ends at once', async () => {
  const begun = Promise.withResolvers<void>();
  let finish = () => {};
  await using origin = await httpOrigin((_request, response) => {
    finish = () => response.end('finished');
    begun.resolve();
  });
  const path = writeConfiguration({ versions: { v1: origin.url }, split: ALL_V1 });
  await using gateway = await startGatewayProcess(['-c', path]);
  const pending = fetch(gateway.url('edge'));
  await begun.promise;
  gateway.child.kill('SIGINT');
  gateway.child.kill('SIGINT');
  await gateway.says('finishing what was begun', 'stderr');
  finish();
  expect(await (await pending).text()).toBe('finished');
  expect((await gateway.ended).code).toBe(0);

  await using again = await startGatewayProcess(['-c', path]);
  const cut = fetch(again.url('edge')).catch(() => 'cut');
  await eventually(() => {
    again.child.kill('SIGINT');
    // One more that comes while it is ending may end it sooner.
    expect(again.child.exitCode ?? again.child.signalCode).not.toBeNull();
  });
  expect(await cut).toBe('cut');
});

test('of many that start on the state of a killed one at once, one runs', async () => {
  const path = writeConfiguration({ versions: NOWHERE, split: ALL_V1 });
  await using first = await startGatewayProcess(['-c', path]);
  await first.stop('SIGKILL');
  const contenders = Array.from({ length: 5 }, () => new GatewayProcess(['run', '-c', path]));
  try {
    await eventually(() => {
      const refused = contenders.filter(({ child }) => child.exitCode === 1);
      const running = contenders.filter(({ stdout }) => stdout.endsWith('ready\n'));
      expect([refused.length, running.length]).toEqual([4, 1]);
    }, 20_000);
  } finally {
    for (const contender of contenders) await contender[Symbol.asyncDispose]();
  }
});

test('what is not finished within the grace is cut', async () => {
  const begun = Promise.withResolvers<void>();
  await using origin = await httpOrigin(() => begun.resolve());
  const path = writeConfiguration({ versions: { v1: origin.url }, split: ALL_V1, top: 'grace: 200ms\n' });
  await using gateway = await startGatewayProcess(['-c', path]);
  const pending = fetch(gateway.url('edge')).then(
    (response) => response.status,
    () => 'cut',
  );
  await begun.promise;
  expect((await gateway.stop()).code).toBe(0);
  expect([503, 'cut']).toContain(await pending);
});

test('a reader of stdout that goes away does not end the gateway', async () => {
  await using origin = await namedOrigin('one');
  const path = writeConfiguration({ versions: { v1: origin.url }, split: ALL_V1 });
  await using gateway = await startGatewayProcess(['-c', path]);
  gateway.child.stdout.destroy();
  gateway.child.stderr.destroy();
  writeFileSync(path, 'broken: [');
  await eventually(async () => expect(((await gateway.json('/api/status')) as Status).config.error).not.toBeNull());
  expect(await (await fetch(gateway.url('edge'))).text()).toBe('one');
  expect((await gateway.stop()).code).toBe(0);
});

describe('a start is refused with exit 1 and a clear sentence', () => {
  test('when the address of a listener is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const path = writeConfiguration({ versions: NOWHERE, split: ALL_V1 });
    writeFileSync(
      path,
      configurationText({ versions: NOWHERE, split: ALL_V1 }).replace(
        'address: 127.0.0.1:0',
        `address: 127.0.0.1:${port}`,
      ),
    );
    const { code, stdout, stderr } = await runCommand(['run', '-c', path]);
    taken.close();
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toBe(
      `graygate: listener edge cannot listen on 127.0.0.1:${port}: the address is already in use; change listeners.edge.address, or stop what listens there\n`,
    );
  });

  test('when the admin address is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const text = configurationText({ versions: NOWHERE, split: ALL_V1 }).replace(
      /(admin:\n {2}address: 127\.0\.0\.1):0/,
      `$1:${port}`,
    );
    const path = writeConfiguration({ versions: NOWHERE, split: ALL_V1 });
    writeFileSync(path, text);
    const { code, stderr } = await runCommand(['run', '-c', path]);
    taken.close();
    expect(code).toBe(1);
    expect(stderr).toContain(`127.0.0.1:${port}`);
    expect(stderr).toContain('admin.address');
  });

  test('when the file is broken, with every error', async () => {
    const path = writeConfiguration({ versions: NOWHERE, split: { v8: 1 }, top: 'swiches: {}\n' });
    const { code, stdout, stderr } = await runCommand(['run', '-c', path]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/v8/);
    expect(stderr).toMatch(/swiches.*did you mean.*switches/);
    expect(stderr).toMatch(/the configuration is refused: \d errors\n$/);
  });

  test('when there is no file', async () => {
    const { code, stderr } = await runCommand(['run', '-c', '/nowhere/graygate.yaml']);
    expect(code).toBe(1);
    expect(stderr).toContain('cannot read /nowhere/graygate.yaml: there is no such file');
  });

  test('when another gateway holds the state directory', async () => {
    const path = writeConfiguration({ versions: NOWHERE, split: ALL_V1 });
    await using gateway = await startGatewayProcess(['-c', path]);
    const second = await runCommand(['run', '-c', path]);
    expect(second.code).toBe(1);
    expect(second.stderr).toBe(
      `graygate: the state directory ${join(dirname(path), '.graygate')} is in use by process ${gateway.child.pid}; stop it, or give this gateway its own with --state DIR\n`,
    );
    const elsewhere = join(dirname(path), 'other-state');
    await using third = await startGatewayProcess(['-c', path, '--state', elsewhere]);
    expect(existsSync(elsewhere)).toBe(true);
    expect((await third.stop()).code).toBe(0);
  });
});

test('a gateway that was killed leaves no lock in the way', async () => {
  const path = writeConfiguration({ versions: NOWHERE, split: ALL_V1 });
  await using first = await startGatewayProcess(['-c', path]);
  await first.stop('SIGKILL');
  await using second = await startGatewayProcess(['-c', path]);
  expect((await second.stop()).code).toBe(0);
});

test('--last-good starts on what was accepted last, and says what is wrong with the file', async () => {
  await using origin = await namedOrigin('one');
  const versions = { v1: origin.url };
  const path = writeConfiguration({ versions, split: ALL_V1 });
  const refused = await runCommand(['run', '-c', `${path}x`, '--last-good']);
  expect(refused.stderr).toContain('there is no last good one');
  await using first = await startGatewayProcess(['-c', path]);
  await first.stop();
  writeFileSync(path, 'version: 1\nroutes: nonsense\n');
  await using second = await startGatewayProcess(['-c', path, '--last-good']);
  expect(await (await fetch(second.url('edge'))).text()).toBe('one');
  const status = (await second.json('/api/status')) as Status;
  expect(status).toMatchObject({ revision: 1, config: { error: expect.stringContaining(`${path}:`) } });
  writeFileSync(path, `${configurationText({ versions, split: ALL_V1 })}# repaired\n`);
  await eventually(async () =>
    expect(await second.json('/api/status')).toMatchObject({ revision: 2, config: { error: null } }),
  );
});

test('live state that was stored is in force after a start, and shown as drift', async () => {
  await using v1 = await namedOrigin('one');
  await using v2 = await namedOrigin('two');
  const path = writeConfiguration({ versions: { v1: v1.url, v2: v2.url }, split: { v1: 100, v2: 0 } });
  await using first = await startGatewayProcess(['-c', path]);
  await first.stop();
  const live = join(dirname(path), '.graygate', 'live.json');
  writeFileSync(live, JSON.stringify({ weights: { web: { v1: 0, v2: 100 } }, switches: {} }));
  await using second = await startGatewayProcess(['-c', path]);
  expect(await (await fetch(second.url('edge'))).text()).toBe('two');
  const { routes } = (await second.json('/api/status')) as Status;
  expect(routes[0]).toMatchObject({ split: { v1: 0, v2: 100 }, source: 'live', drift: true });
  rmSync(live);
});
