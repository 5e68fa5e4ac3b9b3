import { describe, expect, it } from 'vitest';
import { configText, type Gateway, type MirrorAccount, startGateway } from '../support/gateway.ts';
import { httpOrigin, namedOrigin } from '../support/http-origin.ts';
import { get, load, post, tally } from '../support/load.ts';
import {
  answeringOrigin,
  closedPort,
  okAnswer,
  rawClient,
  type ScriptedOrigin,
  scriptedOrigin,
} from '../support/raw-peer.ts';
import { fieldOf } from '../support/strict-message.ts';

/** Copies to a shadow: bounded, counted, and without any effect on what the client gets. */

/** Resolves with the account once no copy is pending or in flight. */
async function settled(gateway: Gateway): Promise<MirrorAccount> {
  const signal = AbortSignal.timeout(10_000);
  for (;;) {
    const account = gateway.mirrorAccount('all', 'v3');
    if (account.pending === 0 && account.inFlight === 0) return account;
    if (signal.aborted) throw new Error(`copies remain: ${JSON.stringify(account)}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

describe('a copy', () => {
  it('carries the request, marked, without credentials, and its answer goes nowhere', async () => {
    await using v1 = await answeringOrigin(() => okAnswer('primary'));
    await using v3 = await answeringOrigin(() => 'HTTP/1.1 500 X\r\nContent-Length: 6\r\n\r\nshadow');
    const route = { mirror: [{ to: 'v3', methods: ['POST'] }] };
    await using gateway = await startGateway(configText({ versions: { v1: v1.url, v3: v3.url }, route }));
    await using client = await rawClient(gateway.port());
    client.request(
      'POST /a?b',
      ['Authorization: secret', 'Cookie: c=d', 'X-Own: 1', 'Transfer-Encoding: chunked'],
      '2\r\nhi\r\n3\r\n 12\r\n0\r\n\r\n',
    );
    expect((await client.answer()).body.toString()).toBe('primary');
    expect(await settled(gateway)).toMatchObject({ eligible: 1, sent: 1, answered: 1, dropped: 0, failed: 0 });
    const [copy] = v3.requests();
    const [original] = v1.requests();
    expect([copy?.startLine, copy?.body.toString()]).toEqual([original?.startLine, 'hi 12']);
    expect([fieldOf(copy!, 'authorization'), fieldOf(copy!, 'cookie'), fieldOf(copy!, 'x-own')]).toEqual([
      undefined,
      undefined,
      '1',
    ]);
    expect([fieldOf(copy!, 'x-gray-mirror'), fieldOf(copy!, 'host'), fieldOf(copy!, 'x-request-id')]).toEqual([
      'all',
      'gateway.test',
      fieldOf(original!, 'x-request-id'),
    ]);
    expect(fieldOf(original!, 'authorization')).toBe('secret');
    expect(fieldOf(original!, 'x-gray-mirror')).toBeUndefined();
    expect([...gateway.counts().keys()]).toEqual(['all//v1/2xx']);
  });

  it('is made of safe methods alone by default, and never of a copy', async () => {
    await using v1 = await namedOrigin('v1');
    await using v3 = await namedOrigin('v3');
    await using gateway = await startGateway(
      configText({ versions: { v1: v1.url, v3: v3.url }, route: { mirror: [{ to: 'v3' }] } }),
    );
    await load({
      port: gateway.port(),
      requests: 20,
      request: (place) => (place % 2 === 0 ? get('/') : post('/', 'x')),
    });
    await load({ port: gateway.port(), requests: 5, request: () => get('/', ['x-gray-mirror: other']) });
    expect(await settled(gateway)).toMatchObject({ eligible: 25, sent: 10, answered: 10, dropped: 15 });
    expect(v3.requests).toBe(10);
  });

  it('is sampled by percentage', async () => {
    await using v1 = await namedOrigin('v1');
    await using v3 = await namedOrigin('v3');
    const route = { mirror: [{ to: 'v3', percent: 20, inFlight: 1000 }] };
    await using gateway = await startGateway(configText({ versions: { v1: v1.url, v3: v3.url }, route }));
    await load({ port: gateway.port(), requests: 5_000, request: () => get('/') });
    const { sent, notSampled } = await settled(gateway);
    expect(sent + notSampled).toBe(5_000);
    expect(Math.abs(sent / 5_000 - 0.2)).toBeLessThanOrEqual(4 * Math.sqrt((0.2 * 0.8) / 5_000));
  });

  it('whose body is too large is dropped, the primary streams on', async () => {
    await using v1 = await httpOrigin((request, response) => {
      let size = 0;
      request.on('data', (piece: Buffer) => (size += piece.length));
      request.on('end', () => response.end(String(size)));
    });
    await using v3 = await namedOrigin('v3');
    const route = { mirror: [{ to: 'v3', methods: ['POST'], maxBody: '16KiB' }] };
    await using gateway = await startGateway(configText({ versions: { v1: v1.url, v3: v3.url }, route }));
    const answers = await load({
      port: gateway.port(),
      requests: 10,
      request: (place) => post('/', 'x'.repeat(place % 2 === 0 ? 100 : 20_000)),
    });
    expect(tally(answers.map(({ body }) => body))).toEqual({ 100: 5, 20000: 5 });
    expect(await settled(gateway)).toMatchObject({ eligible: 10, sent: 5, dropped: 5 });
  });
});

const FAULTS: readonly [string, () => Promise<ScriptedOrigin>][] = [
  ['hangs after the request', () => scriptedOrigin(() => {})],
  ['resets', () => scriptedOrigin((connection) => connection.head().then(() => connection.reset()))],
  ['answers garbage', () => answeringOrigin(() => 'what?\r\n\r\n')],
  ['answers for ever', () => scriptedOrigin(endless)],
  ['stops within its answer', () => answeringOrigin(() => 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello')],
  ['answers twice', () => answeringOrigin(() => okAnswer('a') + okAnswer('b'))],
];

async function endless(connection: ScriptedOrigin['connections'][number]): Promise<void> {
  await connection.head();
  connection.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
  const chunk = `4000\r\n${'x'.repeat(0x4000)}\r\n`;
  while (!connection.ended && connection.socket.writable) {
    if (!connection.socket.write(chunk))
      await new Promise((resolve) => connection.socket.once('drain', resolve).once('close', resolve));
  }
}

describe('a shadow that', () => {
  it.each(FAULTS)('%s changes nothing for anybody, and the account holds at every look', async (_, open) => {
    await using v1 = await namedOrigin('v1');
    await using v3 = await open();
    const route = { mirror: [{ to: 'v3', methods: ['GET', 'POST'], timeout: '300ms', inFlight: 16 }] };
    await using gateway = await startGateway(configText({ versions: { v1: v1.url, v3: v3.url }, route }));
    const looks = setInterval(() => gateway.mirrorAccount('all', 'v3'), 5);
    const answers = await load({
      port: gateway.port(),
      requests: 600,
      request: (place) => (place % 2 === 0 ? get('/') : post('/', 'hello')),
    });
    clearInterval(looks);
    expect(tally(answers.map(({ status, body }) => `${status} ${body}`))).toEqual({ '200 v1': 600 });
    const account = await settled(gateway);
    expect(account.eligible).toBe(600);
    expect(account.sent + account.dropped).toBe(600);
  });

  it('refuses connections changes nothing either', async () => {
    await using v1 = await namedOrigin('v1');
    const route = { mirror: [{ to: 'v3' }] };
    await using gateway = await startGateway(
      configText({ versions: { v1: v1.url, v3: `http://127.0.0.1:${await closedPort()}` }, route }),
    );
    const answers = await load({ port: gateway.port(), requests: 600, request: () => get('/') });
    expect(tally(answers.map(({ status, body }) => `${status} ${body}`))).toEqual({ '200 v1': 600 });
    const account = await settled(gateway);
    expect([account.eligible, account.answered]).toEqual([600, 0]);
  });

  it('is slow keeps no more copies in flight than it may', async () => {
    await using v1 = await namedOrigin('v1');
    let open = 0;
    let most = 0;
    await using v3 = await scriptedOrigin(async (connection) => {
      most = Math.max(most, ++open);
      await connection.waitForEnd().finally(() => open--);
    });
    const route = { mirror: [{ to: 'v3', inFlight: 4, timeout: '200ms' }] };
    await using gateway = await startGateway(configText({ versions: { v1: v1.url, v3: v3.url }, route }));
    await load({ port: gateway.port(), requests: 500, request: () => get('/') });
    const account = await settled(gateway);
    expect(most).toBeLessThanOrEqual(4);
    expect(account.timedOut).toBe(account.sent);
    expect(account.dropped).toBeGreaterThan(0);
  });
});

it('the version that answers is never also mirrored to', async () => {
  await using v1 = await namedOrigin('v1');
  await using v3 = await namedOrigin('v3');
  const route = { split: { v1: 50, v3: 50 }, mirror: [{ to: 'v3' }] };
  await using gateway = await startGateway(configText({ versions: { v1: v1.url, v3: v3.url }, route }));
  const answers = await load({ port: gateway.port(), requests: 300, request: () => get('/') });
  const counts = tally(answers.map(({ body }) => body));
  const account = await settled(gateway);
  expect([account.eligible, account.sent, account.dropped]).toEqual([300, counts['v1'], counts['v3']]);
  expect(v3.requests).toBe(300);
});
