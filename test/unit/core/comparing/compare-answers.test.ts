import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ComparedAnswer } from '../../../../src/core/comparing/answer.ts';
import { compareAnswers } from '../../../../src/core/comparing/compare-answers.ts';
import { IgnoredFields } from '../../../../src/core/comparing/ignored-fields.ts';
import { shownValue } from '../../../../src/core/comparing/redaction.ts';

const NOTHING = new IgnoredFields([]);

interface Sketch {
  readonly status?: number;
  readonly headers?: readonly string[];
  readonly type?: string;
  readonly body?: string;
}

function answer({ status = 200, headers = [], type = 'application/json', body = '' }: Sketch): ComparedAnswer {
  const fieldLines = [`Content-Type: ${type}`, ...headers].map((line) => `${line}\r\n`).join('');
  return new ComparedAnswer({ status, fieldLines, body: Buffer.from(body) });
}

/** `FIELD PRIMARY | OTHER` of each difference, as shown. */
function told(one: Sketch, other: Sketch, ignored = NOTHING): string[] | null {
  const found = compareAnswers(answer(one), answer(other), ignored);
  return (
    found?.map(
      (difference) =>
        `${difference.field} ${shownValue(difference.field, difference.primary)} | ${shownValue(difference.field, difference.other)}`,
    ) ?? null
  );
}

function json(one: unknown, other: unknown, ignored = NOTHING): string[] | null {
  return told({ body: JSON.stringify(one) }, { body: JSON.stringify(other) }, ignored);
}

describe('two answers differ', () => {
  it('in status and headers, names in any case, order of different headers aside', () => {
    expect(
      told(
        { headers: ['X-A: 1', 'X-B: 2', 'Vary: a', 'Vary: b', 'Date: x', 'X-Gone: 1'] },
        { status: 404, headers: ['x-b: 3', 'X-A: 1', 'vary: a, b', 'Date: y', 'X-New: 1'] },
      ),
    ).toEqual(['status 200 | 404', 'header:x-b "2" | "3"', 'header:x-gone "1" | null', 'header:x-new null | "1"']);
  });

  it('in JSON field by field, whatever the order of keys and the blanks', () => {
    expect(told({ body: '{"a":1,"b":[1,2]}' }, { body: ' { "b" : [1, 2], "a" : 1.0 }' })).toEqual([]);
    expect(json({ a: 1, b: { c: 'x', d: null } }, { a: 2, b: { c: 'x', d: 0 }, e: true })).toEqual([
      '/a 1 | 2',
      '/b/d null | 0',
      '/e null | true',
    ]);
  });

  it('in lists by place, places folded, each field told once', () => {
    const items = (names: readonly string[]) => ({ items: names.map((name, id) => ({ id, name })) });
    expect(json(items(['a', 'b', 'c']), items(['a', 'x', 'y']))).toEqual(['/items/*/name "b" | "x"']);
    expect(json(items(['a']), items(['a', 'b']))).toEqual(['/items/* null | {"id":1,"name":"b"}']);
  });

  it('in maps by id under one name', () => {
    expect(
      json({ users: { 'u-1': { n: 1 }, 'u-2': { n: 2 } } }, { users: { 'u-1': { n: 5 }, 'u-2': { n: 6 } } }),
    ).toEqual(['/users/*/n 1 | 5']);
  });

  it('in kind: a text is not the number it spells, nothing is not null', () => {
    expect(json({ a: '1', b: null, c: [] }, { a: 1, c: {} })).toEqual(['/a "1" | 1', '/b null | null', '/c [] | {}']);
  });

  it('in long integers by their digits', () => {
    expect(told({ body: '{"id":9007199254740993}' }, { body: '{"id":9007199254740992}' })).toHaveLength(1);
    expect(told({ body: '{"id":9007199254740993 }' }, { body: '{"id":9007199254740993}' })).toEqual([]);
    expect(
      told(
        { body: '["1234567890123456789",1.1234567890123456789]' },
        { body: '["1234567890123456789", 1.1234567890123456789]' },
      ),
    ).toEqual([]);
    expect(told({ body: '{"a":"x: 12345678901234567, y"}' }, { body: '{"a": "x: 12345678901234567, y"}' })).toEqual([]);
  });

  it('in other bodies by length and hash', () => {
    expect(told({ type: 'text/html', body: 'abc' }, { type: 'text/html', body: 'abd' })![0]).toMatch(
      /^body "3 bytes, murmur3 b3dd93fa" \| "3 bytes, murmur3 [0-9a-f]{8}"$/,
    );
    expect(told({ type: 'text/html', body: '' }, { type: 'text/html', body: 'x' })?.[0]).toMatch(
      /^body "empty" \| "1 bytes/,
    );
    expect(told({ body: '{"a":1}' }, { body: '{"a":' })?.[0]).toMatch(/^body "7 bytes/);
    expect(told({ body: '{"a":1}' }, { type: 'text/plain', body: '{"a":2}' })).toHaveLength(2);
  });

  it('not where that is ignored', () => {
    const ignored = new IgnoredFields(['status', '/at', '/items/*/id', 'header:x-a']);
    const items = [{ id: 1, name: 'a' }];
    expect(
      told(
        { status: 200, headers: ['X-A: 1'], body: JSON.stringify({ at: 1, items }) },
        { status: 201, headers: ['X-A: 2'], body: JSON.stringify({ at: 2, items: [{ id: 2, name: 'a' }] }) },
        ignored,
      ),
    ).toEqual([]);
    expect(json({ a: 1 }, { a: 2 }, new IgnoredFields(['body']))).toEqual([]);
  });

  it('in no more fields than anybody reads; too much is not compared at all', () => {
    const wide = (value: number) =>
      Object.fromEntries(Array.from({ length: 80 }, (_, at) => [`f${'abcdefgh'[at % 8]}${'x'.repeat(at / 8)}`, value]));
    expect(json(wide(1), wide(2))).toHaveLength(50);
    expect(json(Array(30_000).fill(1), Array(30_000).fill(2))).toBeNull();
    const deep = (depth: number, end: string) => `${'['.repeat(depth)}${end}${']'.repeat(depth)}`;
    expect(told({ body: deep(70, '1') }, { body: deep(70, '2') })).toBeNull();
    expect(told({ body: deep(20_000, '1') }, { body: deep(20_000, '2') })).toBeNull();
  });

  it('below names too long to report, where they lie', () => {
    const key = 'abc '.repeat(15);
    const nested = (value: number) => ({ [key]: { [key]: { [key]: { [key]: { [key]: value } } } } });
    const [line] = json(nested(1), nested(2))!;
    expect(String(line?.split(' {')[0]).length).toBeLessThanOrEqual(240);
  });
});

describe('for any JSON value', () => {
  it('nothing differs from itself, however it is written', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(told({ body: JSON.stringify(value) }, { body: JSON.stringify(value, null, 2) })).toEqual([]);
      }),
    );
  });

  it('what differs is told, the same both ways round', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), fc.jsonValue({ noUnicodeString: false }), (one, other) => {
        const there = compareAnswers(
          answer({ body: JSON.stringify(one) }),
          answer({ body: JSON.stringify(other) }),
          NOTHING,
        )!;
        const back = compareAnswers(
          answer({ body: JSON.stringify(other) }),
          answer({ body: JSON.stringify(one) }),
          NOTHING,
        )!;
        const canonical = (value: unknown) => JSON.stringify(sorted(JSON.parse(JSON.stringify(value))));
        expect(there.length === 0).toBe(canonical(one) === canonical(other));
        expect(new Set(there.map(({ field }) => field))).toEqual(new Set(back.map(({ field }) => field)));
      }),
      { examples: [[[], {}]] },
    );
  });

  it('ignoring all that was told leaves nothing', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.jsonValue()),
        fc.dictionary(fc.string(), fc.jsonValue()),
        (one, other) => {
          const [left, right] = [answer({ body: JSON.stringify(one) }), answer({ body: JSON.stringify(other) })];
          let ignored = NOTHING;
          // Fields are told by their first difference: what lay behind a folded one comes to light only then.
          for (let round = 0; round < 60; round++) {
            const found = compareAnswers(left, right, ignored)!;
            if (found.length === 0) return;
            expect(found.filter(({ field }) => ignored.ignores(field))).toEqual([]);
            ignored = new IgnoredFields([...ignored.patterns, ...found.map(({ field }) => field)]);
          }
          throw new Error('there is always something more');
        },
      ),
    );
  });
});

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return Object.is(value, -0) ? 0 : value;
  // Wrapped, so that an object never reads like the list of its entries.
  const keys = Object.keys(value).sort();
  return { entries: keys.map((key) => [key, sorted((value as Record<string, unknown>)[key])]) };
}
