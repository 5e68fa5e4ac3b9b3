import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { DecisionRecord } from '../../src/telemetry/decision-ring.ts';
import { writeConfiguration } from '../support/configuration-file.ts';
import { eventually } from '../support/eventually.ts';
import { type GatewayProcess, runCommand, startGatewayProcess } from '../support/gateway-process.ts';
import { namedOrigin } from '../support/http-origin.ts';
import { get, load } from '../support/load.ts';

type Line = Readonly<Record<string, unknown>>;

const portOf = (gateway: GatewayProcess): number => Number(new URL(gateway.url('edge')).port);
const parse = (text: string): Line[] =>
  text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Line);

/** What stdout holds behind the lines that say where the gateway listens. */
function logOf({ stdout }: GatewayProcess): Line[] {
  const [head, log] = stdout.split('ready\n');
  expect(head).toMatch(/^(listening \S+ \S+\n)+$/);
  return parse(log!.slice(0, log!.lastIndexOf('\n') + 1));
}

describe.each(['0', '2'])('with --workers %s', (workers) => {
  test('stdout holds whole lines after `ready`, one for each request, the last ones too', async () => {
    await using origin = await namedOrigin('one');
    const path = writeConfiguration({
      versions: { v1: origin.url },
      split: { v1: 1 },
      top: 'accessLog: { to: stdout }\n',
    });
    await using gateway = await startGatewayProcess(['-c', path, '--workers', workers]);
    // Lines of every length, so that batches end anywhere.
    const target = (place: number) => `/${place}?${'x'.repeat((place * 37) % 3000)}`;
    await load({ port: portOf(gateway), requests: 2000, connections: 16, request: (place) => get(target(place)) });
    expect((await gateway.stop()).code).toBe(0);
    const lines = logOf(gateway);
    expect(new Set(lines.map(({ path }) => path))).toEqual(
      new Set(Array.from({ length: 2000 }, (_, place) => `/${place}`)),
    );
    expect(lines).toHaveLength(2000);
    expect(lines.every(({ status, version }) => status === 200 && version === 'v1')).toBe(true);
  });
});

test('a file beside the configuration is written, rotated, and follows a reload', async () => {
  await using origin = await namedOrigin('one');
  const path = writeConfiguration({
    versions: { v1: origin.url },
    split: { v1: 1 },
    top: 'accessLog: { to: access.jsonl }\n',
  });
  await using gateway = await startGatewayProcess(['-c', path, '--workers', '2']);
  const file = join(dirname(path), 'access.jsonl');
  const pathsIn = (name: string) => parse(readFileSync(name, 'utf8')).map((line) => line['path']);
  const ask = (target: string) => load({ port: portOf(gateway), requests: 20, request: () => get(target) });
  await ask('/first');
  await eventually(() => expect(pathsIn(file)).toHaveLength(20));
  renameSync(file, `${file}.1`);
  gateway.child.kill('SIGHUP');
  await eventually(() => expect(readFileSync(file, 'utf8')).toBe(''));
  await ask('/second');
  await eventually(() => expect(pathsIn(file)).toEqual(Array(20).fill('/second')));
  expect(pathsIn(`${file}.1`)).toEqual(Array(20).fill('/first'));
  expect(gateway.stdout.endsWith('ready\n')).toBe(true);
});

test('a decision of a running gateway, and a line of its log, are explained', async () => {
  await using origin = await namedOrigin('one');
  const path = writeConfiguration({
    versions: { v1: origin.url, v2: origin.url },
    split: { v1: 1, v2: 1 },
    route: '    rules: [{ name: beta, when: { header: { x-user: u-1 } }, to: v2 }]\n',
    top: 'accessLog: {}\n',
  });
  await using gateway = await startGatewayProcess(['-c', path, '--workers', '1']);
  const admin = gateway.url('admin');
  await fetch(new URL('/cart', gateway.url('edge')), { headers: { 'x-user': 'u-1', 'x-request-id': 'r-1' } });
  await eventually(() => expect(logOf(gateway)).toHaveLength(1));

  const asked = await runCommand(['explain', '--decision', 'r-1', '--admin', admin]);
  expect(asked.stderr).toBe('');
  expect(asked.stdout).toMatch(
    /^logged +\S+: status 200, version v2, reason rule, rule beta\nnow\nversion +v2\nreason +rule\n/,
  );
  const gone = await runCommand(['explain', '--decision', 'r-2', '--admin', admin]);
  expect([gone.code, gone.stderr]).toEqual([1, expect.stringContaining('the gateway has no decision r-2')]);

  const { decisions } = (await gateway.json('/api/decisions')) as { decisions: DecisionRecord[] };
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(new URL('/api/explain', admin), {
    method: 'POST',
    headers,
    body: JSON.stringify(decisions[0]),
  });
  expect(await answer.json()).toMatchObject({ route: 'web', rule: 'beta', version: 'v2', reason: 'rule' });

  const log = join(dirname(path), 'line.jsonl');
  writeFileSync(log, `${JSON.stringify(logOf(gateway)[0])}\n`);
  const offline = await runCommand(['explain', '--log-line', log, '-c', path, '--json']);
  expect(JSON.parse(offline.stdout)).toMatchObject({
    rule: null,
    reason: 'random',
    logged: { rule: 'beta', version: 'v2' },
    withheld: ['header fields', 'body'],
  });
});
