import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isId, pathTemplate } from '../../../../src/core/comparing/path-template.ts';

describe('an id is', () => {
  it.each([
    '4711',
    '7',
    'P-1001',
    'u-1',
    'order_42',
    'user:9',
    '2026-11-22',
    '0b8f4a5e-58f0-4f57-8a53-4c7d3a1f2b90',
    'deadbeefdeadbeefdeadbeef',
    '5f0c1e9a7b3d',
    'ana@example.com',
    'eyJhbGciOiJIUzI1NiJ9',
    'x'.repeat(65),
  ])('%s', (text) => expect(isId(text)).toBe(true));

  it.each(['orders', 'v1', 'v12', 'oauth2', 'sha256', 'line1', 'p99', 'user-profile', 'feedback', 'a', ''])(
    'not %s',
    (text) => expect(isId(text)).toBe(false),
  );
});

describe('a path template', () => {
  it('folds ids and keeps words', () => {
    expect(pathTemplate('/api/v1/users/u-1001/orders/4711')).toBe('/api/v1/users/*/orders/*');
    expect(pathTemplate('/')).toBe('/');
    expect(pathTemplate('/reviews/0')).toBe('/reviews/*');
    expect(pathTemplate('/a//b/')).toBe('/a//b/');
  });

  it('is of bounded length and stays what it is', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 80 })), (segments) => {
        const template = pathTemplate(`/${segments.join('/')}`);
        expect(template.length).toBeLessThanOrEqual(14 * 66);
        expect(template.split('/').length).toBeLessThanOrEqual(14);
      }),
    );
    expect(pathTemplate('/a'.repeat(40))).toBe(`${'/a'.repeat(12)}/**`);
  });
});
