import { describe, expect, test } from 'vitest';
import { applyLive } from '../../../src/config/live.ts';
import { around, configOf, parseText, snapshotOf } from '../../support/config-text.ts';

const withRetry = (retry: string): string =>
  around({ routes: `  - { name: r, service: app, split: { v1: 50, v2: 50 }, retry: ${retry} }` });

describe('retry', () => {
  test('has defaults: one more try, of what failed without an answer, for methods that may be repeated', () => {
    expect(configOf(withRetry('{}')).routes[0]?.retry).toEqual({
      attempts: 1,
      on: ['connect-failure', 'reset-before-response'],
      methods: ['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'TRACE'],
      perTryMs: null,
      to: null,
    });
  });

  test('is compiled to what the exchange asks', () => {
    const text = withRetry('{ attempts: 2, on: [connect-failure, 503, "504"], methods: GET, perTry: 2s, to: v1 }');
    const snapshot = snapshotOf(text);
    expect(snapshot.routes[0]?.retry).toEqual({
      attempts: 2,
      onConnectFailure: true,
      onReset: false,
      onStatus: new Set([503, 504]),
      methods: new Set(['GET']),
      perTryMs: 2000,
      to: snapshot.versions[0],
    });
  });

  test.each([
    ['{ on: [timeout] }', 'bad-value'],
    ['{ on: ["200"] }', 'bad-value'],
    ['{ attempts: 0 }', 'bad-number'],
    ['{ attempts: 11 }', 'bad-number'],
    ['{ to: v9 }', 'dangling-version'],
    ['{ perTry: 0s }', 'bad-duration'],
    ['{ budget: 20 }', 'unknown-key'],
  ])('%s is refused as %s', (retry, code) => {
    const { config, issues } = parseText(withRetry(retry));
    expect([config, issues.filter(({ severity }) => severity === 'error').map((issue) => issue.code)]).toEqual([
      null,
      [code],
    ]);
  });

  test('of a rule replaces that of its route', () => {
    const rules = 'rules: [{ name: a, when: { path: /a }, to: v1, retry: { attempts: 3 } }]';
    const text = around({ routes: `  - { name: r, service: app, split: { v1: 1 }, retry: {}, ${rules} }` });
    const [route] = snapshotOf(text).routes;
    expect([route?.retry?.attempts, route?.rules[0]?.retry?.attempts]).toEqual([1, 3]);
  });
});

describe('what is drained', () => {
  const config = configOf(
    around({
      routes: `  - name: r
    service: app
    split: { v1: 60, v2: 40 }
    rules: [{ name: a, when: { path: /a }, split: { v2: 1 } }, { name: b, when: { path: /b }, split: { v2: 1, v3: 1 } }]`,
    }),
  );
  const drain = (...drained: string[]) => applyLive(config, { weights: {}, switches: {}, drained }).routes[0];
  const weights = (split: readonly { readonly weight: number }[] | null | undefined) =>
    split?.map(({ weight }) => weight);

  test('has no share, of the route or of a rule', () => {
    const route = drain('app/v2');
    expect(weights(route?.split)).toEqual([60, 0]);
    expect(weights(route?.rules[1]?.split)).toEqual([0, 1]);
  });

  test('keeps its share where nobody else has one, so that whoever helps out can', () => {
    expect(weights(drain('app/v2')?.rules[0]?.split)).toEqual([1]);
    expect(weights(drain('app/v1', 'app/v2')?.split)).toEqual([60, 40]);
  });

  test('of another service, or an endpoint alone, changes no share', () => {
    expect(weights(drain('other/v2', 'http://10.0.0.1:1')?.split)).toEqual([60, 40]);
  });

  test('is in the snapshot', () => {
    const live = { weights: {}, switches: {}, drained: ['app/v2', 'http://10.0.0.1:1'] };
    const text = around({ routes: '  - { name: r, service: app, split: { v1: 1 } }' });
    expect(snapshotOf(text, { live }).drained).toEqual(new Set(['app/v2', 'http://10.0.0.1:1']));
  });
});
