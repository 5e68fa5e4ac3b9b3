import { describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { configText, type Gateway, startGateway } from '../support/gateway.ts';
import { httpOrigin, namedOrigin } from '../support/http-origin.ts';
import { get, load, post, tally } from '../support/load.ts';
import { closedPort, scriptedOrigin } from '../support/raw-peer.ts';

/** Outlier ejection: an endpoint that fails is left out for a while, within limits that fall away where another version helps. */

const outlierDetection = { consecutiveFailures: 3, ejectFor: '300ms' };
const service = { balance: 'round-robin', outlierDetection };

async function bodies(gateway: Gateway, requests: number): Promise<Record<string, number>> {
  const answers = await load({ port: gateway.port(), requests, connections: 1, request: () => get('/') });
  return tally(answers.map(({ status, body }) => (status === 200 ? body : String(status))));
}

function reasons(gateway: Gateway, version = 'v1'): string[] {
  return gateway.plane.endpoints().flatMap((row) => (row.version === version ? [row.reason] : []));
}

/** Answers with the status that it is told at the moment. */
async function moody() {
  const mood = { status: 500 };
  const origin = await httpOrigin((_, response) => {
    response.writeHead(mood.status, { 'content-length': 5 }).end('moody');
  });
  return Object.assign(origin, { mood });
}

describe('an endpoint', () => {
  it('that answers 5xx so often in a row is left out, and comes back when its time is up', async () => {
    await using bad = await moody();
    await using good = await namedOrigin('good');
    await using gateway = await startGateway(configText({ versions: { v1: [bad.url, good.url] }, service }));
    expect(await bodies(gateway, 40)).toEqual({ 500: 3, good: 37 });
    expect(reasons(gateway)).toEqual(['ejected', '']);
    bad.mood.status = 200;
    await eventually(() => expect(reasons(gateway)).toEqual(['', '']));
    expect(await bodies(gateway, 10)).toEqual({ moody: 5, good: 5 });
  });

  it('that goes on failing is left out longer each time', async () => {
    await using bad = await moody();
    await using good = await namedOrigin('good');
    await using gateway = await startGateway(configText({ versions: { v1: [bad.url, good.url] }, service }));
    const lasted: number[] = [];
    for (let round = 0; round < 2; round++) {
      await bodies(gateway, 10);
      expect(reasons(gateway)).toEqual(['ejected', '']);
      const since = performance.now();
      await eventually(() => expect(reasons(gateway)).toEqual(['', '']));
      lasted.push(performance.now() - since);
    }
    expect(lasted[1]! - lasted[0]!).toBeGreaterThan(150);
  });

  it.each([501, 404, 200])('that answers %s is as it should be', async (status) => {
    await using bad = await moody();
    bad.mood.status = status;
    await using good = await namedOrigin('good');
    await using gateway = await startGateway(configText({ versions: { v1: [bad.url, good.url] }, service }));
    await bodies(gateway, 20);
    expect(reasons(gateway)).toEqual(['', '']);
  });

  it.each(['cannot be connected to', 'resets', 'closes', 'answers nonsense', 'is too slow'])(
    'that %s is left out',
    async (how) => {
      await using good = await namedOrigin('good');
      await using bad = await scriptedOrigin(async (connection) => {
        await connection.request();
        if (how === 'resets') connection.reset();
        if (how === 'closes') connection.finish();
        if (how === 'answers nonsense') connection.send('nonsense\r\n\r\n');
      });
      const url = how === 'cannot be connected to' ? `http://127.0.0.1:${await closedPort()}` : bad.url;
      const pool = { firstByte: '60ms' };
      const versions = { v1: [url, good.url] };
      await using gateway = await startGateway(configText({ versions, service: { ...service, pool } }));
      const seen = await bodies(gateway, 20);
      expect(reasons(gateway)).toEqual(['ejected', '']);
      expect(seen['good']).toBeGreaterThanOrEqual(17);
    },
  );

  it('stays left out through a reload, and comes back with the detection taken out', async () => {
    await using bad = await moody();
    await using good = await namedOrigin('good');
    const versions = { v1: [bad.url, good.url] };
    const long = { ...service, outlierDetection: { consecutiveFailures: 3, ejectFor: '1h' } };
    await using gateway = await startGateway(configText({ versions, service: long }));
    await bodies(gateway, 10);
    await gateway.install(configText({ versions, service: long, route: { timeout: '3s' } }));
    expect(reasons(gateway)).toEqual(['ejected', '']);
    expect(await bodies(gateway, 10)).toEqual({ good: 10 });
    await gateway.install(configText({ versions, service: { balance: 'round-robin' } }));
    expect(reasons(gateway)).toEqual(['', '']);
  });

  it('of one version is judged apart from the same one of another', async () => {
    await using bad = await moody();
    await using good = await namedOrigin('good');
    const versions = { v1: [bad.url, good.url], v2: [bad.url, good.url] };
    await using gateway = await startGateway(configText({ versions, service }));
    await bodies(gateway, 10);
    expect([reasons(gateway, 'v1'), reasons(gateway, 'v2')]).toEqual([
      ['ejected', ''],
      ['', ''],
    ]);
  });
});

describe('without a usable fallback', () => {
  it('no more than maxEjectedPercent are left out', async () => {
    await using origins = new AsyncDisposableStack();
    const urls: string[] = [];
    for (let place = 0; place < 4; place++) urls.push(origins.use(await moody()).url);
    const versions = { v1: urls };
    await using gateway = await startGateway(configText({ versions, service }));
    await bodies(gateway, 60);
    expect(reasons(gateway).filter((reason) => reason === 'ejected')).toHaveLength(2);
  });

  it('the only endpoint is never left out', async () => {
    await using bad = await moody();
    await using gateway = await startGateway(configText({ versions: { v1: bad.url }, service }));
    expect(await bodies(gateway, 20)).toEqual({ 500: 20 });
    expect(reasons(gateway)).toEqual(['']);
  });

  it('all are used once fewer than half are usable, and reports go on telling the truth', async () => {
    await using bad = await moody();
    await using other = await moody();
    const all = { ...service, outlierDetection: { consecutiveFailures: 3, ejectFor: '1h', maxEjectedPercent: 100 } };
    await using gateway = await startGateway(configText({ versions: { v1: [bad.url, other.url] }, service: all }));
    expect(await bodies(gateway, 40)).toEqual({ 500: 40 });
    expect(reasons(gateway)).toEqual(['ejected', 'ejected']);
    expect(gateway.plane.endpoints().every(({ usable }) => !usable)).toBe(true);
    bad.mood.status = 200;
    other.mood.status = 200;
    expect(await bodies(gateway, 10)).toEqual({ moody: 10 });
  });
});

describe('with a usable fallback', () => {
  it('the last endpoint may be left out, and the fallback serves', async () => {
    await using v1 = await namedOrigin('v1');
    await using v2 = await moody();
    const long = { ...service, outlierDetection: { consecutiveFailures: 3, ejectFor: '1h' } };
    const route = { split: { v1: 0, v2: 100 }, fallback: 'v1' };
    await using gateway = await startGateway(
      configText({ versions: { v1: v1.url, v2: v2.url }, service: long, route }),
    );
    const answers = await load({ port: gateway.port(), requests: 30, connections: 1, request: () => post('/', 'x') });
    expect(tally(answers.map(({ status, body }) => `${status} ${body}`))).toEqual({ '500 moody': 3, '200 v1': 27 });
    expect(reasons(gateway, 'v2')).toEqual(['ejected']);
    expect(Object.fromEntries(gateway.counts())).toEqual({ 'all//v2/5xx': 3, 'all//v2/fallback': 27 });
  });

  it('all endpoints may be left out; a route without one then still uses them all', async () => {
    await using v1 = await namedOrigin('v1');
    await using bad = await moody();
    await using other = await moody();
    const long = { ...service, outlierDetection: { consecutiveFailures: 3, ejectFor: '1h' } };
    const routes = [
      { name: 'helped', match: { path: '/helped' }, service: 'app', split: { v2: 1 }, fallback: 'v1' },
      { name: 'alone', service: 'app', split: { v2: 1 } },
    ];
    const versions = { v1: v1.url, v2: [bad.url, other.url] };
    await using gateway = await startGateway(configText({ versions, service: long, top: { routes } }));
    const helped = await load({ port: gateway.port(), requests: 20, connections: 1, request: () => get('/helped') });
    expect(helped.slice(6).every(({ body }) => body === 'v1')).toBe(true);
    expect(reasons(gateway, 'v2')).toEqual(['ejected', 'ejected']);
    expect(await bodies(gateway, 4)).toEqual({ 500: 4 });
  });
});
