import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { checkConfiguration } from '../../src/app.ts';
import { formatIssue } from '../../src/config/issue.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

function problemsOf(path: string): readonly string[] {
  return checkConfiguration(path, {}).issues.map(formatIssue);
}

test.each(readdirSync(join(ROOT, 'config')).filter((name) => name.endsWith('.yaml')))(
  'config/%s is accepted without a word',
  (name) => {
    expect(problemsOf(join(ROOT, 'config', name))).toEqual([]);
  },
);

test('the configuration in the README is accepted without a word', () => {
  const sample = /```yaml\n([\s\S]*?)```/.exec(readFileSync(join(ROOT, 'README.md'), 'utf8'))?.[1];
  const file = join(temporaryDirectory(), 'graygate.yaml');
  writeFileSync(file, sample ?? '');
  expect(problemsOf(file)).toEqual([]);
});
