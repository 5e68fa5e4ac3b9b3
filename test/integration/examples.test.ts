import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { checkConfiguration } from '../../src/app.ts';
import { formatIssue } from '../../src/config/issue.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Keys of 16 bytes. */
const SECRETS = { PARTNER_THREE_KEY: '0123456789abcdef', PARTNER_THREE_IV: 'fedcba9876543210' };
/** It shows everything, what is warned of too; its own test loads it. */
const SHOWS_EVERYTHING = 'reference.yaml';

function problemsOf(path: string): readonly string[] {
  return checkConfiguration(path, SECRETS).issues.map(formatIssue);
}

const examples = readdirSync(join(ROOT, 'config')).filter(
  (name) => name.endsWith('.yaml') && name !== SHOWS_EVERYTHING,
);

test.each(examples)('config/%s is accepted without a word', (name) => {
  expect(problemsOf(join(ROOT, 'config', name))).toEqual([]);
});

test('the configuration in the README is accepted without a word', () => {
  const sample = /```yaml\n([\s\S]*?)```/.exec(readFileSync(join(ROOT, 'README.md'), 'utf8'))?.[1];
  const file = join(temporaryDirectory(), 'graygate.yaml');
  writeFileSync(file, sample ?? '');
  expect(problemsOf(file)).toEqual([]);
});
