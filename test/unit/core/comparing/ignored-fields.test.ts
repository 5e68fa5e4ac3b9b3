import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseFieldPattern } from '../../../../src/core/comparing/field-name.ts';
import { IgnoredFields } from '../../../../src/core/comparing/ignored-fields.ts';

describe('ignored are', () => {
  it('the headers that always differ, but for those that are chosen', () => {
    const plain = new IgnoredFields([]);
    for (const name of ['date', 'age', 'etag', 'set-cookie', 'x-request-id', 'traceparent'])
      expect([name, plain.ignoresHeader(name)]).toEqual([name, true]);
    expect(plain.ignoresHeader('content-type')).toBe(false);
    const chosen = new IgnoredFields(['header:Location'], ['etag', 'location']);
    expect(['etag', 'location', 'content-type'].map((name) => chosen.ignoresHeader(name))).toEqual([false, true, true]);
  });

  it('what a pointer names, and everything below it', () => {
    const ignored = new IgnoredFields(['/meta', '/items/*/id', '/a~1b/~0', '/*/at']);
    const fields = ['/meta', '/meta/x', '/items/*/id', '/items/*/id/y', '/a~1b/~0', '/any/at', '/any/at/z'];
    expect(fields.filter((field) => !ignored.ignores(field))).toEqual([]);
    const others = ['/metal', '/items', '/items/*', '/items/*/name', '/a', '/any', '/any/b', 'status', 'body'];
    expect(others.filter((field) => ignored.ignores(field))).toEqual([]);
  });

  it('status and body by name', () => {
    const ignored = new IgnoredFields(['status', 'body']);
    expect([ignored.ignores('status'), ignored.ignores('body'), ignored.ignores('/a')]).toEqual([true, true, false]);
  });

  it('every field that was reported and is then named as it was', () => {
    const key = fc.oneof(fc.constantFrom('*', 'a/b', '~', '', 'name'), fc.string());
    fc.assert(
      fc.property(fc.array(key, { minLength: 1, maxLength: 6 }), (keys) => {
        const field = keys.map((step) => `/${step.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
        expect(new IgnoredFields([field]).ignores(field)).toBe(true);
      }),
    );
  });
});

describe('a pattern', () => {
  it.each(['', 'items/0', 'header:', 'header:a b', '/a~2', 'statuses'])('cannot be "%s"', (text) => {
    expect(parseFieldPattern(text)).toBeNull();
  });
});
