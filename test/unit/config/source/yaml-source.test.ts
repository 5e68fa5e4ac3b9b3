import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { IssueCollector } from '../../../../src/config/issue-collector.ts';
import { plainOf } from '../../../../src/config/source/plain.ts';
import type { SourceNode } from '../../../../src/config/source/source-node.ts';
import { readYaml } from '../../../../src/config/source/yaml-source.ts';

function read(text: string, env: Record<string, string> = {}) {
  const issues = new IssueCollector();
  const watched = new Set<string>();
  const references = { env, readFile: () => ({ error: 'there is no such file' }) };
  const file = readYaml('a.yaml', text, { file: 0, references, issues, watched });
  return {
    root: file.root,
    issues: issues.issues([file]).map(({ line, column, code }) => `${line}:${column} ${code}`),
    secrets: issues.secrets,
  };
}

function plain(text: string): unknown {
  const { root } = read(text);
  return root === null ? null : JSON.parse(JSON.stringify(plainOf(root)));
}

describe('every scalar is the text in the file', () => {
  test.each([
    ['1.10'],
    ['007'],
    ['off'],
    ['yes'],
    ['~x'],
    ['null'],
    ['0x1F'],
    ['12345678901234567890'],
    ['1e3'],
    ['2026-11-22'],
    ['.5'],
    ['+1'],
  ])('%s', (scalar) => {
    expect(plain(`a: ${scalar}`)).toEqual({ a: scalar });
    expect(plain(`[${scalar}]`)).toEqual([scalar]);
    expect(plain(`${scalar}: 1`)).toEqual({ [scalar]: '1' });
  });

  test('nothing written is not an empty text', () => {
    expect(plain('a:\nb: ""\nc: { d }')).toEqual({ a: null, b: '', c: { d: null } });
  });

  test('maps keep file order, also for keys that look like numbers', () => {
    const { root } = read('{ v2: a, 10: b, 2: c }');
    expect(root?.kind === 'map' ? root.entries.map((entry) => entry.key) : []).toEqual(['v2', '10', '2']);
    expect(Object.values(plainOf(root!) as object)).toEqual(['a', 'b', 'c']);
  });
});

describe('what is no part of the language is refused where it stands', () => {
  test.each([
    ['duplicate keys', 'a: 1\nb: 2\na: 3', ['3:1 duplicate-key']],
    ['merge keys', 'a: &x { b: 1 }\nc:\n  <<: *x', ['3:3 merge-key']],
    ['tags', 'a: !thing 1\nb: !!str 2\n', ['1:4 yaml-tag', '2:4 yaml-tag']],
    ['__proto__', '__proto__: { polluted: 1 }', ['1:1 forbidden-key']],
    ['constructor, deep down', 'a:\n  - { constructor: 1 }', ['2:7 forbidden-key']],
    ['prototype', 'prototype: 1', ['1:1 forbidden-key']],
    ['several documents', 'a: 1\n---\nb: 2', ['2:1 several-documents']],
    ['maps as keys', '? { a: 1 }\n: 2', ['1:3 wrong-type']],
    ['an alias without an anchor', 'a: *nowhere', ['1:4 alias-bound']],
    ['an alias within its own anchor', 'a: &x [*x]', ['1:8 alias-bound']],
    ['an unclosed list', 'a: [1, 2', ['1:9 yaml-syntax']],
    ['a tab for indentation', 'a:\n\tb: 1', ['2:1 yaml-syntax']],
  ])('%s', (_, text, expected) => {
    expect(read(text).issues).toEqual(expected);
  });

  test('an alias is a repetition, within a bound', () => {
    expect(plain('a: &x [1, 2]\nb: *x')).toEqual({ a: ['1', '2'], b: ['1', '2'] });
  });

  test('an alias bomb is refused at once', () => {
    const levels = Array.from(
      { length: 20 },
      (_, at) =>
        `l${at}: &l${at} [${Array(10)
          .fill(at === 0 ? 'x' : `*l${at - 1}`)
          .join(', ')}]`,
    );
    const started = performance.now();
    expect(read(levels.join('\n')).issues).toEqual([expect.stringContaining('alias-bound')]);
    expect(performance.now() - started).toBeLessThan(2_000);
  });

  test('nesting beyond 64 is refused, 64 is not', () => {
    expect(read('['.repeat(64) + ']'.repeat(64)).issues).toEqual([]);
    expect(read('['.repeat(65) + ']'.repeat(65)).issues).toEqual(['1:65 too-deep']);
    expect(read('- '.repeat(5_000)).issues).toEqual(['1:129 too-deep']);
    expect(read(`${'{a: '.repeat(5_000)}1${'}'.repeat(5_000)}`).issues).toEqual(['1:257 too-deep']);
  });

  test('a file over 16 MiB is refused, counted in bytes', () => {
    expect(read(`#${'x'.repeat(16 * 1024 * 1024)}`).issues).toEqual(['1:1 file-too-large']);
    expect(read(`#${'中'.repeat(6 * 1024 * 1024)}`).issues).toEqual(['1:1 file-too-large']);
  });
});

describe('references', () => {
  const env = { TOKEN: 's3cret-value', EMPTY: '' };

  test('are filled in, anywhere in a text, once', () => {
    // biome-ignore-start lint/suspicious/noTemplateCurlyInString: it is how references are written
    const { root, secrets } = read('a: "x-${env:TOKEN}-y"\nb: ${other}', env);
    expect(plainOf(root!)).toEqual(Object.assign(Object.create(null), { a: 'x-s3cret-value-y', b: '${other}' }));
    expect(secrets).toEqual(['s3cret-value']);
  });

  test.each([
    ['unset', 'a: ${env:NOBODY}'],
    ['empty', 'a: ${env:EMPTY}'],
    ['inherited from Object', 'a: ${env:toString}'],
    ['without a name', 'a: "${env:}"'],
    ['without an end', 'a: "${env:TOKEN"'],
    ['to a missing file', 'a: ${file:nowhere.txt}'],
    // biome-ignore-end lint/suspicious/noTemplateCurlyInString: it is how references are written
  ])('%s: an error at the value', (_, text) => {
    expect(read(text, env).issues).toEqual(['1:4 bad-reference']);
  });
});

describe('large files are read in pieces', () => {
  const word = fc.constantFrom(
    'a',
    'b: c',
    '"x: y"',
    '[1, 2]',
    '{ k: v }',
    '|\n        text\n         more',
    '>\n        folded',
    "'it''s'",
    '# no',
    '',
    'x # y',
  );
  const item = fc
    .array(fc.tuple(fc.stringMatching(/^[a-z]{1,4}$/), word), { minLength: 1, maxLength: 5 })
    .map((pairs) => {
      const lines = pairs.map(
        ([key, value], at) =>
          `${at === 0 ? '  - ' : '    '}${key}${at}: ${value.includes('b: c') ? '{ b: c }' : value}`,
      );
      return `${lines.join('\n')}\n`;
    });

  /** With enough behind it to be over the length above which files are cut. */
  function padded(text: string): string {
    const filler = Array.from(
      { length: 3_000 },
      (_, at) => `  - name: filler-${at}\n    text: ${'x'.repeat(80)}\n`,
    ).join('');
    return `${text}filler:\n${filler}`;
  }

  function shape(node: SourceNode | null): string {
    return JSON.stringify(node);
  }

  test('and give the same tree, places included, as a file read whole', () => {
    fc.assert(
      fc.property(fc.array(item, { maxLength: 6 }), fc.constantFrom('', '# c\n', '\n'), (items, between) => {
        const text = padded(
          `version: 1\n${between}routes:\n${between}${items.join(between) || '  - {}\n'}services:\n  s: { a: 1 }\n`,
        );
        // A directive is never cut: the same text behind one is read whole.
        const head = '%YAML 1.2\n---\n';
        const whole = read(head + text);
        const pieces = read(text);
        expect(pieces.issues).toEqual(
          whole.issues.map((issue) => issue.replace(/^\d+/, (line) => String(Number(line) - 2))),
        );
        const shifted = shape(whole.root).replaceAll(
          /"(at|keyAt)":(\d+)/g,
          (_, key, at) => `"${key}":${Number(at) - head.length}`,
        );
        expect(shape(pieces.root)).toBe(shifted);
      }),
      { numRuns: 15 },
    );
  });

  test('and what is wrong in one is told once, at its place in the file', () => {
    const text = padded('routes:\n  - a: 1\n    a: 2\n');
    expect(read(text).issues).toEqual(['3:5 duplicate-key']);
    const { issues } = read(`${text}  - [1\nend: 1\n`);
    expect(issues).toContainEqual(expect.stringContaining('yaml-syntax'));
    expect(new Set(issues).size).toBe(issues.length);
  });

  test('aliases, which need the whole file, keep their meaning', () => {
    const { root, issues } = read(padded('base: &x { a: 1 }\nroutes:\n  - *x\n'));
    expect(issues).toEqual([]);
    expect(root?.kind === 'map' && root.entries[1]?.value).toMatchObject({ kind: 'list', items: [{ kind: 'map' }] });
  });
});
