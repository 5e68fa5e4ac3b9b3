import { describe, expect, test } from 'vitest';
import { re2 } from '../../../src/adapters/re2.ts';
import { compile } from '../../../src/config/compile.ts';
import { parseConfiguration } from '../../../src/config/parse.ts';
import { explainSample } from '../../../src/control/explain.ts';
import type { RequestSample } from '../../../src/control/request-sample.ts';
import { parseAuthority } from '../../../src/http/authority.ts';
import { canonicalAddress } from '../../../src/http/ip-address.ts';
import { canonicalTarget } from '../../../src/http/target.ts';

const endpoints = ['http://127.0.0.1:1'];
const TEXT = JSON.stringify({
  version: 1,
  listeners: [
    { name: 'outer', address: '127.0.0.1:8080' },
    { name: 'inner', address: '127.0.0.1:8081', path: { dotSegments: 'resolve' } },
  ],
  services: { app: { versions: { v1: { endpoints }, v2: { endpoints } } } },
  routes: [
    { name: 'lane', match: { path: { prefix: '/lane' } }, service: 'app', split: { v1: 1 }, lane: true },
    {
      name: 'visitors',
      match: { path: { prefix: '/visitors' } },
      service: 'app',
      split: { v1: 1, v2: 1 },
      sticky: [{ visitorCookie: 'vid' }],
    },
    { name: 'random', service: 'app', split: { v1: 1, v2: 1 } },
  ],
});

const parsed = parseConfiguration(
  { files: [{ path: 'graygate.yaml', text: TEXT }], env: {}, readFile: () => ({ error: 'no such file' }) },
  { regex: re2 },
);
const snapshot = compile(
  { generation: 1, config: parsed.config!, live: { weights: {}, switches: {} }, lists: {} },
  { regex: re2 },
);

function explainOf(sample: Partial<RequestSample>) {
  const whole = { method: 'GET', url: '/', headers: [], body: null, clientAddress: '127.0.0.1', timeMs: 0, ...sample };
  return explainSample(whole, {
    snapshot,
    endpoints: [],
    random: { next: () => 0, visitorId: () => 'new' },
    wire: { canonicalTarget, parseAuthority, canonicalAddress },
  });
}

describe('the listener', () => {
  test('is the first unless one is named, and has its own policy for paths', () => {
    expect(() => explainOf({ url: '/x/../lane' })).toThrow('dot-segments');
    expect(explainOf({ url: '/x/../lane', listener: 'inner' }).route).toBe('lane');
  });

  test('must be one that there is', () => {
    expect(() => explainOf({ listener: 'iner' })).toThrow('there is no listener "iner"; there are outer, inner');
  });
});

test('a lane counts when a trusted peer names it', () => {
  const headers = [['x-gray-lane', 'v2']] as const;
  expect(explainOf({ url: '/lane', headers, trusted: true })).toMatchObject({ version: 'v2', reason: 'lane' });
  expect(explainOf({ url: '/lane', headers })).toMatchObject({ version: 'v1', reason: 'single' });
});

describe('what chance gave', () => {
  test('as a draw decides again as it did', () => {
    const versions = [0, 0.1, 0.3, 0.7, 0.9, 0.999].map((draw) => explainOf({ draw }).version);
    expect(new Set(versions)).toEqual(new Set(['v1', 'v2']));
    expect([0, 0.1, 0.3, 0.7, 0.9, 0.999].map((draw) => explainOf({ draw }).version)).toEqual(versions);
    expect(explainOf({ draw: null }).version).toBe(explainOf({ draw: 0 }).version);
  });

  test('as a visitor decides as the cookie will from then on', () => {
    for (const visitorId of ['a', 'b', 'c', 'd', 'e']) {
      const minted = explainOf({ url: '/visitors', visitorId });
      const returning = explainOf({ url: '/visitors', headers: [['cookie', `vid=${visitorId}`]] });
      expect(minted).toMatchObject({ version: returning.version, reason: 'sticky' });
    }
  });
});
