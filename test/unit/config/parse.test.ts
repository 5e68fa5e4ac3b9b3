import { describe, expect, test } from 'vitest';
import { around, marked, parseText, parseTexts, placesOf } from '../../support/config-text.ts';

/** What is wrong, and where, in a text whose wrong places are marked; the codes are given in the order of the marks. */
function expectIssues(text: string, codes: readonly string[], named: Readonly<Record<string, string>> = {}): void {
  const { text: plain, places } = marked(text);
  const expected = places.map((place, at) => `${place} ${codes[at]}`);
  expect(placesOf(parseText(plain, { named }).issues)).toEqual(expected);
}

const route = (parts: string): string =>
  around({ routes: `  - { name: r, service: app, split: { v1: 1, v2: 1 }, ${parts} }` });
const rule = (parts: string): string => route(`rules: [{ name: x, ${parts} }]`);

describe('the schema: every fault at its key or value', () => {
  test.each([
    ['an unknown key', around({ more: '§listners: []' }), ['unknown-key']],
    ['an unknown key of a route', route('§colour: red'), ['unknown-key']],
    ['an unknown key of a condition', rule('when: { §heder: { a: 1 } }, to: v1'), ['unknown-key']],
    ['an unknown matcher', rule('when: { header: { a: { §equals: 1 } } }, to: v1'), ['unknown-key']],
    ['a key without a value', route('§fallback: '), ['no-value']],
    ['a text where a list should be', route('rules: §none'), ['wrong-type']],
    ['a list where a map should be', route('match: §[]'), ['wrong-type']],
    ['a map where a text should be', route('salt: §{ a: 1 }'), ['wrong-type']],
    ['a missing name', around({ routes: '  - §{ service: app, split: { v1: 1 } }' }), ['missing-key']],
    ['a bad duration', route('timeout: §10'), ['bad-duration']],
    ['no time at all', route('timeout: §0s'), ['bad-duration']],
    ['a bad size', route('maxMatchBody: §64'), ['bad-size']],
    ['a bad flag', route('lane: §yes'), ['bad-value']],
    ['a negative weight', around({ routes: '  - { name: r, service: app, split: { v1: §-1 } }' }), ['bad-weight']],
    [
      'a weight that is no number',
      around({ routes: '  - { name: r, service: app, split: { v1: §5% } }' }),
      ['bad-weight'],
    ],
    ['a percentage over 100', rule('when: { percent: §101 }, to: v1'), ['bad-percent']],
    ['a bad network', rule('when: { client: [10.0.0.0/8, §10.0.0.0/40] }, to: v1'), ['bad-cidr']],
    ['a bad header name', rule('when: { header: { §"a b": 1 } }, to: v1'), ['bad-header-name']],
    [
      'a line break in a header value',
      route('headers: { request: { set: { x-a: §"a\\r\\nb: c" } } }'),
      ['bad-header-value'],
    ],
    ['a NUL in a header value', route('headers: { response: { add: { x-a: [b, §"\\0"] } } }'), ['bad-header-value']],
    ['a header that frames', route('headers: { request: { remove: [§Content-Length] } }'), ['managed-header']],
    [
      'a field that is none',
      route('mirror: { to: v3, compare: { ignore: [/a, §items/0, §"header:a b", §/a~2] } }'),
      ['bad-answer-field', 'bad-answer-field', 'bad-answer-field'],
    ],
    ['an answer too large to compare', route('mirror: { to: v3, compare: { maxBody: §2MiB } }'), ['bad-size']],
    ['a baseline that is not there', route('mirror: { to: v3, compare: { baseline: §v9 } }'), ['dangling-version']],
    ['a shadow as its own baseline', route('mirror: { to: v3, compare: { baseline: §v3 } }'), ['baseline-is-target']],
    ['an ignore outside compare', route('mirror: { to: v3, §ignore: [/a] }'), ['unknown-key']],
    ['a bad host', route('match: { hosts: [a.example, §"a.*.example"] }'), ['bad-host']],
    ['a host with a port', route('match: { hosts: §"a.example:80" }'), ['bad-host']],
    ['a path that cannot be', route('match: { path: { prefix: §api } }'), ['bad-path']],
    ['a path with a query', route('match: { path: §/a?b=c }'), ['bad-path']],
    ['a bad method', route('match: { methods: [§"GET POST"] }'), ['bad-method']],
    ['two matchers in one', rule('when: { header: { a: §{ exact: 1, prefix: 2 } } }, to: v1'), ['one-of']],
    ['no matcher at all', rule('when: { header: { a: §{} } }, to: v1'), ['one-of']],
    ['an empty condition', rule('when: §{}, to: v1'), ['empty-list']],
    ['an empty any', rule('when: { any: §[] }, to: v1'), ['empty-list']],
    ['an empty list of values', rule('when: { header: { a: §[] } }, to: v1'), ['empty-list']],
    [
      'a rule with both ends',
      around({
        routes:
          '  - { name: r, service: app, split: { v1: 1 }, rules: [§{ name: x, when: { method: A }, to: v1, split: { v1: 1 } }] }',
      }),
      ['one-of'],
    ],
    [
      'a rule with no end',
      around({ routes: '  - { name: r, service: app, split: { v1: 1 }, rules: [§{ name: x, when: { method: A } }] }' }),
      ['one-of'],
    ],
    ['two sticky keys in one', route('sticky: [§{ header: a, cookie: b }]'), ['one-of']],
    [
      'a version name that cannot travel',
      around({ more: '  b:\n    versions:\n      §"v 1": { endpoints: ["http://a"] }' }),
      ['bad-name'],
    ],
    [
      'an endpoint with a path',
      around({ more: '  b:\n    versions:\n      v1: { endpoints: [§"http://a/b"] }' }),
      ['bad-url'],
    ],
    [
      'an endpoint that is no address',
      around({ more: '  b:\n    versions:\n      v1: { endpoints: [{ url: §"http://10.0.0.256" }] }' }),
      ['bad-url'],
    ],
    [
      'a listener without a port',
      'version: 1\nlisteners: [{ name: a, address: §0.0.0.0 }]\nroutes: []',
      ['bad-address'],
    ],
    ['another language version', 'version: §2\nlisteners: []\nroutes: []', ['bad-value']],
    ['no language version', '§listeners: []\nroutes: []', ['missing-key']],
  ])('%s', (_, text, codes) => {
    expectIssues(text, codes);
  });
});

describe('what later versions have is named, never ignored', () => {
  test.each([
    ['tls of a listener', 'version: 1\nlisteners: [{ name: a, address: "127.0.0.1:0", §tls: {} }]\nroutes: []'],
    ['a release', around({ more: 'releases: { §x: { route: all } }' })],
    ['https endpoints', around({ more: '  b:\n    versions:\n      v1: { endpoints: [§"https://a"] }' })],
    ['h2', around({ more: '  b:\n    protocol: §h2\n    versions:\n      v1: { endpoints: ["http://a"] }' })],
    ['redirect', route('§redirect: { status: 302 }')],
    ['a token condition', rule('when: { all: [{ §jwt: { sub: a } }] }, to: v1')],
    [
      'a share that answers',
      around({ routes: '  - { name: r, service: app, split: { v1: 1, gone: §{ weight: 5, respond: 503 } } }' }),
    ],
  ])('%s', (_, text) => {
    expectIssues(text, ['not-supported-yet']);
  });

  test('what says nothing is fine', () => {
    expectIssues(around({ more: 'releases: {}' }), []);
    expectIssues(route('mirror: { to: v3, compare: false }'), []);
  });
});

describe('the check: names lead somewhere', () => {
  test.each([
    ['a service', around({ routes: '  - { name: r, service: §ap, split: { v1: 1 } }' }), ['dangling-service']],
    [
      'versions of a split, at the key',
      around({ routes: '  - { name: r, service: app, split: { v1: 1, §v9: 1 } }' }),
      ['dangling-version'],
    ],
    ['stable', route('stable: §v9'), ['dangling-version']],
    ['fallback', route('fallback: §v9'), ['dangling-version']],
    ['the target of a mirror', route('mirror: { to: §v9 }'), ['dangling-version']],
    ['the target of the second mirror', route('mirror: [{ to: v3 }, { to: §v9 }]'), ['dangling-version']],
    ['to', rule('when: { method: A }, to: §v9'), ['dangling-version']],
    ['the split of a rule', rule('when: { method: A }, split: { §v9: 1 }'), ['dangling-version']],
    ['the mirror of a rule', rule('when: { method: A }, to: v1, mirror: { to: §v9 }'), ['dangling-version']],
    ['a switch', rule('when: { not: { any: [{ switch: §nope }] } }, to: v1'), ['dangling-switch']],
    [
      'one of several switches',
      rule('when: { switch: [§nope, §neither] }, to: v1'),
      ['dangling-switch', 'dangling-switch'],
    ],
    ['a pattern', rule('when: { header: { a: { not: { regex: §"(" } } } }, to: v1'), ['bad-regex']],
    ['a pattern that needs backtracking', route('match: { path: { regex: §"/(a)\\\\1" } }'), ['bad-regex']],
    ['a list', rule('when: { cookie: { a: { in: { file: §lists/gone.txt } } } }, to: v1'), ['list-unreadable']],
    [
      'two routes of one name',
      around({
        routes:
          '  - { name: r, match: { path: /a }, service: app, split: { v1: 1 } }\n  - { name: §r, match: { path: /b }, service: app, split: { v1: 1 } }',
      }),
      ['duplicate-name'],
    ],
    [
      'two rules of one name',
      route('rules: [{ name: x, when: { method: A }, to: v1 }, { name: §x, when: { method: B }, to: v1 }]'),
      ['duplicate-name'],
    ],
    [
      'two listeners of one name',
      'version: 1\nlisteners: [{ name: a, address: "127.0.0.1:0" }, { name: §a, address: "127.0.0.1:0" }]\nroutes: []',
      ['duplicate-name'],
    ],
    [
      'two listeners at one address',
      'version: 1\nlisteners: [{ name: a, address: "127.0.0.1:80" }, { name: b, address: §"127.0.0.1:80" }]\nroutes: []',
      ['duplicate-address'],
    ],
    [
      'a listener where admin is',
      'version: 1\nlisteners: [{ name: a, address: "127.0.0.1:99" }]\nadmin: { address: §"127.0.0.1:99" }\nroutes: []',
      ['duplicate-address'],
    ],
    [
      'an open admin port',
      'version: 1\nlisteners: []\nadmin: { address: §"0.0.0.0:9900" }\nroutes: []',
      ['admin-without-tokens'],
    ],
    [
      'an endpoint twice',
      around({ more: '  b:\n    versions:\n      v1: { endpoints: ["http://a", §"http://a"] }' }),
      ['duplicate-endpoint'],
    ],
    [
      'endpoints without weight',
      around({ more: '  b:\n    versions:\n      v1: { endpoints: §[{ url: "http://a", weight: 0 }] }' }),
      ['zero-weight'],
    ],
    [
      'a split without weight',
      around({ routes: '  - { name: r, service: app, split: §{ v1: 0, v2: 0.0 } }' }),
      ['zero-weight'],
    ],
    ['a rule without weight', rule('when: { method: A }, split: §{ v1: 0 }'), ['zero-weight']],
    [
      'no split where there are several versions',
      around({ routes: '  - §{ name: r, service: app }' }),
      ['missing-split'],
    ],
    ['two mirrors to one version', route('mirror: [{ to: v3 }, { to: §v3 }]'), ['duplicate-mirror']],
    ['a percentage in a match', route('match: { any: [{ percent: §5 }] }'), ['percent-in-match']],
  ])('%s', (_, text, codes) => {
    expectIssues(text, codes);
  });

  test.each([
    ['no listener and no route', '§version: 1', ['no-listener (warning)']],
    [
      'sticky keys that anybody chooses',
      route('sticky: [§{ header: a }, §{ cookie: b }, §{ query: c }, { clientAddress: true }]'),
      Array(3).fill('choosable-sticky-key (warning)'),
    ],
    ['one such key without a list', route('sticky: §{ header: a }'), ['choosable-sticky-key (warning)']],
    [
      'keys after visitorCookie',
      route('sticky: [{ visitorCookie: v }, §{ clientAddress: true }]'),
      ['after-visitor-cookie (warning)'],
    ],
    ['an open override', route('override: §{ header: x-gray }'), ['open-override (warning)']],
    [
      'a mirror to the only version',
      around({ routes: '  - { name: r, service: app, split: { v1: 1, v2: 0 }, mirror: { to: §v1 } }' }),
      ['mirror-to-itself (warning)'],
    ],
    [
      'a fallback to the only version',
      around({ routes: '  - { name: r, service: app, split: { v1: 1 }, fallback: §v1 }' }),
      ['fallback-to-itself (warning)'],
    ],
    ['methods in an unusual case', route('match: { methods: [GET, §post] }'), ['method-case (warning)']],
    ['methods of a condition', rule('when: { method: [GET, §post] }, to: v1'), ['method-case (warning)']],
    ['paths beyond ASCII', route('match: { path: { prefix: §/电桩 } }'), ['path-not-ascii (warning)']],
  ])('warns of: %s', (name, text, codes) => {
    if (name === 'no listener and no route') {
      expect(placesOf(parseText('version: 1').issues)).toEqual(['1:1 no-listener (warning)', '1:1 no-route (warning)']);
    } else {
      expectIssues(text, codes);
    }
  });
});

describe('one run shows everything', () => {
  test('faults of shape hide no dangling names, and broken parts make none', () => {
    expectIssues(
      `version: 1
listeners: [{ name: edge, address: §nowhere }]
services:
  broken: { versions: { v1: { endpoints: §[] } } }
  app: { versions: { v1: { endpoints: ["http://a"] } }, pool: { §maxConnection: 5 } }
routes:
  - { name: one, service: broken, split: { v7: 1 } }
  - { name: two, service: app, timeout: §10, split: { v1: 1, §v2: 1 }, fallback: §v3 }
  - name: three
    service: app
    rules:
      - { name: r1, when: { header: { a: { regex: §"[" } } }, to: §[] }
      - { name: r2, when: { switch: §off }, to: §v9 }
`,
      [
        'bad-address',
        'empty-list',
        'unknown-key',
        'bad-duration',
        'dangling-version',
        'dangling-version',
        'bad-regex',
        'wrong-type',
        'dangling-switch',
        'dangling-version',
      ],
    );
  });

  test('no configuration comes of an error, one does of a warning', () => {
    expect(parseText(route('timeout: 10')).config).toBeNull();
    expect(parseText(route('sticky: { header: a }')).config).not.toBeNull();
  });

  test('hints name what was probably meant', () => {
    const hints = (text: string) => parseText(text).issues.map(({ hint }) => hint);
    expect(hints(around({ more: 'listener: []' }))).toEqual(['did you mean listeners?']);
    expect(hints(around({ routes: '  - { name: r, service: appp, split: { v1: 1 } }' }))).toEqual([
      'did you mean app?',
    ]);
    expect(hints(rule('when: { method: A }, to: v11'))).toEqual(['did you mean v1?']);
  });

  test('the same fault through an alias is told once', () => {
    const rules = 'rules: [{ name: x, when: &w { switch: nope }, to: v1 }, { name: y, when: *w, to: v2 }]';
    const codes = parseText(route(rules)).issues.map(({ code }) => code);
    expect(codes).toEqual(['dangling-switch', 'unreachable-rule']);
  });
});

describe('several files are one configuration', () => {
  const base = around({});

  test('sections are put together in the order of the files', () => {
    const more =
      'routes:\n  - { name: more, match: { path: /x }, service: late, split: { v1: 1 } }\nservices:\n  late: { versions: { v1: { endpoints: ["http://a"] } } }\n';
    const { config, issues } = parseTexts([more, base]);
    expect(placesOf(issues)).toEqual([]);
    expect(config?.routes.map(({ name }) => name)).toEqual(['more', 'all']);
  });

  test('a name defined twice is an error in the later file', () => {
    const { issues } = parseTexts([base, 'version: 1\nservices:\n  app: {}\n']);
    expect(issues.map(({ file, line, column, code }) => `${file}:${line}:${column} ${code}`)).toEqual([
      'b.yaml:3:3 duplicate-name',
    ]);
    expect(placesOf(parseTexts([`${base}grace: 1s\n`, 'grace: 2s']).issues)).toEqual(['1:1 duplicate-name']);
  });

  test('an empty file adds nothing', () => {
    expect(parseTexts([base, '# nothing here yet\n', '']).config).not.toBeNull();
  });
});

describe('secrets', () => {
  // biome-ignore-start lint/suspicious/noTemplateCurlyInString: it is how references are written
  const text = around({ more: 'admin: { tokens: { operator: "${env:TOKEN}" } }' });

  test('are filled in, and told apart', () => {
    const { config, secrets } = parseText(text, { env: { TOKEN: 'correct-horse' } });
    expect(config?.admin.tokens).toEqual({ viewer: null, operator: 'correct-horse' });
    expect(secrets).toEqual(['correct-horse']);
  });

  test('come from files without their last line break, which are watched', () => {
    const fromFile = text.replace('env:TOKEN', 'file:secrets/token');
    const { config, watched } = parseText(fromFile, { named: { 'secrets/token': 'correct-horse\n' } });
    expect(config?.admin.tokens?.operator).toBe('correct-horse');
    expect(watched).toEqual(['secrets/token']);
  });

  test('are never shown, wherever they end up', () => {
    for (const place of [
      'grace: "${env:TOKEN}"',
      'admin: { address: "${env:TOKEN}" }',
      'switches: { a: "${env:TOKEN}" }',
    ]) {
      const { issues } = parseText(around({ more: place }), { env: { TOKEN: 'correct-horse' } });
      expect(JSON.stringify(issues)).not.toContain('correct-horse');
      expect(issues[0]?.message).toContain('${env:TOKEN}');
    }
  });

  test('that are missing are one problem, not two', () => {
    expectIssues(around({ more: 'grace: §"${env:NOBODY}"' }), ['bad-reference']);
  });
  // biome-ignore-end lint/suspicious/noTemplateCurlyInString: it is how references are written
});

describe('list files', () => {
  test('are read once each, and watched', () => {
    const text = route(
      'rules: [{ name: x, when: { header: { a: { in: { file: piles.txt } } }, query: { b: { in: { file: piles.txt } } } }, to: v1 }]',
    );
    const { lists, watched, issues } = parseText(text, { named: { 'piles.txt': 'a\nb\n' } });
    expect(placesOf(issues)).toEqual([]);
    expect(lists).toEqual({ 'piles.txt': 'a\nb\n' });
    expect(watched).toEqual(['piles.txt']);
  });
});

test('one broken part of a rule hides nothing else of it', () => {
  const text = `version: 1
listeners: [{ name: edge, address: "127.0.0.1:0" }]
services: { a: { versions: { v1: { endpoints: ["http://127.0.0.1:1"] } } } }
routes:
  - name: x
    service: a
    split: { v1: 1 }
    rules:
      - §{ name: r, when: { percent: §200 }, to: §v9, split: { v1: 1 } }
      - { name: §r, when: { percent: §300 }, to: §v8 }
`;
  expectIssues(text, [
    'one-of',
    'bad-percent',
    'dangling-version',
    'duplicate-name',
    'bad-percent',
    'dangling-version',
  ]);
});
