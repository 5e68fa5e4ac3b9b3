import { describe, expect, test } from 'vitest';
import { formatIssue } from '../../../src/config/issue.ts';
import type { ConditionConfig } from '../../../src/config/model.ts';
import { around, configOf, marked, parseText, placesOf } from '../../support/config-text.ts';

/** A configuration whose only rule is for this condition. */
function when(condition: string, more = ''): string {
  return around({
    routes: `  - name: r\n    service: app\n    split: { v1: 1 }\n    rules:\n      - { name: x, when: { ${condition} }, to: v2 }`,
    more,
  });
}

function conditionOf(text: string, more = ''): ConditionConfig {
  return configOf(when(text, more)).routes[0]!.rules[0]!.when;
}

/** `§` stands before each place where something is wrong. */
function expectIssues(text: string, codes: readonly string[]): void {
  const { text: plain, places } = marked(text);
  const { issues } = parseText(plain, { named: { 'l.txt': 'a' } });
  expect(placesOf(issues)).toEqual(places.map((place, at) => `${place} ${codes[at] ?? codes[0]}`));
}

function hintsOf(text: string): string[] {
  return parseText(text).issues.map((issue) => issue.hint ?? '');
}

describe('body', () => {
  test('says where a value lies and what it must be', () => {
    expect(conditionOf('body: { pointer: /a/b, in: [x, y] }')).toEqual({
      kind: 'body',
      source: [{ kind: 'pointer', pointer: '/a/b' }],
      value: { kind: 'in', values: ['x', 'y'] },
    });
    expect(conditionOf('body: { field: a, not: { prefix: 1.10 } }')).toEqual({
      kind: 'body',
      source: [{ kind: 'field', name: 'a' }],
      value: { kind: 'not', of: { kind: 'prefix', value: '1.10' } },
    });
    expect(conditionOf('body: { pointer: "", present: true }')).toMatchObject({ source: [{ pointer: '' }] });
  });

  test('keys and vectors are bytes, however they are written', () => {
    const hex = '30313233343536373839616263646566';
    const aes = (key: string, iv: string) =>
      `body: { pointer: /a, decode: [{ aes-128-cbc: { key: ${key}, iv: ${iv} } }], exact: x }`;
    const step = { kind: 'aes-cbc', keyBits: 128, key: { kind: 'one', hex }, iv: { kind: 'one', hex } };
    const forms = ['0123456789abcdef', `{ hex: ${hex.toUpperCase()} }`, '{ base64: MDEyMzQ1Njc4OWFiY2RlZg== }'];
    for (const key of forms) {
      for (const iv of forms) expect(conditionOf(aes(key, iv))).toMatchObject({ source: [{ kind: 'pointer' }, step] });
    }
    const by =
      '{ by: { pointer: /p }, keys: { "01": 0123456789abcdef, 1.10: { hex: "30313233343536373839616263646566" } } }';
    const secrets = [
      { name: '01', hex },
      { name: '1.10', hex },
    ];
    const chosen = { kind: 'by', by: { kind: 'pointer', pointer: '/p' }, secrets };
    expect(conditionOf(aes(by, forms[0]!))).toMatchObject({ source: [{}, { key: chosen, iv: { hex } }] });
    const together = `body: { field: a, decode: [{ aes-128-cbc: { by: { field: p }, keys: { one: { key: ${forms[0]}, iv: ${forms[1]} } } } }], exact: x }`;
    const one = { kind: 'by', by: { kind: 'field', name: 'p' }, secrets: [{ name: 'one', hex }] };
    expect(conditionOf(together)).toMatchObject({ source: [{}, { key: one, iv: one }] });
  });

  test.each([
    ['an unknown key', 'body: { §pointr: /a, exact: x }', 'unknown-key'],
    ['an unknown matcher', 'body: { pointer: /a, §exakt: x }', 'unknown-key'],
    ['neither pointer nor field', 'body: §{ exact: x }', 'one-of'],
    ['both', 'body: §{ pointer: /a, field: b, exact: x }', 'one-of'],
    ['nothing to be', 'body: §{ pointer: /a }', 'one-of'],
    ['two things to be', 'body: §{ pointer: /a, exact: x, prefix: y }', 'one-of'],
    ['no pointer', 'body: { pointer: §a.b, exact: x }', 'bad-pointer'],
    ['a bad escape', 'body: { pointer: §/a~2, exact: x }', 'bad-pointer'],
    ['a missing list', 'body: { pointer: /a, in: { file: §gone.txt } }', 'list-unreadable'],
    ['a bad pattern', 'body: { pointer: /a, regex: §"(" }', 'bad-regex'],
    ['a bad pattern deep inside', 'not: { any: [{ body: { pointer: /a, not: { regex: §"(?=a)" } } }] }', 'bad-regex'],
    ['a step of another name', 'body: { pointer: /a, decode: [§base46], exact: x }', 'bad-value'],
    ['a step that is nothing', 'body: { pointer: /a, decode: [{ §aes: {} }], exact: x }', 'unknown-key'],
    ['two steps in one', 'body: { pointer: /a, decode: [§{ pointer: /b, field: c }], exact: x }', 'one-of'],
    ['a form after json', 'body: { pointer: /a, decode: [json, §{ field: b }], exact: x }', 'bad-decode'],
    ['base64 after json', 'body: { pointer: /a, decode: [json, §base64], exact: x }', 'bad-decode'],
    [
      'a short key',
      'body: { pointer: /a, decode: [{ aes-128-cbc: { key: §short, iv: 0123456789abcdef } }], exact: x }',
      'bad-key',
    ],
    [
      'a key of 128 bits for 256',
      'body: { pointer: /a, decode: [{ aes-256-cbc: { key: §0123456789abcdef, iv: 0123456789abcdef } }], exact: x }',
      'bad-key',
    ],
    [
      'a long vector',
      'body: { pointer: /a, decode: [{ aes-128-cbc: { key: 0123456789abcdef, iv: §0123456789abcdef0 } }], exact: x }',
      'bad-key',
    ],
    [
      'no hexadecimal',
      'body: { pointer: /a, decode: [{ aes-128-cbc: { key: { hex: §xyz }, iv: 0123456789abcdef } }], exact: x }',
      'bad-key',
    ],
    ['no vector', 'body: { pointer: /a, decode: [{ aes-128-cbc: §{ key: 0123456789abcdef } }], exact: x }', 'one-of'],
    [
      'keys by nothing',
      'body: { pointer: /a, decode: [{ aes-128-cbc: { key: §{ keys: { a: 0123456789abcdef } }, iv: 0123456789abcdef } }], exact: x }',
      'one-of',
    ],
    [
      'a short key of a partner',
      'body: { pointer: /a, decode: [{ aes-128-cbc: { key: { by: { pointer: /p }, keys: { a: §x } }, iv: 0123456789abcdef } }], exact: x }',
      'bad-key',
    ],
  ])('%s is an error at its place', (_, condition, code) => {
    expectIssues(when(condition), [code]);
  });

  test('no message shows a key', () => {
    const text = when(
      // biome-ignore lint/suspicious/noTemplateCurlyInString: it is how references are written
      'body: { pointer: /a, decode: [{ aes-128-cbc: { key: "${env:K}", iv: 0123456789abcdef } }], exact: x }',
    );
    const { issues } = parseText(text, { env: { K: 'top-secret' } });
    expect(issues.map(formatIssue).join('\n')).toContain('the key of aes-128-cbc has 10 bytes, not 16');
    expect(JSON.stringify(issues)).not.toContain('top-secret');
  });

  test('what was probably meant is said', () => {
    expect(hintsOf(when('body: { pointr: /a, exact: x }'))).toEqual(['did you mean pointer?']);
    expect(hintsOf(when('body: { pointer: a, exact: x }'))).toEqual(['write /a']);
    expect(hintsOf(when('body: { pointer: /a, decode: base46, exact: x }'))).toEqual(['did you mean base64?']);
  });

  test('as a sticky key, with steps too, and not to choose an endpoint', () => {
    const route = (sticky: string) =>
      around({ routes: `  - { name: r, service: app, split: { v1: 1 }, sticky: ${sticky} }` });
    expect(configOf(route('[{ body: { pointer: /u, decode: [base64, json] } }]')).routes[0]!.sticky).toEqual([
      { kind: 'body', source: [{ kind: 'pointer', pointer: '/u' }, { kind: 'base64' }, { kind: 'json' }] },
    ]);
    expect(parseText(route('{ body: { field: u } }')).issues).toEqual([]);
    expectIssues(route('[{ body: { pointer: /u, §exact: a } }]'), ['unknown-key']);
    expectIssues(
      around({
        more: '  b:\n    balance: { hash: §{ body: { pointer: /u } } }\n    versions:\n      v1: { endpoints: ["http://a"] }',
      }),
      ['bad-value'],
    );
  });
});

describe('time', () => {
  test('is read into days, dates, minutes and a zone', () => {
    expect(
      conditionOf('time: { days: Mon-Fri, hours: "22:00-05:30", dates: 2026-01-01..2026-01-02, zone: Asia/Shanghai }'),
    ).toEqual({
      kind: 'time',
      window: {
        weekdays: [1, 2, 3, 4, 5],
        hours: [{ from: 1320, to: 330 }],
        dates: [{ from: 20454, to: 20455 }],
        cron: null,
      },
      zone: 'Asia/Shanghai',
      text: 'days Mon-Fri, hours 22:00-05:30, dates 2026-01-01..2026-01-02 Asia/Shanghai',
    });
    expect(conditionOf('time: { days: [saturday, Fri-Mon] }')).toMatchObject({
      window: { weekdays: [6, 5, 0, 1] },
      zone: 'UTC',
    });
    expect(conditionOf('time: { hours: ["0:00-6:00", "18:00-24:00"] }')).toMatchObject({
      window: {
        hours: [
          { from: 0, to: 360 },
          { from: 1080, to: 1440 },
        ],
      },
    });
    expect(conditionOf('time: { cron: "0 1 * * 1-5", duration: 4h }')).toMatchObject({
      window: { cron: { durationMs: 14_400_000, times: { hours: [1], weekdays: [1, 2, 3, 4, 5] } } },
    });
  });

  test.each([
    ['nothing', 'time: §{ zone: UTC }', 'empty-list'],
    ['an unknown key', 'time: { §day: Mon, hours: "1:00-2:00" }', 'unknown-key'],
    ['a day that is none', 'time: { days: §Mo-Fr }', 'bad-time'],
    ['hours that are none', 'time: { hours: §"25:00-26:00" }', 'bad-time'],
    ['hours without an end', 'time: { hours: §"10:00" }', 'bad-time'],
    ['an empty range', 'time: { hours: §"10:00-10:00" }', 'bad-time'],
    ['a date that is none', 'time: { dates: §2026-02-30 }', 'bad-time'],
    ['dates in the wrong order', 'time: { dates: §2026-02-02..2026-02-01 }', 'bad-time'],
    ['no such zone', 'time: { days: Mon, zone: §Asia/Shangai }', 'bad-time'],
    ['an offset for a zone', 'time: { days: Mon, zone: §"+08:00" }', 'bad-time'],
    ['no cron line', 'time: { cron: §"61 * * * *", duration: 1m }', 'bad-time'],
    ['cron without a duration', 'time: §{ cron: "0 1 * * *" }', 'one-of'],
    ['a duration without cron', 'time: §{ days: Mon, duration: 1h }', 'one-of'],
    ['half a minute', 'time: { cron: "0 1 * * *", duration: §30s }', 'bad-duration'],
    ['more than a week', 'time: { cron: "0 1 * * *", duration: §200h }', 'bad-duration'],
  ])('%s is an error at its place', (_, condition, code) => {
    expectIssues(when(condition), [code]);
  });

  test('the zone that was probably meant is said', () => {
    expect(hintsOf(when('time: { days: Mon, zone: Asia/Shangai }'))).toEqual(['did you mean Asia/Shanghai?']);
  });
});

describe('geo', () => {
  test('codes in upper case, cities in lower', () => {
    expect(conditionOf('geo: { country: [cn, HK] }')).toEqual({
      kind: 'place',
      part: 'country',
      value: { kind: 'in', values: ['CN', 'HK'] },
    });
    expect(
      conditionOf(
        'geo: { country: { not: us }, region: cn-zj, city: Hangzhou }',
        'geo: { header: { country: X-Country, region: x-r, city: x-c } }',
      ),
    ).toEqual({
      kind: 'all',
      of: [
        { kind: 'place', part: 'country', value: { kind: 'not', of: { kind: 'exact', value: 'US' } } },
        { kind: 'place', part: 'region', value: { kind: 'exact', value: 'CN-ZJ' } },
        { kind: 'place', part: 'city', value: { kind: 'exact', value: 'hangzhou' } },
      ],
    });
  });

  test('where places come from', () => {
    const noHeaders = { country: null, region: null, city: null };
    expect(configOf(around({})).geo).toEqual({ database: { path: null }, headers: noHeaders });
    expect(configOf(around({ more: 'geo: { header: X-Country }' })).geo).toEqual({
      database: null,
      headers: { ...noHeaders, country: 'x-country' },
    });
    expect(configOf(around({ more: 'geo: { database: a.mmdb, header: { city: x-city } }' })).geo).toEqual({
      database: { path: 'a.mmdb' },
      headers: { ...noHeaders, city: 'x-city' },
    });
  });

  test.each([
    ['nothing', 'geo: §{}', '', 'empty-list'],
    ['an unknown part', 'geo: { §contry: CN }', '', 'unknown-key'],
    ['no country code', 'geo: { country: §China }', '', 'bad-place'],
    ['no region code', 'geo: { region: §Zhejiang }', 'geo: { header: { region: x-r } }', 'bad-place'],
    ['a region, and nobody knows regions', 'geo: { §region: CN-ZJ }', '', 'place-unavailable'],
    ['a city, and nobody knows cities', 'any: [{ not: { geo: { §city: ningbo } } }]', '', 'place-unavailable'],
    [
      'a country, and only a city is told',
      'geo: { §country: CN }',
      'geo: { header: { city: x-c } }',
      'place-unavailable',
    ],
    [
      'a database that is not there',
      'geo: { country: CN, region: CN-ZJ }',
      'geo: { database: §gone.mmdb }',
      'geo-database',
    ],
    ['a database that is none', 'geo: { country: CN }', 'geo: { database: §package.json }', 'geo-database'],
    ['a missing list', 'geo: { country: { in: { file: §gone.txt } } }', '', 'list-unreadable'],
  ])('%s is an error at its place', (_, condition, more, code) => {
    expectIssues(when(condition, more), [code]);
  });

  test('a database that nobody asks is not opened', () => {
    expect(parseText(around({ more: 'geo: { database: gone.mmdb }' })).issues).toEqual([]);
  });
});
