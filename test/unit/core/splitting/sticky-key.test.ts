import { describe, expect, test } from 'vitest';
import { toByteString } from '../../../../src/core/byte-string.ts';
import { readKey, type StickySource, sourceText } from '../../../../src/core/splitting/sticky-key.ts';
import { sampleRequest } from '../sample-request.ts';

const header: StickySource = { kind: 'header', name: 'x-user-id' };
const cookie: StickySource = { kind: 'cookie', name: 'uid' };
const query: StickySource = { kind: 'query', name: 'userId' };
const client: StickySource = { kind: 'client-address' };
const visitor: StickySource = { kind: 'visitor-cookie', name: 'gray_vid' };

describe('readKey', () => {
  test('the first source that has a key gives it', () => {
    const request = sampleRequest({ headers: { cookie: 'uid=c' }, query: 'userId=q' });
    expect(readKey([header, cookie, query], request)).toBe('c');
    expect(readKey([header, query, cookie], request)).toBe('q');
  });

  test('an empty key is no key', () => {
    const request = sampleRequest({ headers: { 'x-user-id': '', cookie: 'uid=; gray_vid=""' }, query: 'userId=' });
    expect(readKey([header, cookie, query, visitor], request)).toBeNull();
    expect(readKey([header, cookie, query, client], request)).toBe('192.0.2.1');
    expect(readKey([], request)).toBeNull();
  });

  test('one user id is the same key wherever it is carried', () => {
    const id = '用户 é+1';
    const bytes = toByteString(id);
    const escaped = encodeURIComponent(id);
    expect(readKey([header], sampleRequest({ headers: { 'x-user-id': bytes } }))).toBe(bytes);
    expect(readKey([cookie], sampleRequest({ headers: { cookie: `a=1; uid=${escaped}` } }))).toBe(bytes);
    expect(readKey([visitor], sampleRequest({ headers: { cookie: `gray_vid="${escaped}"` } }))).toBe(bytes);
    expect(readKey([query], sampleRequest({ query: `userId=${escaped.replaceAll('%20', '+')}` }))).toBe(bytes);
  });

  test('of a header on several lines the first counts, escapes in it as sent', () => {
    expect(readKey([header], sampleRequest({ headers: { 'x-user-id': ['a%41', 'b'] } }))).toBe('a%41');
  });

  test('a source reads as it was written', () => {
    expect([header, cookie, query, client, visitor].map(sourceText)).toEqual([
      'header x-user-id',
      'cookie uid',
      'query userId',
      'clientAddress',
      'visitorCookie gray_vid',
    ]);
  });
});
