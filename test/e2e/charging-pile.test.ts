import { cpSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import {
  type Callback,
  callBack,
  callbackService,
  PARTNER_THREE_IV,
  PARTNER_THREE_KEY,
  type Partner,
  type Taken,
} from '../support/charging-partners.ts';
import { eventually } from '../support/eventually.ts';
import { startGatewayProcess } from '../support/gateway-process.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const PARTNERS: readonly Partner[] = ['json', 'form', 'sealed'];
const TEST_PILE = '1000000000000010001';
const TEST_USER = '13800000001';

/** config/charging-pile.yaml with its lists, on this machine's services and free ports. */
function installExample(endpoints: Readonly<Record<string, string>>): {
  readonly path: string;
  readonly edit: (from: RegExp, to: string) => void;
} {
  const directory = temporaryDirectory();
  mkdirSync(join(directory, 'lists'));
  cpSync(join(ROOT, 'config/lists'), join(directory, 'lists'), { recursive: true });
  const path = join(directory, 'graygate.yaml');
  let text = readFileSync(join(ROOT, 'config/charging-pile.yaml'), 'utf8');
  const edit = (from: RegExp, to: string): void => {
    const changed = text.replace(from, to);
    if (changed === text) throw new Error(`${from} is not in the example`);
    text = changed;
    writeFileSync(`${path}.new`, text);
    renameSync(`${path}.new`, path);
  };
  edit(/0\.0\.0\.0:8080/, '127.0.0.1:0');
  edit(/\nservices:/, '\nadmin: { address: 127.0.0.1:0 }\n\nservices:');
  for (const [address, url] of Object.entries(endpoints))
    edit(new RegExp(`http://${address.replaceAll('.', '\\.')}`), url);
  return { path, edit };
}

function callbacksOf(
  prefix: string,
  count: number,
  what: (at: number) => { readonly pile: string; readonly user: string },
): Callback[] {
  return Array.from({ length: count }, (_, at) => ({
    id: `${prefix}-${at}`,
    partner: PARTNERS[at % PARTNERS.length]!,
    ...what(at),
  }));
}

const onTheRoad = (at: number) =>
  at % 2 === 0 ? { pile: TEST_PILE, user: '13900000000' } : { pile: '2000000000000000001', user: TEST_USER };
// As a double it would be the pile on the list.
const everydayUse = (at: number) => ({
  pile: at % 2 === 0 ? '1000000000000010003' : `20000000000000${1000 + at}`,
  user: `1390000${1000 + at}`,
});

test('a road test: listed piles and users on the new version, all others untouched, nothing lost when it dies', async () => {
  const taken: Taken[] = [];
  await using first = await callbackService('v1', taken);
  await using second = await callbackService('v1', taken);
  const canary = await callbackService('v2', taken);
  const canaryUrl = canary.url;
  const { path, edit } = installExample({
    '10.0.0.11:9000': first.url,
    '10.0.0.12:9000': second.url,
    '10.0.0.21:9000': canary.url,
  });
  const env = { PARTNER_THREE_KEY, PARTNER_THREE_IV };
  await using gateway = await startGatewayProcess(['-c', path], { env });
  const url = gateway.url('edge');
  const versionsOf = (callbacks: readonly Callback[]) => {
    const ids = new Set(callbacks.map(({ id }) => id));
    return new Set(taken.filter(({ id }) => ids.has(id)).map(({ version }) => version));
  };
  const send = (callbacks: readonly Callback[]) => Promise.all(callbacks.map((callback) => callBack(url, callback)));

  const tested = callbacksOf('tested', 30, onTheRoad);
  const others = callbacksOf('other', 60, everydayUse);
  expect(new Set(await send([...tested, ...others]))).toEqual(new Set([1]));
  expect([versionsOf(tested), versionsOf(others)]).toEqual([new Set(['v2']), new Set(['v1'])]);

  // The canary goes down in the midst of it.
  const during = callbacksOf('during', 300, onTheRoad);
  const besides = callbacksOf('besides', 300, everydayUse);
  const sent = send(during);
  const sentBesides = send(besides);
  await eventually(() => expect(taken.length).toBeGreaterThan(150));
  await canary[Symbol.asyncDispose]();
  await sent;
  expect(new Set(await sentBesides)).toEqual(new Set([1]));
  for (const { id } of [...during, ...besides]) expect(taken.some((one) => one.id === id)).toBe(true);
  expect(versionsOf(besides)).toEqual(new Set(['v1']));
  const after = callbacksOf('after', 30, onTheRoad);
  expect(new Set(await send(after))).toEqual(new Set([1]));
  expect(versionsOf(after)).toEqual(new Set(['v1']));

  // It comes back, and a pile joins by a line in a file.
  await using again = await callbackService('v2', taken);
  edit(new RegExp(canaryUrl), again.url);
  const pile = callbacksOf('joined', 1, () => ({ pile: '3000000000000000007', user: '1' }))[0]!;
  writeFileSync(join(path, '../lists/test-piles.txt'), `${TEST_PILE}\n${pile.pile}\n`);
  let at = 0;
  await eventually(async () => {
    const attempt = { ...pile, id: `joined-${at++}` };
    await callBack(url, attempt);
    expect(versionsOf([attempt])).toEqual(new Set(['v2']));
  });

  // One switch, and everybody is on the old version.
  edit(/road-test: on/, 'road-test: off');
  await eventually(async () => {
    const attempt = { ...pile, id: `off-${at++}` };
    await callBack(url, attempt);
    expect(versionsOf([attempt])).toEqual(new Set(['v1']));
  });
  expect(taken.every(({ isSigned }) => isSigned)).toBe(true);
});

test('the guide shows the example as it is', () => {
  const guide = readFileSync(join(ROOT, 'docs/guides/charging-pile.md'), 'utf8');
  const blocks = [...guide.matchAll(/```yaml\n([\s\S]*?)```/g)].map((match) => match[1]!);
  expect(blocks.length).toBeGreaterThan(0);
  const example = readFileSync(join(ROOT, 'config/charging-pile.yaml'), 'utf8');
  for (const block of blocks) expect(example).toContain(block.trim());
});
