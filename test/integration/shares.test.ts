import { describe, expect, it } from 'vitest';
import { configText, startGateway } from '../support/gateway.ts';
import { namedOrigin } from '../support/http-origin.ts';
import { get, load, tally } from '../support/load.ts';

/** Observed shares at 10,000 requests: within four sigma of what is configured, and exact at 0 and 100. */

const REQUESTS = 10_000;

function expectShare(count: number, share: number): void {
  const sigma = Math.sqrt((share * (1 - share)) / REQUESTS);
  expect(Math.abs(count / REQUESTS - share)).toBeLessThanOrEqual(4 * sigma);
}

describe('10,000 requests', () => {
  it('are split at random by weight', async () => {
    await using v1 = await namedOrigin('v1');
    await using v2 = await namedOrigin('v2');
    const route = { split: { v1: 95, v2: 5 } };
    await using gateway = await startGateway(configText({ versions: { v1: v1.url, v2: v2.url }, route }));
    const answers = await load({ port: gateway.port(), requests: REQUESTS, request: () => get('/') });
    const counts = tally(answers.map(({ body }) => body));
    expect((counts['v1'] ?? 0) + (counts['v2'] ?? 0)).toBe(REQUESTS);
    expectShare(counts['v2'] ?? 0, 0.05);
    expect(gateway.counts().get('all//v2/2xx')).toBe(counts['v2']);
    expect(gateway.counts().get('all//v1/2xx')).toBe(counts['v1']);
  });

  it('of as many users are split by weight, and every user stays, through a reload too', async () => {
    await using v1 = await namedOrigin('v1');
    await using v2 = await namedOrigin('v2');
    const text = (v2Share: number): string =>
      configText({
        versions: { v1: v1.url, v2: v2.url },
        route: { split: { v1: 100 - v2Share, v2: v2Share }, sticky: [{ header: 'x-user-id' }] },
      });
    await using gateway = await startGateway(text(10));
    const round = async (): Promise<string[]> => {
      const request = (place: number): string => get('/', [`X-User-Id: user-${place}`]);
      return (await load({ port: gateway.port(), requests: REQUESTS, request })).map(({ body }) => body);
    };
    const first = await round();
    expectShare(tally(first)['v2'] ?? 0, 0.1);
    await gateway.install(text(10));
    expect(await round()).toEqual(first);
    await gateway.install(text(20));
    const wider = await round();
    expectShare(tally(wider)['v2'] ?? 0, 0.2);
    expect(first.every((version, place) => version === 'v1' || wider[place] === 'v2')).toBe(true);
  });

  it('never reach a version of weight 0, and always the only other one', async () => {
    await using v1 = await namedOrigin('v1');
    await using v2 = await namedOrigin('v2');
    const route = { split: { v1: 0, v2: 100 }, sticky: [{ header: 'x-user-id' }] };
    await using gateway = await startGateway(configText({ versions: { v1: v1.url, v2: v2.url }, route }));
    const request = (place: number): string => get('/', place % 2 === 0 ? [] : [`X-User-Id: ${place}`]);
    const answers = await load({ port: gateway.port(), requests: 2_000, request });
    expect(tally(answers.map(({ body }) => body))).toEqual({ v2: 2_000 });
    expect(v1.requests).toBe(0);
  });
});

it('a minted visitor cookie decides the very request that minted it, and all that follow', async () => {
  await using v1 = await namedOrigin('v1');
  await using v2 = await namedOrigin('v2');
  const route = { split: { v1: 50, v2: 50 }, sticky: [{ visitorCookie: 'gray_vid' }] };
  await using gateway = await startGateway(configText({ versions: { v1: v1.url, v2: v2.url }, route }));
  const first = await load({ port: gateway.port(), requests: 400, request: () => get('/') });
  const cookies = first.map(({ head }) => /\r\nset-cookie: *gray_vid=([^;\r]+)([^\r]*)/i.exec(head) ?? []);
  expect(
    cookies.every(
      ([, id, attributes]) =>
        /^[\w-]{16,}$/.test(id ?? '') &&
        /HttpOnly/.test(attributes ?? '') &&
        /SameSite=Lax/.test(attributes ?? '') &&
        /Path=\//.test(attributes ?? ''),
    ),
  ).toBe(true);
  expect(new Set(cookies.map(([, id]) => id)).size).toBe(400);
  const request = (place: number): string => get('/', [`Cookie: a=b; gray_vid=${cookies[place]![1]}`]);
  const again = await load({ port: gateway.port(), requests: 400, request });
  expect(again.map(({ body }) => body)).toEqual(first.map(({ body }) => body));
  expect(again.some(({ head }) => /set-cookie/i.test(head))).toBe(false);
  expect(Object.keys(tally(first.map(({ body }) => body))).sort()).toEqual(['v1', 'v2']);
});
