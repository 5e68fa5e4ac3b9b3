import { describe, expect, it } from 'vitest';
import { type DecisionRecord, DecisionRing } from '../../src/telemetry/decision-ring.ts';
import { eventually } from '../support/eventually.ts';
import { configText, startGateway } from '../support/gateway.ts';
import { namedOrigin } from '../support/http-origin.ts';
import { get, load } from '../support/load.ts';

/** A few real decisions, as they are kept for the operator. */

/** The decision made on one request with these lines. */
async function decisionOn(target: string, lines: readonly string[], sketch: object = {}): Promise<DecisionRecord> {
  await using origin = await namedOrigin('v1');
  const decisions = new DecisionRing();
  decisions.cookies = new Set(['user', 'session_id']);
  const text = configText({ versions: { v1: origin.url, v2: origin.url }, route: RULES, ...sketch });
  await using gateway = await startGateway(text, { plane: { decisions } });
  await load({ port: gateway.port(), requests: 1, request: () => get(target, lines) });
  return eventually(() => {
    const [decision] = decisions.take();
    if (decision === undefined) throw new Error('no decision');
    return decision;
  });
}

const RULES = {
  rules: [
    {
      name: 'known',
      when: {
        any: [
          { header: { 'x-user': 'u-1' } },
          { header: { authorization: 'Bearer x' } },
          { header: { 'x-api-key': 'k' } },
          { cookie: { user: 'jason' } },
          { cookie: { session_id: 's' } },
          { query: { user: 'u-1' } },
        ],
      },
      to: 'v2',
    },
  ],
  split: { v1: 1, v2: 1 },
};

describe('a decision', () => {
  it('is told with what it looked at and what came of it', async () => {
    const decision = await decisionOn('/cart?user=u-1&x=2', ['X-User: u-9', 'X-Other: 1', 'X-Request-Id: r-1']);
    expect(decision).toEqual({
      id: 'r-1',
      time: expect.stringMatching(/^\d{4}-.*Z$/),
      listener: 'edge',
      trusted: false,
      clientAddress: '127.0.0.1',
      method: 'GET',
      host: 'gateway.test',
      path: '/cart',
      query: 'user=u-1&x=2',
      url: '/cart?user=u-1&x=2',
      headers: { host: 'gateway.test', 'x-user': 'u-9' },
      withheld: [],
      draw: null,
      visitorId: null,
      route: 'all',
      rule: 'known',
      version: 'v2',
      intended: 'v2',
      reason: 'rule',
      status: 200,
    });
  });

  it('keeps nothing that a client proves itself by, and says so', async () => {
    const decision = await decisionOn('/?user=u-2&access_token=abc&x=1', [
      'Authorization: Bearer abc',
      'X-Api-Key: abc',
      'Cookie: user=mary; session_id=abc; theme=abc',
    ]);
    expect(JSON.stringify(decision)).not.toContain('abc');
    expect(decision).toMatchObject({
      query: 'user=u-2&x=1',
      url: '/?user=u-2&x=1',
      headers: { host: 'gateway.test', cookie: 'user=mary' },
    });
    expect(new Set(decision.withheld)).toEqual(
      new Set(['authorization', 'x-api-key', 'cookie session_id', 'query access_token']),
    );
  });

  it('keeps what chance gave it', async () => {
    const random = await decisionOn('/', []);
    expect(random).toMatchObject({ reason: 'random', draw: expect.any(Number), visitorId: null });
    const visitor = await decisionOn('/', [], {
      route: { split: { v1: 1, v2: 1 }, sticky: [{ visitorCookie: 'gray_vid' }] },
    });
    expect(visitor).toMatchObject({ reason: 'sticky', draw: null, visitorId: expect.stringMatching(/./) });
  });

  it('keeps the lines of a field apart, because a sticky key is the first of them', async () => {
    const decision = await decisionOn('/', ['X-User: u-2, u-3', 'X-User: u-4']);
    expect(decision.headers['x-user']).toEqual(['u-2, u-3', 'u-4']);
  });

  it('is kept of no route, too', async () => {
    const decision = await decisionOn('/none', [], { route: { match: { path: '/only' } } });
    expect(decision).toMatchObject({ route: null, version: null, reason: 'no-route', status: 404 });
  });
});

it('ten a second are kept at most, and fifty until they are asked for', async () => {
  await using origin = await namedOrigin('v1');
  const decisions = new DecisionRing();
  const text = configText({ versions: { v1: origin.url } });
  await using gateway = await startGateway(text, { plane: { decisions } });
  const before = performance.now();
  await load({ port: gateway.port(), requests: 2000, request: () => get('/') });
  const seconds = (performance.now() - before) / 1000;
  const kept = decisions.take();
  expect(kept.length).toBeGreaterThan(0);
  expect(kept.length).toBeLessThanOrEqual(Math.ceil(seconds * 10) + 1);
  for (let i = 0; i < 60; i++) decisions.add({ ...kept[0]!, id: `${i}` }, 0);
  expect(decisions.take().map(({ id }) => id)).toEqual(Array.from({ length: 50 }, (_, i) => `${i + 10}`));
  expect(decisions.take()).toEqual([]);
});
