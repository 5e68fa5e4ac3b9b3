import { createHash, randomBytes } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { configText, type Gateway, startGateway } from '../support/gateway.ts';
import { HttpOrigin, httpOrigin, namedOrigin } from '../support/http-origin.ts';
import { get, load, post, tally } from '../support/load.ts';
import { settled, watchAccount } from '../support/mirrors.ts';
import {
  answeringOrigin,
  closedPort,
  type OriginConnection,
  okAnswer,
  rawClient,
  type ScriptedOrigin,
  scriptedOrigin,
} from '../support/raw-peer.ts';

/** Shadows that fail in every way, clients that leave, bounds that are reached: the primary knows nothing, the account everything. */

const MIB = 1024 * 1024;

async function trickle(connection: OriginConnection): Promise<void> {
  await connection.head();
  connection.send('HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n');
  while (!connection.ended) {
    connection.send('x');
    await delay(20);
  }
}

/** `bytes` of an answer, as fast as they are taken. */
function flood(bytes: number): (connection: OriginConnection) => Promise<void> {
  return async (connection) => {
    await connection.head();
    connection.send(`HTTP/1.1 200 OK\r\nContent-Length: ${bytes}\r\n\r\n`);
    const block = Buffer.alloc(64 * 1024, 'x');
    for (let sent = 0; sent < bytes && !connection.ended && connection.socket.writable; sent += block.length) {
      if (!connection.socket.write(block))
        await new Promise((resolve) => connection.socket.once('drain', resolve).once('close', resolve));
    }
  };
}

async function endless(connection: OriginConnection): Promise<void> {
  await connection.head();
  connection.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
  const chunk = `4000\r\n${'x'.repeat(0x4000)}\r\n`;
  while (!connection.ended && connection.socket.writable) {
    if (!connection.socket.write(chunk))
      await new Promise((resolve) => connection.socket.once('drain', resolve).once('close', resolve));
  }
}

/** What each shadow does, and how its copies may end. */
const FAULTS: readonly [string, () => Promise<ScriptedOrigin>, readonly ('answered' | 'timedOut' | 'failed')[]][] = [
  ['hangs after the request', () => scriptedOrigin(() => {}), ['timedOut']],
  ['reads nothing', () => scriptedOrigin(({ socket }) => void socket.pause()), ['timedOut']],
  ['resets at once', () => scriptedOrigin((connection) => connection.reset()), ['failed']],
  ['resets in the midst', () => answeringOrigin((_, connection) => resetAfterHalf(connection)), ['failed']],
  ['closes without a word', () => scriptedOrigin((c) => c.head().then(() => c.finish())), ['failed']],
  ['answers garbage', () => answeringOrigin(() => 'what?\r\n\r\n'), ['failed']],
  ['answers in another protocol', () => answeringOrigin(() => '\x16\x03\x01\x02\x00\x01\x00\r\n\r\n'), ['failed']],
  ['upgrades unasked', () => answeringOrigin(() => 'HTTP/1.1 101 Go\r\nUpgrade: x\r\n\r\n'), ['failed']],
  ['answers a byte now and then', () => scriptedOrigin(trickle), ['timedOut']],
  ['answers a GiB', () => scriptedOrigin(flood(1024 * MIB)), ['answered', 'timedOut']],
  ['answers for ever', () => scriptedOrigin(endless), ['answered', 'timedOut']],
  [
    'stops within its answer',
    () => answeringOrigin(() => 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello'),
    ['timedOut'],
  ],
  ['answers twice', () => answeringOrigin(() => okAnswer('a') + okAnswer('b')), ['answered', 'failed']],
  [
    'redirects',
    () => answeringOrigin(() => 'HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n'),
    ['answered'],
  ],
  ['is full', () => answeringOrigin(() => 'HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n'), ['answered']],
  ['says 100 for ever', () => scriptedOrigin(continues), ['failed', 'timedOut']],
];

function resetAfterHalf(connection: OriginConnection): string {
  setTimeout(() => connection.reset(), 5);
  return 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello';
}

async function continues(connection: OriginConnection): Promise<void> {
  await connection.head();
  while (!connection.ended) {
    connection.send('HTTP/1.1 100 Continue\r\n\r\n');
    await delay(5);
  }
}

const MIRROR = { to: 'v3', methods: ['GET', 'POST'], timeout: '250ms', inFlight: 16 };

describe('a shadow that', () => {
  it.each(FAULTS)('%s changes nothing for anybody, and the account holds at every look', async (_, open, outcomes) => {
    await using v1 = await namedOrigin('v1');
    await using v3 = await open();
    const text = configText({ versions: { v1: v1.url, v3: v3.url }, route: { mirror: [MIRROR] } });
    await using gateway = await startGateway(text);
    using _looks = watchAccount(gateway);
    const answers = await load({
      port: gateway.port(),
      requests: 400,
      request: (place) => (place % 2 === 0 ? get('/') : post('/', 'hello'.repeat(2_000))),
    });
    expect(tally(answers.map(({ status, body }) => `${status} ${body}`))).toEqual({ '200 v1': 400 });
    const account = await settled(gateway);
    expect(account.eligible).toBe(400);
    expect(account.sent).toBeGreaterThan(0);
    const ends = (['answered', 'timedOut', 'failed'] as const).filter((outcome) => account[outcome] > 0);
    expect(outcomes).toEqual(expect.arrayContaining(ends));
  });

  it('refuses connections changes nothing either, and rests', async () => {
    await using v1 = await namedOrigin('v1');
    const dead = `http://127.0.0.1:${await closedPort()}`;
    await using gateway = await startGateway(
      configText({ versions: { v1: v1.url, v3: dead }, route: { mirror: [{ to: 'v3' }] } }),
    );
    using _looks = watchAccount(gateway);
    const answers = await load({ port: gateway.port(), requests: 600, request: () => get('/') });
    expect(tally(answers.map(({ status, body }) => `${status} ${body}`))).toEqual({ '200 v1': 600 });
    const account = await settled(gateway);
    expect([account.eligible, account.answered]).toEqual([600, 0]);
    expect(account.reasons['breaker']).toBeGreaterThan(500);
  });

  it('comes back is tried again after its rest, one copy first', async () => {
    await using v1 = await namedOrigin('v1');
    const port = await closedPort();
    await using gateway = await startGateway(
      configText({ versions: { v1: v1.url, v3: `http://127.0.0.1:${port}` }, route: { mirror: [{ to: 'v3' }] } }),
    );
    const one = (): Promise<unknown> => load({ port: gateway.port(), requests: 1, request: () => get('/') });
    await eventually(async () => {
      await one();
      expect((await settled(gateway)).reasons['breaker']).toBeGreaterThan(0);
    });
    await using v3 = await new HttpOrigin((_, response) => response.end('back')).listen(port);
    await eventually(async () => {
      await one();
      expect((await settled(gateway)).answered).toBeGreaterThan(0);
    });
    const before = await settled(gateway);
    await load({ port: gateway.port(), requests: 20, request: () => get('/') });
    expect((await settled(gateway)).answered).toBe(before.answered + 20);
    expect(v3.requests).toBe(before.answered + 20);
  });

  it('is slow keeps no more copies in flight than it may, and no more connections', async () => {
    await using v1 = await namedOrigin('v1');
    let open = 0;
    let most = 0;
    await using v3 = await scriptedOrigin(async (connection) => {
      most = Math.max(most, ++open);
      await connection.waitForEnd().finally(() => open--);
    });
    const route = { mirror: [{ to: 'v3', inFlight: 4, timeout: '200ms' }] };
    await using gateway = await startGateway(configText({ versions: { v1: v1.url, v3: v3.url }, route }));
    using _looks = watchAccount(gateway);
    await load({ port: gateway.port(), requests: 500, request: () => get('/') });
    const account = await settled(gateway);
    expect(most).toBeLessThanOrEqual(4);
    expect(account.timedOut).toBe(account.sent);
    expect(account.dropped).toBeGreaterThan(0);
  });

  it('is fast keeps its connections', async () => {
    await using v1 = await namedOrigin('v1');
    await using v3 = await answeringOrigin(() => okAnswer('shadow'));
    await using gateway = await startGateway(
      configText({ versions: { v1: v1.url, v3: v3.url }, route: { mirror: [{ to: 'v3' }] } }),
    );
    await load({ port: gateway.port(), requests: 500, connections: 4, request: () => get('/') });
    expect(await settled(gateway)).toMatchObject({ sent: 500, answered: 500 });
    expect(v3.connections.length).toBeLessThanOrEqual(5);
  });
});

describe('a body', () => {
  it('too large for a copy drops it, and streams on', async () => {
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
    expect(await settled(gateway)).toMatchObject({ eligible: 10, sent: 5, reasons: { 'body-too-large': 5 } });
  });

  it('in chunks that grows too large gives back what was held', async () => {
    await using v1 = await namedOrigin('v1');
    await using v3 = await namedOrigin('v3');
    const route = { mirror: [{ to: 'v3', methods: ['POST'], maxBody: '16KiB' }] };
    await using gateway = await startGateway(configText({ versions: { v1: v1.url, v3: v3.url }, route }));
    await using client = await rawClient(gateway.port());
    client.request('POST /', ['Transfer-Encoding: chunked']);
    client.send(`1000\r\n${'x'.repeat(0x1000)}\r\n`);
    await eventually(() => expect(gateway.plane.held()).toMatchObject({ copies: 1, mirroredBytes: 0x1000 }));
    client.send(`4000\r\n${'x'.repeat(0x4000)}\r\n`);
    await eventually(() => expect(gateway.plane.held()).toMatchObject({ copies: 0, mirroredBytes: 0 }));
    client.send('0\r\n\r\n');
    expect((await client.answer()).body.toString()).toBe('v1');
    expect(await settled(gateway)).toMatchObject({ eligible: 1, reasons: { 'body-too-large': 1 } });
  });

  it('for which there is no room among all copies drops them', async () => {
    await using v1 = await namedOrigin('v1');
    await using v3 = await scriptedOrigin(() => {});
    await using gateway = await startGateway(
      configText({
        versions: { v1: v1.url, v3: v3.url },
        route: { mirror: [{ to: 'v3', methods: ['POST'], timeout: '300ms' }] },
        top: { mirroring: { bytes: '64KiB' } },
      }),
    );
    using _looks = watchAccount(gateway);
    let most = 0;
    const looks = setInterval(() => {
      most = Math.max(most, gateway.plane.held().mirroredBytes);
    }, 2);
    await load({ port: gateway.port(), requests: 60, request: () => post('/', 'x'.repeat(20_000)) });
    clearInterval(looks);
    const account = await settled(gateway);
    expect(most).toBeLessThanOrEqual(64 * 1024);
    expect(account.reasons['bytes']).toBeGreaterThan(0);
    expect(account.timedOut).toBe(account.sent);
  });

  it('of 100 MB arrives whole while it is copied, and nothing of it stays', async () => {
    const size = 100 * MIB;
    const block = randomBytes(MIB);
    const sums: string[] = [];
    await using v1 = await httpOrigin((request, response) => {
      const hash = createHash('sha256');
      request.on('data', (piece: Buffer) => hash.update(piece));
      request.on('end', () => {
        sums.push(hash.digest('hex'));
        response.end('v1');
      });
    });
    await using v3 = await namedOrigin('v3');
    const route = { mirror: [{ to: 'v3', methods: ['POST'], maxBody: '1MiB' }] };
    await using gateway = await startGateway(configText({ versions: { v1: v1.url, v3: v3.url }, route }));
    const expected = createHash('sha256');
    for (let at = 0; at < 100; at++) expected.update(block);
    const sum = expected.digest('hex');
    for (const headers of [{ 'content-length': size }, {}]) {
      const answered = Promise.withResolvers<number>();
      const upload = httpRequest({ port: gateway.port(), host: '127.0.0.1', method: 'POST', headers }, (response) => {
        response.resume();
        answered.resolve(response.statusCode!);
      }).on('error', answered.reject);
      for (let at = 0; at < 100; at++) {
        expect(gateway.plane.held().mirroredBytes).toBeLessThanOrEqual(MIB);
        if (!upload.write(block)) await new Promise((resolve) => upload.once('drain', resolve));
      }
      upload.end();
      expect(await answered.promise).toBe(200);
    }
    expect(sums).toEqual([sum, sum]);
    expect(await settled(gateway)).toMatchObject({ eligible: 2, reasons: { 'body-too-large': 2 } });
  });
});

describe('a client that leaves', () => {
  it('within its body takes its copy along', async () => {
    await using v1 = await namedOrigin('v1');
    await using v3 = await namedOrigin('v3');
    const route = { mirror: [{ to: 'v3', methods: ['POST'] }] };
    await using gateway = await startGateway(configText({ versions: { v1: v1.url, v3: v3.url }, route }));
    for (const leave of ['reset', 'destroy'] as const) {
      const client = await rawClient(gateway.port());
      client.request('POST /', ['Content-Length: 100'], 'half of it');
      await eventually(() => expect(gateway.mirrorAccount('all', 'v3').pending).toBe(1));
      client[leave]();
      await settled(gateway);
    }
    expect(await settled(gateway)).toMatchObject({ eligible: 2, sent: 0, reasons: { 'client-abort': 2 } });
    expect(v3.requests).toBe(0);
  });

  it('before its answer has been copied all the same', async () => {
    await using v1 = await scriptedOrigin(() => {});
    await using v3 = await namedOrigin('v3');
    await using gateway = await startGateway(
      configText({ versions: { v1: v1.url, v3: v3.url }, route: { mirror: [{ to: 'v3' }] } }),
    );
    const client = await rawClient(gateway.port());
    client.request('GET /');
    await eventually(() => expect(v3.requests).toBe(1));
    client.reset();
    expect(await settled(gateway)).toMatchObject({ eligible: 1, answered: 1 });
  });

  it('with an answer that came before its body was whole leaves nothing behind', async () => {
    await using v1 = await scriptedOrigin(async (connection) => {
      await connection.head();
      connection.send('HTTP/1.1 413 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
      connection.finish();
    });
    await using v3 = await namedOrigin('v3');
    const route = { mirror: [{ to: 'v3', methods: ['POST'] }] };
    await using gateway = await startGateway(configText({ versions: { v1: v1.url, v3: v3.url }, route }));
    await using client = await rawClient(gateway.port());
    client.request('POST /', ['Content-Length: 100'], 'half of it');
    expect((await client.answer()).status).toBe(413);
    expect(await settled(gateway)).toMatchObject({ eligible: 1, sent: 0, reasons: { 'client-abort': 1 } });
  });

  it('sends a body that turns out malformed is not copied', async () => {
    await using v1 = await namedOrigin('v1');
    await using v3 = await namedOrigin('v3');
    const route = { mirror: [{ to: 'v3', methods: ['POST'] }] };
    await using gateway = await startGateway(configText({ versions: { v1: v1.url, v3: v3.url }, route }));
    await using client = await rawClient(gateway.port());
    client.request('POST /', ['Transfer-Encoding: chunked'], '2\r\nhi\r\nzz\r\n');
    expect((await client.answer()).status).toBe(400);
    expect(await settled(gateway)).toMatchObject({ eligible: 1, sent: 0, reasons: { 'client-abort': 1 } });
  });

  it('again and again, with shadows that hang and bodies of every size, leaves an account that holds', async () => {
    await using v1 = await namedOrigin('v1');
    await using v3 = await scriptedOrigin(() => {});
    const route = { mirror: [{ to: 'v3', methods: ['GET', 'POST'], timeout: '200ms', maxBody: '8KiB', inFlight: 8 }] };
    await using gateway = await startGateway(configText({ versions: { v1: v1.url, v3: v3.url }, route }));
    using _looks = watchAccount(gateway);
    let sent = 0;
    const leaver = async (seed: number): Promise<void> => {
      for (let round = 0; round < 25; round++) {
        const client = await rawClient(gateway.port());
        const size = ((seed * 31 + round * 17) % 7) * 2_500;
        client.request('POST /', [`Content-Length: ${size}`], 'x'.repeat(Math.max(0, size - (round % 3))));
        sent++;
        if (round % 2 === 0) await delay(round % 5);
        if (round % 3 === 0) client.reset();
        else client.destroy();
        await client.waitForEnd();
      }
    };
    await Promise.all([
      ...Array.from({ length: 6 }, (_, seed) => leaver(seed)),
      load({ port: gateway.port(), requests: 500, request: () => get('/') }),
    ]);
    const account = await settled(gateway);
    expect(account.eligible).toBeGreaterThanOrEqual(500);
    expect(account.eligible).toBeLessThanOrEqual(500 + sent);
  });
});

describe('a gateway that stops', () => {
  it('lets a copy whose body is still coming be sent, and makes no new ones', async () => {
    await using v1 = await namedOrigin('v1');
    await using v3 = await namedOrigin('v3');
    const route = { mirror: [{ to: 'v3', methods: ['GET', 'POST'] }] };
    const gateway = await startGateway(configText({ versions: { v1: v1.url, v3: v3.url }, route }));
    await using client = await rawClient(gateway.port());
    await using other = await rawClient(gateway.port());
    client.request('POST /', ['Content-Length: 10'], 'hello');
    other.send('GET / HTTP/1.1\r\nHost: a.test\r\nX-Half');
    await eventually(() => expect(gateway.mirrorAccount('all', 'v3').pending).toBe(1));
    const drained = gateway.plane.drain(5_000);
    other.methods.push('GET');
    other.send(': 1\r\n\r\n');
    expect((await other.answer()).status).toBe(200);
    expect(gateway.mirrorAccount('all', 'v3')).toMatchObject({ eligible: 2, pending: 1, reasons: { shutdown: 1 } });
    client.send('world');
    expect((await client.answer()).status).toBe(200);
    await drained;
    const account = gateway.mirrorAccount('all', 'v3');
    expect(account).toMatchObject({ eligible: 2, sent: 1, pending: 0, inFlight: 0 });
  });

  it('ends what is pending and what is in flight, and says so', async () => {
    await using v1 = await namedOrigin('v1');
    await using v3 = await scriptedOrigin(() => {});
    const route = { mirror: [{ to: 'v3', methods: ['GET', 'POST'] }] };
    const gateway = await startGateway(configText({ versions: { v1: v1.url, v3: v3.url }, route }));
    await using client = await rawClient(gateway.port());
    client.request('POST /', ['Content-Length: 10'], 'hello');
    await load({ port: gateway.port(), requests: 7, request: () => get('/') });
    await inFlight(gateway, 7);
    await gateway.plane.close();
    expect(await settled(gateway)).toMatchObject({ eligible: 8, sent: 7, failed: 7, reasons: { shutdown: 1 } });
  });

  it('and a reload that takes a mirror away lets its copies end', async () => {
    await using v1 = await namedOrigin('v1');
    await using v3 = await scriptedOrigin(async (connection) => {
      await connection.request();
      await delay(100);
      connection.send(okAnswer('late'));
    });
    const versions = { v1: v1.url, v3: v3.url };
    await using gateway = await startGateway(configText({ versions, route: { mirror: [{ to: 'v3' }] } }));
    await load({ port: gateway.port(), requests: 5, request: () => get('/') });
    await inFlight(gateway, 5);
    await gateway.install(configText({ versions }));
    expect(await settled(gateway)).toMatchObject({ eligible: 5, answered: 5 });
    await load({ port: gateway.port(), requests: 5, request: () => get('/') });
    expect(await settled(gateway)).toMatchObject({ eligible: 5 });
  });
});

function inFlight(gateway: Gateway, count: number): Promise<void> {
  return eventually(() => expect(gateway.mirrorAccount('all', 'v3').inFlight).toBe(count));
}
