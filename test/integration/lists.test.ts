import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createApp } from '../../src/app.ts';
import { configurationText } from '../support/configuration-file.ts';
import { eventually } from '../support/eventually.ts';
import { type HttpOrigin, namedOrigin } from '../support/http-origin.ts';
import { rawClient } from '../support/raw-peer.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

/** A whole gateway on a configuration with one list, which tells piles from the rest. */
async function startWithList(v1: HttpOrigin, v2: HttpOrigin, list: string, workers = 0) {
  const directory = temporaryDirectory();
  mkdirSync(join(directory, 'lists'));
  const listPath = join(directory, 'lists/piles.txt');
  const configPath = join(directory, 'graygate.yaml');
  const route = `    rules:
      - { name: piles, when: { body: { pointer: /pile, in: { file: lists/piles.txt } } }, to: v2 }
      - { name: others, when: { header: { x-pile: { in: { file: lists/piles.txt } } } }, to: v2 }
`;
  const write = (more = '') =>
    writeFileSync(
      configPath,
      configurationText({ versions: { v1: v1.url, v2: v2.url }, split: { v1: 1 }, route: route + more }),
    );
  writeFileSync(listPath, list);
  write();
  const messages: string[] = [];
  const app = await createApp({ configPath, workers, env: {}, log: (_, message) => void messages.push(message) });
  onTestFinished(() => app.stop());
  const startedAt = performance.now();
  const [edge] = await app.start();
  const startMs = performance.now() - startedAt;
  const versionOf = async (pile: string): Promise<string> => {
    await using client = await rawClient(edge!.port);
    const body = JSON.stringify({ pile });
    client.request('POST /', ['Content-Type: application/json', `Content-Length: ${body.length}`], body);
    return (await client.answer()).body.toString();
  };
  const replace = (text: string | Uint8Array): void => {
    writeFileSync(`${listPath}.new`, text);
    renameSync(`${listPath}.new`, listPath);
  };
  return { app, listPath, write, messages, versionOf, replace, startMs };
}

test('a list is taken up by itself, kept when it vanishes or breaks, and asked for by a new configuration', async () => {
  await using v1 = await namedOrigin('v1');
  await using v2 = await namedOrigin('v2');
  const { listPath, write, messages, versionOf, replace } = await startWithList(v1, v2, 'p-1\n');
  expect([await versionOf('p-1'), await versionOf('p-2')]).toEqual(['v2', 'v1']);
  replace('p-2 # instead\n');
  await eventually(async () => expect([await versionOf('p-1'), await versionOf('p-2')]).toEqual(['v1', 'v2']));
  rmSync(listPath);
  await eventually(() => expect(messages.join('\n')).toContain('its last content stays in force'));
  expect([await versionOf('p-1'), await versionOf('p-2')]).toEqual(['v1', 'v2']);
  write('    decisionHeaders: true\n');
  await eventually(() => expect(messages.join('\n')).toContain('list-unreadable'));
  expect(await versionOf('p-2')).toBe('v2');
  replace('p-1\np-3\n');
  await eventually(async () => expect([await versionOf('p-2'), await versionOf('p-3')]).toEqual(['v1', 'v2']));
  messages.length = 0;
  replace(Uint8Array.from([0xff, 0xfe, 0x00]));
  await eventually(() =>
    expect(messages.join('\n')).toContain('it is not UTF-8 text; its last content stays in force'),
  );
  expect(await versionOf('p-3')).toBe('v2');
});

test('500,000 lines: there at the start, and a change of them hardly stops the traffic', async () => {
  await using v1 = await namedOrigin('v1');
  await using v2 = await namedOrigin('v2');
  const lines = Array.from({ length: 500_000 }, (_, at) => `pile-${at * 7919}`);
  const { versionOf, replace, startMs } = await startWithList(v1, v2, lines.join('\n'));
  expect(startMs).toBeLessThan(3_000);
  expect([await versionOf(lines[0]!), await versionOf(lines.at(-1)!), await versionOf('pile-1')]).toEqual([
    'v2',
    'v2',
    'v1',
  ]);
  replace(`${lines.join('\n')}\npile-1\n`);
  await eventually(async () => expect(await versionOf('pile-1')).toBe('v2'));
  expect(await versionOf(lines[77]!)).toBe('v2');
});
