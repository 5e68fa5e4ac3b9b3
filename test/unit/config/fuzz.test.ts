import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { re2 } from '../../../src/adapters/re2.ts';
import { compile } from '../../../src/config/compile.ts';
import { ISSUE_CODES } from '../../../src/config/issue-codes.ts';
import { parseConfiguration } from '../../../src/config/parse.ts';
import { parseTexts } from '../../support/config-text.ts';

const reference = readFileSync(new URL('../../../config/reference.yaml', import.meta.url), 'utf8');
const words = [...new Set(reference.match(/[A-Za-z0-9_.:/*-]+|[{}[\],&!|>'"%@`#?]/g) ?? [])];

/** Whatever the text: an answer, every problem at a real place with a known code, and no configuration with an error. */
function expectAnswer(texts: readonly string[]): void {
  const { config, issues, lists } = parseTexts(texts, { env: { GRAYGATE_VIEWER: 'aaaa', GRAYGATE_OPERATOR: 'bbbb' } });
  expect(config === null).toBe(issues.some(({ severity }) => severity === 'error'));
  for (const { code, file, line, column, message } of issues) {
    expect(Object.hasOwn(ISSUE_CODES, code)).toBe(true);
    expect(message).not.toBe('');
    const text = texts[file.charCodeAt(0) - 97] ?? '';
    const lines = text.split('\n');
    expect(line).toBeLessThanOrEqual(lines.length);
    expect(column).toBeLessThanOrEqual((lines[line - 1] ?? '').length + 1);
  }
  if (config !== null) compile({ generation: 1, config, live: { weights: {}, switches: {} }, lists }, { regex: re2 });
}

test('never throws on any text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => expectAnswer([text])),
    { numRuns: 300 },
  );
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...words, '\n', '\n  ', '\n    ', ': ', '- ', ' '), { maxLength: 60 }),
      (parts) => expectAnswer([parts.join('')]),
    ),
    { numRuns: 500 },
  );
});

test('never throws on a valid file with pieces changed', () => {
  const edit = fc.record({
    at: fc.nat(reference.length),
    length: fc.oneof(fc.constant(0), fc.nat(30)),
    text: fc.oneof(
      fc.constantFrom(...words),
      fc.string({ maxLength: 8 }),
      fc.constantFrom('\n', '{}', '[]', ' - ', ': ', '!x ', '&a ', '*a', '""', '~'),
    ),
  });
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
      let text = reference;
      for (const each of edits) text = text.slice(0, each.at) + each.text + text.slice(each.at + each.length);
      expectAnswer([text]);
    }),
    { numRuns: 300 },
  );
});

test('never throws on values of the wrong shape', () => {
  const { value } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 5 },
      // biome-ignore lint/suspicious/noTemplateCurlyInString: it is how references are written
      fc.constantFrom(...words, '', '${env:NOBODY}', '1', '5%', '10s', '1KiB', 'v1'),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom(...words.filter((word) => /^[a-z]/i.test(word))), tie('value'), { maxKeys: 4 }),
    ),
  }));
  const section = fc.constantFrom(
    'listeners',
    'admin',
    'accessLog',
    'services',
    'routes',
    'switches',
    'releases',
    'mirroring',
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(section, value), { maxLength: 3 }), (sections) =>
      expectAnswer([JSON.stringify({ version: 1, ...Object.fromEntries(sections) })]),
    ),
    { numRuns: 500 },
  );
  const routeKey = fc.constantFrom(
    'match',
    'service',
    'stable',
    'override',
    'rules',
    'split',
    'sticky',
    'mirror',
    'headers',
    'timeout',
  );
  fc.assert(
    fc.property(fc.dictionary(routeKey, value, { maxKeys: 4 }), (parts) =>
      expectAnswer([
        JSON.stringify({
          version: 1,
          services: { s: { versions: { v1: { endpoints: ['http://a'] } } } },
          routes: [{ name: 'r', service: 's', ...parts }],
        }),
      ]),
    ),
    { numRuns: 500 },
  );
});

test('nothing in a file touches the prototypes of this process', () => {
  const nasty =
    '{ "__proto__": { "polluted": "1" }, "constructor": { "prototype": { "polluted": "1" } }, "services": { "__proto__": { "polluted": "1" } } }';
  expectAnswer([nasty]);
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
});

test('a deep file, a wide file and a long line are answered in good time', () => {
  const started = performance.now();
  for (const text of [
    '['.repeat(200_000),
    '{'.repeat(200_000),
    '- '.repeat(200_000),
    '? '.repeat(50_000),
    `a: ${'x'.repeat(2_000_000)}`,
    'a: b\n'.repeat(20_000),
  ]) {
    const { config } = parseConfiguration(
      { files: [{ path: 'a.yaml', text }], env: {}, readFile: () => '' },
      { regex: re2 },
    );
    expect(config).toBeNull();
  }
  expect(performance.now() - started).toBeLessThan(20_000);
});
