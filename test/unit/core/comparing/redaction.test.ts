import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseJson } from '../../../../src/core/comparing/json-document.ts';
import { shownValue } from '../../../../src/core/comparing/redaction.ts';

describe('a sample shows', () => {
  it.each([
    ['/name', 'Ana', '"Ana"'],
    ['/n', 12.5, '12.5'],
    ['/gone', undefined, null],
    ['/user/password', 'hunter2', '"***"'],
    ['/accessToken', 'abc', '"***"'],
    ['header:authorization', 'Bearer abc', '"***"'],
    [
      '/user',
      { name: 'Ana', apiKey: 'k', contact: { email: 'a@b.example' } },
      '{"name":"Ana","apiKey":"***","contact":{"email":"***"}}',
    ],
    ['/note', 'write to ana@example.com now', '"write to ***@*** now"'],
    ['/note', 'Bearer abcdef', '"Bearer ***"'],
    ['/jwt', 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0abcd.abcdefghijk', '"***"'],
    ['/call', '+8613812345678', '"+86*********78"'],
    ['/n', 13812345678, '"13*******78"'],
    ['/price', 1999, '1999'],
    ['/at', '2026-11-22T08:30:00.123Z', '"2026-11-22T08:30:00.123Z"'],
    ['/long', 'x'.repeat(500), `"${'x'.repeat(199)}…`],
  ])('%s %s as %s', (field, value, shown) => expect(shownValue(field, value)).toBe(shown));

  it('long integers as the digits that they were sent with, masked', () => {
    expect(shownValue('/id', parseJson('9007199254740993'))).toBe('90************93');
  });

  it('nothing of a secret, and never much', () => {
    const secret = fc.string({ minLength: 8 }).filter((text) => !'"***"'.includes(text));
    fc.assert(
      fc.property(secret, fc.jsonValue(), (text, value) => {
        expect(shownValue('/password', text)).toBe('"***"');
        expect(shownValue('/a', { secret: text, value })).not.toContain(JSON.stringify(text).slice(1, -1));
        expect(shownValue('/a', value)!.length).toBeLessThanOrEqual(201);
      }),
    );
  });
});
