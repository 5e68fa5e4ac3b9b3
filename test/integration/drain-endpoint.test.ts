import { describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { configText, type Gateway, startGateway } from '../support/gateway.ts';
import { httpOrigin, namedOrigin } from '../support/http-origin.ts';
import { get, load, tally } from '../support/load.ts';
import { rawClient } from '../support/raw-peer.ts';

/** A drained endpoint, or version, gets no new request; what is under way there finishes. */

async function bodies(gateway: Gateway, requests: number, lines: string[] = []): Promise<Record<string, number>> {
  const answers = await load({ port: gateway.port(), requests, connections: 1, request: () => get('/', lines) });
  return tally(answers.map(({ status, body }) => (status === 200 ? body : String(status))));
}

describe('a drained endpoint', () => {
  it('gets no new request, finishes what it has, and is ready again when told so', async () => {
    let release = (): void => {};
    await using a = await httpOrigin((request, response) => {
      if (request.url === '/slow') release = () => response.end('slow');
      else response.end('a');
    });
    await using b = await namedOrigin('b');
    const text = configText({ versions: { v1: [a.url, b.url] }, service: { balance: 'round-robin' } });
    await using gateway = await startGateway(text);
    await using client = await rawClient(gateway.port());
    client.request('GET /slow');
    await eventually(() => expect(a.requests).toBe(1));
    await gateway.install(text, { drained: [a.url] });
    expect(await bodies(gateway, 10)).toEqual({ b: 10 });
    expect(gateway.plane.endpoints().map(({ url, usable, reason }) => [url, usable, reason])).toEqual([
      [a.url, false, 'draining'],
      [b.url, true, ''],
    ]);
    release();
    expect((await client.answer()).body.toString()).toBe('slow');
    // Its connection is not kept: nothing holds the endpoint back from being stopped.
    await eventually(() => expect(gateway.plane.pools()[0]).toMatchObject({ active: 0, idle: 1 }));
    await gateway.install(text);
    expect(await bodies(gateway, 10)).toEqual({ a: 5, b: 5 });
  });

  it('is never used, however few are left', async () => {
    await using a = await namedOrigin('a');
    const text = configText({ versions: { v1: a.url } });
    await using gateway = await startGateway(text);
    await gateway.install(text, { drained: [a.url] });
    expect(await bodies(gateway, 5)).toEqual({ 503: 5 });
  });
});

describe('a drained version', () => {
  const override = { override: { header: 'x-gray' } };
  const when = { header: { 'x-rule': 'yes' } };

  it('has no share, and what names it goes to stable', async () => {
    await using v1 = await namedOrigin('v1');
    await using v2 = await namedOrigin('v2');
    const route = { split: { v1: 50, v2: 50 }, rules: [{ name: 'r', when, to: 'v2' }], ...override };
    const text = configText({ versions: { v1: v1.url, v2: v2.url }, route });
    await using gateway = await startGateway(text);
    expect(await bodies(gateway, 5, ['x-rule: yes'])).toEqual({ v2: 5 });
    gateway.counts();
    await gateway.install(text, { drained: ['app/v2'] });
    expect(await bodies(gateway, 40)).toEqual({ v1: 40 });
    expect(await bodies(gateway, 5, ['x-rule: yes'])).toEqual({ v1: 5 });
    expect(await bodies(gateway, 5, ['x-gray: v2'])).toEqual({ v1: 5 });
    expect(Object.fromEntries(gateway.counts())).toMatchObject({ 'all//v1/2xx': 40, 'all/r/v2/fallback': 5 });
    await gateway.install(text);
    expect(await bodies(gateway, 5, ['x-rule: yes'])).toEqual({ v2: 5 });
  });

  it('goes to the fallback where there is one', async () => {
    await using v1 = await namedOrigin('v1');
    await using v2 = await namedOrigin('v2');
    await using v3 = await namedOrigin('v3');
    const route = { split: { v1: 1 }, rules: [{ name: 'r', when, to: 'v2' }], fallback: 'v3' };
    const text = configText({ versions: { v1: v1.url, v2: v2.url, v3: v3.url }, route });
    await using gateway = await startGateway(text, { drained: ['app/v2'] });
    expect(await bodies(gateway, 5, ['x-rule: yes'])).toEqual({ v3: 5 });
    expect(await bodies(gateway, 5)).toEqual({ v1: 5 });
  });
});
