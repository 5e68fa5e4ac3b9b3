import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const ROOT = new URL('../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, ROOT), 'utf8');

const steps = read('Dockerfile')
  .replaceAll('\\\n', ' ')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .map((line) => ({ word: line.split(' ')[0] ?? '', rest: line.slice(line.indexOf(' ') + 1) }));
const restOf = (word: string) => steps.filter((step) => step.word === word).map(({ rest }) => rest);

const manifest = JSON.parse(read('package.json')) as {
  readonly bin: { readonly graygate: string };
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: { readonly node: string };
};

test('everything that is copied is there', () => {
  const sources = restOf('COPY')
    .filter((rest) => !rest.startsWith('--from='))
    .flatMap((rest) => rest.split(' ').slice(0, -1));
  expect(sources.filter((path) => !existsSync(new URL(path, ROOT)))).toEqual([]);
});

test('the image has the major version of Node that the project pins', () => {
  const major = manifest.devDependencies.node.split('.')[0];
  for (const image of restOf('FROM')) expect(image).toMatch(new RegExp(`^node:${major}\\b`));
});

test('scripts that are run exist, and what is started is the program of the package', () => {
  const scripts = restOf('RUN').flatMap((rest) => [...rest.matchAll(/npm run (\S+)/g)].map((found) => found[1] ?? ''));
  expect(scripts.filter((name) => manifest.scripts[name] === undefined)).toEqual([]);
  expect(restOf('ENTRYPOINT')).toEqual([`["node", "${manifest.bin.graygate}"]`]);
});

test('the last stage leaves development dependencies out and does not run as root', () => {
  const last = steps.slice(steps.findLastIndex(({ word }) => word === 'FROM'));
  expect(last.some(({ word, rest }) => word === 'RUN' && rest.includes('npm ci --omit=dev'))).toBe(true);
  expect(last.find(({ word }) => word === 'USER')?.rest).toBe('node');
});

test('what src imports is installed without development dependencies', () => {
  const files = readdirSync(new URL('src', ROOT), { recursive: true, encoding: 'utf8' });
  const packages = files
    .filter((path) => path.endsWith('.ts'))
    .flatMap((path) => [
      ...read(`src/${path}`).matchAll(/^(?:import|export)[^;'"]*?\sfrom\s+'((?:@[\w-]+\/)?[a-z][\w-]*)/gm),
    ])
    .map((found) => found[1] ?? '')
    .filter((name) => name !== 'node');
  const missing = [...new Set(packages)].filter((name) => manifest.dependencies[name] === undefined);
  expect(missing).toEqual([]);
});
