import { request as httpRequest } from 'node:http';
import { describe, expect, test } from 'vitest';
import { configText, type Gateway, startGateway } from '../support/gateway.ts';
import { type HttpOrigin, httpOrigin } from '../support/http-origin.ts';
import { rawClient } from '../support/raw-peer.ts';

/** A service that adds its name and asks the next one through a gateway, passing the lane on as any such service does. */
function link(name: string, next: () => number | null): Promise<HttpOrigin> {
  return httpOrigin((request, response) => {
    request.resume();
    const lane = request.headers['x-gray-lane'];
    const own = `${name}(${lane ?? '-'})`;
    const port = next();
    if (port === null) {
      response.end(own);
      return;
    }
    const headers = lane === undefined ? {} : { 'x-gray-lane': lane };
    const onward = httpRequest({ port, host: '127.0.0.1', path: '/', agent: false, headers }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (piece: string) => (text += piece));
      answer.on('end', () => response.end(`${own} ${text}`));
    });
    onward.on('error', () => response.destroy());
    onward.end();
  });
}

interface Hop {
  readonly gateway: Gateway;
  readonly origins: readonly HttpOrigin[];
}

/** A gateway before these versions of a service. */
async function hop(
  service: string,
  versions: readonly string[],
  next: () => number | null,
  route: Readonly<Record<string, unknown>>,
  trusted: readonly string[] = ['127.0.0.0/8'],
): Promise<Hop> {
  const origins = await Promise.all(versions.map((version) => link(`${service}-${version}`, next)));
  const urls = Object.fromEntries(versions.map((version, at) => [version, origins[at]!.url]));
  const listener = { trustedProxies: trusted };
  const gateway = await startGateway(configText({ versions: urls, listener, route: { split: { v1: 1 }, ...route } }));
  return { gateway, origins };
}

async function close(...hops: readonly Hop[]): Promise<void> {
  for (const { gateway, origins } of hops) {
    await gateway[Symbol.asyncDispose]();
    for (const origin of origins) await origin[Symbol.asyncDispose]();
  }
}

async function ask(gateway: Gateway, lines: readonly string[] = []): Promise<string> {
  await using client = await rawClient(gateway.port());
  client.request('GET /', lines);
  return (await client.answer()).body.toString();
}

const toTesters = { lane: true, rules: [{ name: 'testers', when: { header: { 'x-user': 'tester' } }, to: 'v2' }] };

describe('a chain of three services stays on one version', () => {
  test('over one in the middle that has no such version', async () => {
    const last = await hop('orders', ['v1', 'v2'], () => null, { lane: true });
    const middle = await hop('cart', ['v1'], () => last.gateway.port(), { lane: true });
    // The edge trusts nobody: a lane from outside is nobody's business.
    const edge = await hop('web', ['v1', 'v2'], () => middle.gateway.port(), toTesters, []);
    expect(await ask(edge.gateway)).toBe('web-v1(v1) cart-v1(v1) orders-v1(v1)');
    expect(await ask(edge.gateway, ['X-User: tester'])).toBe('web-v2(v2) cart-v1(v2) orders-v2(v2)');
    expect(await ask(edge.gateway, ['X-Gray-Lane: v2'])).toBe('web-v1(v1) cart-v1(v1) orders-v1(v1)');
    expect(await ask(middle.gateway, ['X-Gray-Lane: v9'])).toBe('cart-v1(v9) orders-v1(v9)');
    await close(edge, middle, last);
  });

  test('and a route without lanes in between passes a trusted one on untouched', async () => {
    const last = await hop('orders', ['v1', 'v2'], () => null, { lane: true });
    const middle = await hop('cart', ['v1', 'v2'], () => last.gateway.port(), {});
    const edge = await hop('web', ['v1', 'v2'], () => middle.gateway.port(), toTesters, []);
    expect(await ask(edge.gateway, ['X-User: tester'])).toBe('web-v2(v2) cart-v1(v2) orders-v2(v2)');
    await close(edge, middle, last);
  });

  test('the lane outranks an override, and comes after nothing but a rule of the first hop', async () => {
    const last = await hop('orders', ['v1', 'v2'], () => null, {
      lane: true,
      override: { header: 'x-gray', from: ['127.0.0.0/8'] },
    });
    expect(await ask(last.gateway, ['X-Gray-Lane: v2', 'X-Gray: v1'])).toBe('orders-v2(v2)');
    expect(await ask(last.gateway, ['X-Gray: v2'])).toBe('orders-v2(v2)');
    await close(last);
  });
});

test('a switch and a percentage in one rule, flipped under a running gateway', async () => {
  const origins = await Promise.all(['v1', 'v2'].map((version) => link(version, () => null)));
  const versions = { v1: origins[0]!.url, v2: origins[1]!.url };
  const text = (isOn: boolean, percent: number) =>
    configText({
      versions,
      top: { switches: { beta: isOn ? 'on' : 'off' } },
      route: { sticky: [{ header: 'x-user' }], rules: [{ name: 'beta', when: { switch: 'beta', percent }, to: 'v2' }] },
    });
  await using gateway = await startGateway(text(false, 30));
  const users = Array.from({ length: 60 }, (_, at) => `u-${at}`);
  const onBeta = async () => {
    const seen = await Promise.all(users.map((user) => ask(gateway, [`X-User: ${user}`])));
    return users.filter((_, at) => seen[at]!.startsWith('v2'));
  };
  expect(await onBeta()).toEqual([]);
  await gateway.install(text(true, 30));
  const first = await onBeta();
  expect(first.length).toBeGreaterThan(5);
  expect(first.length).toBeLessThan(35);
  await gateway.install(text(true, 60));
  const wider = await onBeta();
  expect(wider).toEqual(expect.arrayContaining(first));
  expect(wider.length).toBeGreaterThan(first.length);
  await gateway.install(text(false, 60));
  expect(await onBeta()).toEqual([]);
  for (const origin of origins) await origin[Symbol.asyncDispose]();
});
