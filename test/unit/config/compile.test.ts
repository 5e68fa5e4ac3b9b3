import { describe, expect, test } from 'vitest';
import { applyLive } from '../../../src/config/live.ts';
import type { LiveState } from '../../../src/config/model.ts';
import { around, configOf, snapshotOf } from '../../support/config-text.ts';

const live = (state: Partial<LiveState>): LiveState => ({ weights: {}, switches: {}, ...state });

const text = around({
  more: 'switches: { lit: off }',
  routes: `  - name: one
    service: app
    split: { v1: 90, v2: 10 }
    override: { header: X-Gray, cookie: gray }
    lane: true
    mirror: { to: v3, percent: 20 }
    rules:
      - { name: a, when: { header: { X-A: 1 } }, to: v2 }
      - { name: b, when: { switch: lit, cookie: { c: 1 } }, split: { v1: 1, v3: 1 }, mirror: [{ to: v2 }] }
  - { name: two, match: { header: { x-match: 1 } }, service: app, stable: v2, split: { v1: 1, v2: 1, v3: 1 }, sticky: [{ header: X-User }, { visitorCookie: vid }] }`,
});

describe('a snapshot', () => {
  const snapshot = snapshotOf(text);
  const [one, two] = snapshot.routes;

  test('has one arm for each route, rule and version that can be meant', () => {
    expect(
      snapshot.arms.map(({ route, rule, version }) => `${route.name}/${rule?.name ?? ''}/${version.name}`),
    ).toEqual(['one//v1', 'one//v2', 'one//v3', 'one/a/v2', 'one/b/v1', 'one/b/v3', 'two//v1', 'two//v2', 'two//v3']);
    expect(snapshot.arms.every((arm, at) => arm.index === at)).toBe(true);
    expect(one?.split.entries.map(({ arm }) => arm)).toEqual(one?.arms.slice(0, 2));
  });

  test('numbers versions and mirrors through', () => {
    expect(snapshot.versions.map(({ index, name }) => `${index}:${name}`)).toEqual(['0:v1', '1:v2', '2:v3']);
    expect(snapshot.mirrors.map(({ index, route, name }) => `${index}:${route}/${name}`)).toEqual([
      '0:one/v3',
      '1:one/v2',
    ]);
  });

  test('names every header that anything looks at, in lower case', () => {
    expect([...snapshot.headerNames].sort()).toEqual([
      'cookie',
      'x-a',
      'x-gray',
      'x-gray-lane',
      'x-gray-mirror',
      'x-match',
      'x-user',
    ]);
  });

  test('knows the candidate where there is one: the only version besides stable', () => {
    expect(one?.candidate?.name).toBe('v2');
    expect(two?.candidate).toBeNull();
    expect(two?.stable.name).toBe('v2');
  });

  test('fills in what is left out', () => {
    expect(one).toMatchObject({
      salt: 'one',
      visitorCookie: null,
      timeoutMs: null,
      maxMatchBodyBytes: 65536,
      fallback: null,
    });
    expect(two?.visitorCookie).toBe('vid');
  });

  test('reads endpoints once', () => {
    const urls = ['http://a', 'http://10.0.0.1:81', 'http://[::1]:82', 'unix:/run/x.sock'];
    const snapshot = snapshotOf(around({ more: `  b: { versions: { v1: { endpoints: ${JSON.stringify(urls)} } } }` }));
    expect(snapshot.services.get('b')?.versions[0]?.endpoints).toEqual([
      { url: urls[0], tls: false, host: 'a', port: 80, socketPath: '', weight: 1 },
      { url: urls[1], tls: false, host: '10.0.0.1', port: 81, socketPath: '', weight: 1 },
      { url: urls[2], tls: false, host: '::1', port: 82, socketPath: '', weight: 1 },
      { url: urls[3], tls: false, host: '', port: 0, socketPath: '/run/x.sock', weight: 1 },
    ]);
  });

  test('comes out the same after the configuration has travelled as JSON', () => {
    const config = configOf(text);
    expect(JSON.parse(JSON.stringify(config))).toEqual(config);
    expect(structuredClone(config)).toEqual(config);
  });
});

describe('live state', () => {
  const config = configOf(text);
  const splitOf = (state: LiveState) => applyLive(config, state).routes[0]?.split;

  test('weights replace those of the file, in the order of the file', () => {
    expect(splitOf(live({ weights: { one: { v2: 30, v1: 70 } } }))).toEqual([
      { version: 'v1', weight: 70 },
      { version: 'v2', weight: 30 },
    ]);
  });

  test('a version that is not named has no share, one that the file does not name may have one', () => {
    expect(splitOf(live({ weights: { one: { v3: 1 } } }))).toEqual([
      { version: 'v1', weight: 0 },
      { version: 'v2', weight: 0 },
      { version: 'v3', weight: 1 },
    ]);
  });

  test('weights of versions and routes that are gone change nothing', () => {
    expect(splitOf(live({ weights: { one: { v9: 1 } } }))).toEqual(config.routes[0]?.split);
    expect(applyLive(config, live({ weights: { gone: { v1: 1 } }, switches: { gone: true } }))).toEqual(config);
  });

  test('a switch is what it was last set to', () => {
    expect(snapshotOf(text, { live: live({ switches: { lit: true } }) }).switches.get('lit')).toBe(true);
    expect(snapshotOf(text).switches.get('lit')).toBe(false);
  });

  test('stable stays what the file says', () => {
    expect(snapshotOf(text, { live: live({ weights: { one: { v1: 0, v2: 100 } } }) }).routes[0]?.stable.name).toBe(
      'v1',
    );
  });
});
