import { describe, expect, it } from 'vitest';
import { configText, startGateway } from '../support/gateway.ts';
import { namedOrigin } from '../support/http-origin.ts';
import { get, load, tally } from '../support/load.ts';
import { okAnswer, rawClient, scriptedOrigin } from '../support/raw-peer.ts';
import { fieldOf } from '../support/strict-message.ts';

/** A new snapshot: the next request follows it, one under way keeps what it began with, no connection is lost. */

describe('an installation', () => {
  it('is followed by the next request on an open connection', async () => {
    await using v1 = await namedOrigin('v1');
    await using v2 = await namedOrigin('v2');
    const text = (version: string): string =>
      configText({ versions: { v1: v1.url, v2: v2.url }, route: { split: { [version]: 1 } } });
    await using gateway = await startGateway(text('v1'));
    await using client = await rawClient(gateway.port());
    for (const version of ['v1', 'v2', 'v1']) {
      await gateway.install(text(version));
      client.request('GET /');
      expect((await client.answer()).body.toString()).toBe(version);
    }
    expect(client.ended).toBe(false);
  });

  it('leaves a request under way with the snapshot that it began with', async () => {
    await using slow = await scriptedOrigin(async (connection) => {
      await connection.head();
      await installed;
      const { body } = await connection.request();
      connection.send(okAnswer(`old ${body}`));
    });
    await using v2 = await namedOrigin('v2');
    const { promise: installed, resolve: release } = Promise.withResolvers<void>();
    const headers = (value: string): object => ({ response: { set: { 'x-snapshot': value } } });
    await using gateway = await startGateway(
      configText({ versions: { v1: slow.url }, route: { headers: headers('old') } }),
    );
    const port = gateway.port();
    await using client = await rawClient(port);
    client.request('POST /', ['Content-Length: 5'], 'he');
    while (slow.connections[0]?.text.endsWith('he') !== true) await new Promise((resolve) => setImmediate(resolve));
    // The old version, its service's endpoints and the rest of the body: all still to come, none in the new snapshot.
    await gateway.install(configText({ versions: { v2: v2.url }, route: { headers: headers('new') } }));
    expect(gateway.port()).toBe(port);
    client.send('llo');
    release();
    const answer = await client.answer();
    expect([answer.body.toString(), fieldOf(answer, 'x-snapshot')]).toEqual(['old hello', 'old']);
    client.request('GET /');
    expect([(await client.answer()).body.toString(), fieldOf(await client.answer(), 'x-snapshot')]).toEqual([
      'v2',
      'new',
    ]);
  });

  it('repeated under load loses no request', async () => {
    await using v1 = await namedOrigin('v1');
    await using v2 = await namedOrigin('v2');
    const text = (share: number): string =>
      configText({ versions: { v1: v1.url, v2: v2.url }, route: { split: { v1: 100 - share, v2: share } } });
    await using gateway = await startGateway(text(0));
    let running = true;
    const reloads = (async () => {
      for (let count = 0; running; count++) {
        await gateway.install(text(count % 101));
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    })();
    const answers = await load({ port: gateway.port(), requests: 6_000, connections: 16, request: () => get('/') });
    running = false;
    await reloads;
    expect(tally(answers.map(({ status }) => String(status)))).toEqual({ 200: 6_000 });
  });

  it('that cannot be bound changes nothing', async () => {
    await using v1 = await namedOrigin('v1');
    await using v2 = await namedOrigin('v2');
    await using gateway = await startGateway(configText({ versions: { v1: v1.url } }));
    const taken = JSON.parse(configText({ versions: { v2: v2.url } }));
    taken.listeners.push({ name: 'taken', address: `127.0.0.1:${v1.port}` });
    await expect(gateway.install(JSON.stringify(taken))).rejects.toThrow();
    await using client = await rawClient(gateway.port());
    client.request('GET /');
    expect((await client.answer()).body.toString()).toBe('v1');
  });

  it('opens what listeners it adds and closes those it drops', async () => {
    await using v1 = await namedOrigin('v1');
    const base = JSON.parse(configText({ versions: { v1: v1.url } }));
    const more = { ...base, listeners: [...base.listeners, { name: 'second', address: '127.0.0.1:0' }] };
    await using gateway = await startGateway(JSON.stringify(base));
    await gateway.install(JSON.stringify(more));
    const second = gateway.port('second');
    expect(
      (await load({ port: second, requests: 3, request: () => get('/') })).every(({ status }) => status === 200),
    ).toBe(true);
    await gateway.install(JSON.stringify(base));
    await expect(rawClient(second)).rejects.toThrow('ECONNREFUSED');
    expect(
      (await load({ port: gateway.port(), requests: 3, request: () => get('/') })).every(
        ({ status }) => status === 200,
      ),
    ).toBe(true);
  });
});

describe('draining', () => {
  it('finishes what is under way, closes what is idle and accepts no more', async () => {
    const { promise: asked, resolve: release } = Promise.withResolvers<void>();
    await using origin = await scriptedOrigin(async (connection) => {
      await connection.request();
      await asked;
      connection.send(okAnswer('finished'));
    });
    await using gateway = await startGateway(configText({ versions: { v1: origin.url } }));
    const port = gateway.port();
    await using idle = await rawClient(port);
    await using busy = await rawClient(port);
    busy.request('GET /');
    while (origin.connections.length === 0) await new Promise((resolve) => setImmediate(resolve));
    const drained = gateway.plane.drain(10_000);
    await idle.waitForEnd();
    await expect(rawClient(port)).rejects.toThrow('ECONNREFUSED');
    release();
    const answer = await busy.answer();
    expect([answer.body.toString(), fieldOf(answer, 'connection')]).toEqual(['finished', 'close']);
    await drained;
  });

  it('cuts what outlasts the grace', async () => {
    await using origin = await scriptedOrigin(() => {});
    await using gateway = await startGateway(configText({ versions: { v1: origin.url } }));
    await using client = await rawClient(gateway.port());
    client.request('GET /');
    while (origin.connections.length === 0) await new Promise((resolve) => setImmediate(resolve));
    await gateway.plane.drain(100);
    await client.waitForEnd();
    expect(client.answers().final.every(({ status }) => status >= 500)).toBe(true);
  });
});
