import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parsePointer } from '../../../../src/core/body/json-pointer.ts';
import { MAX_DEPTH } from '../../../../src/core/body/json-syntax.ts';
import { JsonValues } from '../../../../src/core/body/json-values.ts';
import type { BodyReading } from '../../../../src/core/body/reading.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The text at a pointer; undefined: absent; otherwise why it cannot be read. */
function readAt(document: string | Uint8Array, pointer: string): string | undefined {
  const values = new JsonValues();
  const value = values.add(parsePointer(pointer)!);
  return textOf(values.read(typeof document === 'string' ? encoder.encode(document) : document, value));
}

function textOf(reading: BodyReading): string | undefined {
  if (reading.kind === 'absent') return undefined;
  return reading.kind === 'found' ? decoder.decode(reading.bytes) : `! ${reading.reason}`;
}

describe('pointers', () => {
  test.each([
    ['a text', '{"a":"x"}', '/a', 'x'],
    ['a number as sent', '{"a": 1.50e+3 }', '/a', '1.50e+3'],
    ['every digit of an integer', '{"a":12345678901234567890123}', '/a', '12345678901234567890123'],
    ['words', '[true,false,null]', '/1', 'false'],
    ['an object as sent', '{"a":{"b": 1}}', '/a', '{"b": 1}'],
    ['the whole document', ' "x" ', '', 'x'],
    ['within lists', '{"a":[{"b":"x"},{"b":"y"}]}', '/a/1/b', 'y'],
    ['a list has no names', '{"a":["x"]}', '/a/b', undefined],
    ['an object may have numbers for names', '{"0":"x"}', '/0', 'x'],
    ['no leading zeros in places', '["x","y"]', '/01', undefined],
    ['nor the place after the last', '["x"]', '/-', undefined],
    ['a slash in a name', '{"a/b":"x"}', '/a~1b', 'x'],
    ['a tilde in a name', '{"m~n":"x"}', '/m~0n', 'x'],
    ['~01 is ~1 and no slash', '{"~1":"x"}', '/~01', 'x'],
    ['an empty name', '{"":"x"}', '/', 'x'],
    ['nothing there', '{"a":1}', '/b', undefined],
    ['nothing within a text', '{"a":"b"}', '/a/b', undefined],
    ['escapes in a text', '{"a":"\\u7535\\u6869\\n\\"\\/"}', '/a', '电桩\n"/'],
    ['a pair of surrogates', '"\\ud83d\\ude00"', '', '😀'],
    ['half a pair', '"\\ud83d"', '', '\ufffd'],
    ['escapes in a name', '{"\\u0061\\u7535":"x"}', '/a电', 'x'],
    ['names beyond ASCII', '{"电桩":"x"}', '/电桩', 'x'],
    ['a byte order mark', '\ufeff{"a":"x"}', '/a', 'x'],
  ])('%s', (_, document, pointer, expected) => {
    expect(readAt(document, pointer)).toBe(expected);
  });

  test('many at once come from one pass, and do not disturb each other', () => {
    const values = new JsonValues();
    const names = Array.from({ length: 40 }, (_, at) => `k${at}`);
    const numbers = names.map((name) => values.add(['deep', name]));
    const whole = values.add(['deep']);
    const document = encoder.encode(
      JSON.stringify({ deep: Object.fromEntries(names.map((name) => [name, `${name}!`])) }),
    );
    expect(numbers.map((number) => textOf(values.read(document, number)))).toEqual(names.map((name) => `${name}!`));
    expect(textOf(values.read(document, whole))).toContain('"k39":"k39!"');
    expect(textOf(values.read(encoder.encode('{"deep":{"k1":"other"}}'), numbers[1]!))).toBe('other');
  });
});

describe('a key that stands twice', () => {
  test.each([
    ['on the way', '{"a":{"b":1},"a":{"b":2}}', '/a/b', '! duplicate-key'],
    ['at the end', '{"a":1,"b":2,"a":1}', '/a', '! duplicate-key'],
    ['on the way, where only the second has the rest', '{"a":{},"a":{"b":2}}', '/a/b', '! duplicate-key'],
    ['written with an escape the second time', '{"ab":1,"\\u0061b":2}', '/ab', '! duplicate-key'],
    ['beside the way', '{"x":1,"x":2,"a":3}', '/a', '3'],
    ['inside the value itself', '{"a":{"x":1,"x":2}}', '/a', '{"x":1,"x":2}'],
    ['in another branch', '{"a":1,"b":{"a":2,"a":3}}', '/a', '1'],
  ])('%s', (_, document, pointer, expected) => {
    expect(readAt(document, pointer)).toBe(expected);
  });
});

describe('what is malformed', () => {
  test.each([
    '',
    ' ',
    '{',
    '{"a":1',
    '{"a":1}}',
    '{"a":1} x',
    '{"a":1,}',
    '[1,]',
    '{a:1}',
    "{'a':1}",
    '{"a" 1}',
    '01',
    '-',
    '1.',
    '.5',
    '+1',
    '1e',
    'tru',
    'nul',
    'NaN',
    '"a',
    '"\n"',
    '"\\x"',
    '"\\u12g4"',
    '[1 2]',
    '{"a":1 "b":2}',
    '/* a */1',
    '\u00a01',
  ])('%j', (document) => {
    expect(readAt(document, '/a')).toBe('! malformed');
    expect(() => JSON.parse(document)).toThrow();
  });

  test.each([
    ['a lone continuation byte', [0x80]],
    ['a sequence cut short', [0xe4, 0xb8]],
    ['a longer form than needed', [0xc0, 0xaf]],
    ['a longer form of three bytes', [0xe0, 0x80, 0xaf]],
    ['a surrogate', [0xed, 0xa0, 0x80]],
    ['beyond Unicode', [0xf4, 0x90, 0x80, 0x80]],
  ])('is not UTF-8: %s', (_, bytes) => {
    expect(readAt(Uint8Array.from([0x22, ...bytes, 0x22]), '')).toBe('! malformed');
  });

  test('a fault behind the value makes it unreadable', () => {
    expect(readAt('{"a":"x","b":}', '/a')).toBe('! malformed');
  });

  test('nesting is bounded, on the way and beside it', () => {
    const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
    expect(readAt(nested(MAX_DEPTH), '/a')).toBeUndefined();
    expect(readAt(nested(MAX_DEPTH + 1), '/a')).toBe('! malformed');
    expect(readAt(nested(1_000_000), '')).toBe('! malformed');
    const pointer = '/0'.repeat(MAX_DEPTH + 10);
    expect(readAt(nested(MAX_DEPTH + 1), pointer)).toBe('! malformed');
    expect(readAt(`{"x":${nested(MAX_DEPTH - 1)},"a":1}`, '/a')).toBe('1');
    expect(readAt(`{"x":${nested(MAX_DEPTH)},"a":1}`, '/a')).toBe('! malformed');
  });
});

describe('JSON.parse agrees', () => {
  /** Every pointer into a value, with the text there. */
  function* pointersOf(value: unknown, path = ''): Generator<readonly [string, unknown]> {
    yield [path, value];
    if (typeof value !== 'object' || value === null) return;
    for (const [key, part] of Object.entries(value)) {
      yield* pointersOf(part, `${path}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`);
    }
  }

  test('on the values of any document', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), fc.integer({ min: 0, max: 3 }), (document, spaces) => {
        const text = JSON.stringify(document, null, spaces);
        for (const [pointer, value] of pointersOf(JSON.parse(text))) {
          const found = readAt(text, pointer);
          if (typeof value === 'string') expect(found).toBe(value.toWellFormed());
          else expect(JSON.parse(found!)).toEqual(value);
        }
      }),
    );
  });

  test('on what is a document at all, whatever is changed in it', () => {
    const mutation = fc.record({
      at: fc.nat(),
      remove: fc.integer({ min: 0, max: 3 }),
      insert: fc.constantFrom(
        '',
        '"',
        '\\',
        '{',
        '}',
        '[',
        ']',
        ',',
        ':',
        '0',
        '-',
        'e',
        '.',
        ' ',
        '\n',
        'null',
        'é',
        '\u0001',
      ),
    });
    fc.assert(
      fc.property(fc.json(), fc.array(mutation, { maxLength: 3 }), (document, mutations) => {
        let text = document;
        for (const { at, remove, insert } of mutations) {
          const place = at % (text.length + 1);
          text = (text.slice(0, place) + insert + text.slice(place + remove)).toWellFormed();
        }
        let isWhole = true;
        try {
          JSON.parse(text);
        } catch {
          isWhole = false;
        }
        expect(readAt(text, '/no/such/0') === '! malformed').toBe(!isWhole);
        expect(readAt(text, '') === '! malformed').toBe(!isWhole);
      }),
      { numRuns: 2000 },
    );
  });

  test('on bytes of any kind', () => {
    const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 12 }), (inside) => {
        const bytes = Uint8Array.from([0x22, ...inside, 0x22]);
        let isWhole = true;
        try {
          JSON.parse(strict.decode(bytes));
        } catch {
          isWhole = false;
        }
        expect(readAt(bytes, '') === '! malformed').toBe(!isWhole);
      }),
      { numRuns: 3000 },
    );
  });
});

test('a document of a megabyte is read in one pass, however hostile', () => {
  const values = new JsonValues();
  const value = values.add(['a', '0', 'b']);
  const hostile = [
    `{"a":${'['.repeat(500)}${']'.repeat(500)},${'"a":1,'.repeat(150_000)}"b":1}`,
    `"${'\\u0061'.repeat(170_000)}"`,
    `[${'{"a":{"b":[]}},'.repeat(70_000)}1]`,
    `${' '.repeat(1_000_000)}1`,
  ];
  const before = performance.now();
  for (const text of hostile) values.read(encoder.encode(text), value);
  expect(performance.now() - before).toBeLessThan(2_000);
});
