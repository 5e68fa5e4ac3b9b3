import { describe, expect, test } from 'vitest';
import { BodyReads } from '../../../../src/core/body/body-reads.ts';
import { bodyCondition } from '../../../../src/core/matching/body.ts';
import { notOf } from '../../../../src/core/matching/combine.ts';
import { Places, placeCondition } from '../../../../src/core/matching/place.ts';
import { timeCondition } from '../../../../src/core/matching/time.ts';
import { exactly, negated, oneOf, present, type ValueMatcher } from '../../../../src/core/matching/value-matcher.ts';
import type { PlaceDatabase } from '../../../../src/core/ports.ts';
import { ZoneClock } from '../../../../src/core/time/zone-clock.ts';
import { reasonsOf } from '../../../../src/core/unknown-reason.ts';
import { sampleTrial } from '../sample-request.ts';

const json = (text: string) => ({ bytes: Buffer.from(text), contentType: 'application/json', contentEncoding: '' });

describe('body', () => {
  const at = (matcher: ValueMatcher, maxBytes = 100) =>
    bodyCondition({ reader: new BodyReads(null).reader([{ kind: 'pointer', pointer: '/id' }]), matcher, maxBytes });

  test('numbers and their text are equal', () => {
    for (const text of ['{"id":1001}', '{"id":"1001"}']) {
      expect(at(exactly('1001')).test(sampleTrial({ body: json(text) }))).toBe('true');
    }
    const big = '12345678901234567891';
    expect(at(exactly(big)).test(sampleTrial({ body: json(`{"id":${big}}`) }))).toBe('true');
    expect(at(exactly('12345678901234567890')).test(sampleTrial({ body: json(`{"id":${big}}`) }))).toBe('false');
  });

  test('is unread until the body was read, and unknown when there is none to read', () => {
    expect(at(present(false)).test(sampleTrial({ body: 'unread' }))).toBe('unread');
    const trial = sampleTrial({ body: null });
    expect(at(present(false)).test(trial)).toBe('unknown');
    expect(reasonsOf(trial.decision.unknown)).toEqual(['body-too-large']);
  });

  test('a body over the limit is not looked at', () => {
    const trial = sampleTrial({ body: json(`{"id":"${'x'.repeat(100)}"}`) });
    expect(at(present(true)).test(trial)).toBe('unknown');
    expect(at(present(true), 1000).test(trial)).toBe('true');
  });

  test('a missing field is known, an unreadable body is not, whichever way it is asked', () => {
    const missing = sampleTrial({ body: json('{}') });
    const broken = sampleTrial({ body: json('{"id":') });
    for (const matcher of [negated(exactly('1')), present(false)]) {
      expect(at(matcher).test(missing)).toBe('true');
      expect(at(matcher).test(broken)).toBe('unknown');
    }
    expect(notOf(at(exactly('1'))).test(missing)).toBe('true');
    expect(notOf(at(exactly('1'))).test(broken)).toBe('unknown');
    expect(reasonsOf(broken.decision.unknown)).toEqual(['malformed']);
    expect(reasonsOf(missing.decision.unknown)).toEqual([]);
  });

  test('null is there, with its word for a text', () => {
    expect(at(present(true)).test(sampleTrial({ body: json('{"id":null}') }))).toBe('true');
    expect(at(exactly('null')).test(sampleTrial({ body: json('{"id":null}') }))).toBe('true');
  });

  test('shows the value and costs most', () => {
    const condition = at(oneOf(['1', '2']));
    expect(condition.seen(sampleTrial({ body: json('{"id":"1"}') }))).toBe('1');
    expect(condition.seen(sampleTrial({ body: json('{') }))).toBeNull();
    expect(condition.text).toBe('body /id in [1, 2]');
    expect(condition.cost).toBe(3);
  });
});

describe('place', () => {
  const known = new Map([
    ['192.0.2.1', { country: 'CN', region: 'CN-ZJ', city: 'Hangzhou' }],
    ['192.0.2.2', { country: 'DE', region: '', city: '' }],
  ]);
  const asked: string[] = [];
  const database: PlaceDatabase = {
    hasRegions: true,
    hasCities: true,
    placeOf: (address) => {
      asked.push(address);
      return known.get(address) ?? null;
    },
  };
  const noHeaders = { country: null, region: null, city: null };

  test('codes by the address, cities whatever their case', () => {
    const places = new Places({ headers: noHeaders, database });
    const trial = sampleTrial({ clientAddress: '192.0.2.1' });
    expect(placeCondition('country', exactly('CN'), places).test(trial)).toBe('true');
    expect(placeCondition('region', exactly('CN-JS'), places).test(trial)).toBe('false');
    expect(placeCondition('city', exactly('hangzhou'), places).test(trial)).toBe('true');
    expect(asked).toEqual(['192.0.2.1']);
  });

  test('what nobody knows is unknown, and stays so when turned round', () => {
    const places = new Places({ headers: noHeaders, database });
    for (const [part, clientAddress] of [
      ['country', '10.0.0.1'],
      ['region', '192.0.2.2'],
    ] as const) {
      const trial = sampleTrial({ clientAddress });
      const condition = placeCondition(part, negated(exactly('XX')), places);
      expect(condition.test(trial)).toBe('unknown');
      expect(notOf(condition).test(trial)).toBe('unknown');
      expect(reasonsOf(trial.decision.unknown)).toEqual(['no-place']);
      expect(condition.seen(trial)).toBeNull();
    }
  });

  test('a header is believed from trusted peers alone, and before the database', () => {
    const places = new Places({ headers: { ...noHeaders, country: 'x-country' }, database });
    const isFrance = placeCondition('country', exactly('FR'), places);
    expect(isFrance.headerNames).toEqual(['x-country']);
    const sample = { clientAddress: '192.0.2.1', headers: { 'x-country': 'fr' } };
    expect(isFrance.test(sampleTrial({ ...sample, fromTrustedPeer: true }))).toBe('true');
    expect(isFrance.test(sampleTrial(sample))).toBe('false');
    const alone = placeCondition(
      'country',
      exactly('FR'),
      new Places({ headers: { ...noHeaders, country: 'x-country' }, database: null }),
    );
    expect(alone.test(sampleTrial(sample))).toBe('unknown');
  });
});

test('time is asked of the request, once for a minute, and shown as a clock shows it', () => {
  const window = { weekdays: [], dates: [], hours: [{ from: 60, to: 300 }], cron: null };
  const condition = timeCondition(window, new ZoneClock('Asia/Shanghai'), 'hours 01:00-05:00 Asia/Shanghai');
  const trialAt = (time: string) => sampleTrial({ nowMs: Date.parse(time) });
  expect(condition.test(trialAt('2026-11-22T16:59:59.999Z'))).toBe('false');
  expect(condition.test(trialAt('2026-11-22T17:00:00Z'))).toBe('true');
  expect(condition.test(trialAt('2026-11-22T17:00:59.999Z'))).toBe('true');
  // The clock may step back.
  expect(condition.test(trialAt('2026-11-22T16:59:00Z'))).toBe('false');
  expect(condition.seen(trialAt('2026-11-22T17:00:00Z'))).toBe('Mon 2026-11-23 01:00 Asia/Shanghai');
});
