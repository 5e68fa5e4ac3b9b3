import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { writeConfiguration } from '../support/configuration-file.ts';
import { runCommand, startGatewayProcess } from '../support/gateway-process.ts';
import { namedOrigin } from '../support/http-origin.ts';

const RULE = '    rules:\n      - { name: testers, when: { header: { x-user: u-1 } }, to: v2 }\n';
const VERSIONS = { v1: 'http://127.0.0.1:9', v2: 'http://127.0.0.1:10' };

function writeSketch(): string {
  return writeConfiguration({ versions: VERSIONS, split: { v1: 100, v2: 0 }, route: RULE });
}

describe('wrong usage ends with 2, one sentence and the usage line', () => {
  test.each([
    [['run'], /^graygate: the configuration \(-c FILE\) is missing\nusage: graygate run -c FILE/],
    [['run', '-c', 'x', '--worker', '1'], /^graygate: unknown option --worker; did you mean --workers\?\nusage: /],
    [['run', '-c', 'x', '--workers', 'many'], /--workers must be a whole number from 0 to 512, not "many"/],
    [['chekc', '-c', 'x'], /^graygate: unknown command "chekc"; did you mean check\?\n/],
    [['explain', '/x'], /give the configuration with -c FILE, or a running gateway with --admin URL/],
    [['explain', '-c', 'x', '/x', '/y'], /unexpected argument "\/y"/],
    [['explain', '-c', 'x', '/x', '-H', 'novalue'], /a header is given as 'NAME: VALUE', not "novalue"/],
    [['explain', '-c', 'x', '/x', '--time', 'noon'], /"noon" is no time/],
    [[], /usage: graygate COMMAND/],
  ])('%j', async (args, expected) => {
    const { code, stdout, stderr } = await runCommand(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(expected);
  });
});

test('help and version answer on stdout with 0', async () => {
  const help = await runCommand(['help']);
  expect(help).toMatchObject({ code: 0, stderr: '' });
  for (const command of ['run', 'check', 'explain', 'status', 'demo', 'schema', 'version']) {
    expect(help.stdout).toMatch(new RegExp(`^  ${command} `, 'm'));
  }
  expect((await runCommand(['run', '--help'])).stdout).toContain('usage: graygate run -c FILE');
  expect((await runCommand(['version'])).stdout).toMatch(/^graygate \d+\.\d+\.\d+ \(node v\d+/);
});

test('schema prints a JSON Schema', async () => {
  const { code, stdout } = await runCommand(['schema']);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toHaveProperty('$schema');
});

describe('check', () => {
  test('says nothing and ends with 0 when all is well', async () => {
    expect(await runCommand(['check', '-c', writeSketch()])).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  test('prints one line a problem and ends with 1 on an error', async () => {
    const path = writeSketch();
    writeFileSync(path, 'version: 1\nlistners: []\n');
    const { code, stdout } = await runCommand(['check', '-c', path]);
    expect(code).toBe(1);
    const lines = stdout.trimEnd().split('\n');
    for (const line of lines) expect(line).toMatch(/^\S+:\d+:\d+ (error|warning) [a-z0-9-]+ .+$/);
    expect(lines).toContainEqual(expect.stringContaining(`${path}:2:1 error unknown-key`));
  });

  test('ends with 0 on warnings alone', async () => {
    const path = writeConfiguration({
      versions: VERSIONS,
      split: { v1: 1 },
      route: '    override: { header: x-gray }\n',
    });
    const { code, stdout } = await runCommand(['check', '-c', path]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/:\d+:\d+ warning /);
  });

  test('--json prints the issues as data', async () => {
    const path = writeSketch();
    writeFileSync(path, 'version: 1\nlistners: []\n');
    const { code, stdout } = await runCommand(['check', '-c', path, '--json']);
    expect(code).toBe(1);
    const answer = JSON.parse(stdout);
    expect(answer.ok).toBe(false);
    expect(answer.issues).toContainEqual(
      expect.objectContaining({ severity: 'error', file: path, line: 2, column: 1 }),
    );
  });

  test('a file that is not there is one clear line', async () => {
    const { code, stdout } = await runCommand(['check', '-c', '/nowhere.yaml']);
    expect(code).toBe(1);
    expect(stdout).toBe('/nowhere.yaml:1:1 error unreadable-file cannot read /nowhere.yaml: there is no such file\n');
  });
});

describe('explain', () => {
  test('names version, reason, rule and the condition that decided', async () => {
    const { code, stdout } = await runCommand([
      'explain',
      '-c',
      writeSketch(),
      'http://a.example/p?q=1',
      '-H',
      'X-User: u-1',
    ]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^version {2}v2$/m);
    expect(stdout).toMatch(/^reason {3}rule$/m);
    expect(stdout).toMatch(/^rule {5}testers$/m);
    expect(stdout).toMatch(/x-user/);
  });

  test('--json is the answer of the API, and a running gateway gives the same', async () => {
    await using v1 = await namedOrigin('one');
    const path = writeConfiguration({ versions: { v1: v1.url, v2: v1.url }, split: { v1: 100, v2: 0 }, route: RULE });
    await using gateway = await startGatewayProcess(['-c', path]);
    const request = ['/p', '-X', 'POST', '-d', 'a=1', '--ip', '10.0.0.1', '--json'];
    const offline = await runCommand(['explain', '-c', path, ...request]);
    const online = await runCommand(['explain', '--admin', gateway.url('admin'), ...request]);
    const byEnvironment = await runCommand(['explain', ...request], { env: { GRAYGATE_ADMIN: gateway.url('admin') } });
    expect(JSON.parse(offline.stdout)).toMatchObject({ route: 'web', rule: null, version: 'v1', intended: 'v1' });
    expect(JSON.parse(online.stdout)).toEqual(JSON.parse(offline.stdout));
    expect(JSON.parse(byEnvironment.stdout)).toEqual(JSON.parse(offline.stdout));
  });

  test('a request that a listener would refuse is told so', async () => {
    const { code, stderr } = await runCommand(['explain', '-c', writeSketch(), '/a/../b']);
    expect(code).toBe(1);
    expect(stderr).toBe('graygate: a listener refuses the URL "/a/../b": dot-segments\n');
  });
});

describe('status', () => {
  test('shows configured beside observed shares, endpoints and listeners', async () => {
    await using v1 = await namedOrigin('one');
    await using v2 = await namedOrigin('two');
    const path = writeConfiguration({ versions: { v1: v1.url, v2: v2.url }, split: { v1: 3, v2: 1 }, route: RULE });
    await using gateway = await startGatewayProcess(['-c', path]);
    for (let request = 0; request < 4; request++) {
      await (await fetch(gateway.url('edge'), { headers: { 'x-user': 'u-1' } })).text();
    }
    const text = await runCommand(['status', '--admin', gateway.url('admin')]);
    expect(text).toMatchObject({ code: 0, stderr: '' });
    expect(text.stdout).toMatch(/^web +app +v1 +75 % +0 % +0 +file$/m);
    expect(text.stdout).toMatch(/^ +v2 +25 % +100 % +4$/m);
    expect(text.stdout).toContain(`${v1.url}  yes`);
    const json = await runCommand(['status', '--json'], { env: { GRAYGATE_ADMIN: gateway.url('admin') } });
    expect(JSON.parse(json.stdout).routes[0].observed.v2).toEqual({ requests: 4, share: 1 });
  });

  test('asks for a token where one is needed, and takes it from flag or environment', async () => {
    const path = writeConfiguration({ versions: VERSIONS, split: { v1: 1 } });
    const text = readFileSync(path, 'utf8');
    writeFileSync(
      path,
      text.replace(/(admin:\n.*\n)/, '$1  tokens: { viewer: see-only, operator: "$${env:OPERATOR}" }\n'),
    );
    await using gateway = await startGatewayProcess(['-c', path], { env: { OPERATOR: 'may-act' } });
    const admin = gateway.url('admin');
    const without = await runCommand(['status', '--admin', admin]);
    expect(without).toMatchObject({ code: 1, stdout: '' });
    expect(without.stderr).toContain('give --token or GRAYGATE_TOKEN');
    expect((await runCommand(['status', '--admin', admin, '--token', 'see-only'])).code).toBe(0);
    expect((await runCommand(['status', '--admin', admin], { env: { GRAYGATE_TOKEN: 'may-act' } })).code).toBe(0);
  });

  test('says in one sentence that nothing answers', async () => {
    const { code, stderr } = await runCommand(['status', '--admin', 'http://127.0.0.1:9']);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^graygate: no gateway answers at http:\/\/127\.0\.0\.1:9: .+ \(give its admin port with --admin URL\)\n$/,
    );
  });
});
