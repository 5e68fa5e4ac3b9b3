import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

interface Layer {
  /** Folders of src that it may import. */
  readonly layers: readonly string[];
  readonly packages: readonly string[];
  /** Folders of which it may know the types, and nothing that runs. */
  readonly types?: readonly string[];
  /** Single files of other folders that it may import. */
  readonly files?: readonly string[];
  /** May it use Node's own modules? `buffer-types`: the type Buffer alone. */
  readonly node: boolean | 'buffer-types';
}

/** Who may import whom. Everything in src stands in one of these folders, or is app.ts, main.ts, worker-main.ts or version.ts. */
const LAYERS: Readonly<Record<string, Layer>> = {
  core: { layers: [], packages: ['murmurhash'], node: false },
  config: { layers: ['core'], packages: ['yaml', 'zod'], node: false },
  http: { layers: [], packages: [], node: 'buffer-types' },
  telemetry: { layers: ['core'], packages: ['prom-client'], node: true },
  proxy: { layers: ['core', 'http', 'telemetry'], packages: [], node: true },
  control: { layers: ['core', 'config', 'telemetry'], packages: ['undici'], node: true },
  workers: { layers: ['core', 'config', 'control', 'proxy', 'telemetry'], packages: [], node: true },
  admin: { layers: ['control', 'telemetry'], packages: ['fastify', '@fastify/http-proxy'], node: true },
  adapters: { layers: ['core'], packages: ['mmdb-lib', 're2js'], node: true },
  version: { layers: [], packages: [], node: true },
  demo: { layers: [], files: ['src/control/command-error.ts'], packages: [], node: true },
  cli: { layers: ['admin', 'app', 'config', 'control', 'core', 'demo', 'version'], packages: ['undici'], node: true },
  main: { layers: ['cli'], packages: [], node: true },
  'worker-main': { layers: ['adapters', 'config', 'workers'], packages: [], node: true },
  app: {
    layers: ['adapters', 'admin', 'config', 'control', 'core', 'http', 'proxy', 'telemetry', 'version', 'workers'],
    packages: [],
    node: true,
  },
};

/** Time and chance are handed in to these, so that a test can hold them still. */
const PURE = ['core', 'config', 'http'];
const IMPURE =
  /\bDate\.now\b|\bnew Date\(\)|\bMath\.random\b|\bperformance\.now\b|\bprocess\.|\bset(?:Timeout|Interval)\(/;

interface Import {
  readonly from: string;
  /** True when nothing of it is left at run time. */
  readonly typeOnly: boolean;
}

interface SourceFile {
  /** From the root of the repository. */
  readonly path: string;
  readonly text: string;
  readonly imports: readonly Import[];
}

function listFiles(folder: string): readonly string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)));
}

function readSource(path: string): SourceFile {
  const text = readFileSync(join(ROOT, path), 'utf8');
  const statements = [
    ...text.matchAll(/^(?:import|export)\s+(?<clause>(?:type\s)?[\w*{][^;'"]*?)\sfrom\s+'(?<from>[^']+)'/gm),
    ...text.matchAll(/^import\s+(?<clause>)'(?<from>[^']+)'/gm),
    ...text.matchAll(/\bimport\((?<clause>)'(?<from>[^']+)'\)/g),
  ];
  const imports = statements.map(({ groups }) => ({
    from: groups?.['from'] ?? '',
    typeOnly: /^type\s|^\{(?:\s*type\s[^,}]+,?)+\s*\}$/.test(groups?.['clause'] ?? ''),
  }));
  return { path, text, imports };
}

/** `src/core/matching/host.ts` stands in core, `src/app.ts` in app. */
function layerOf(path: string): string {
  return path.split('/')[1]?.replace(/\.ts$/, '') ?? '';
}

function resolveImport(path: string, from: string): string {
  return join(dirname(path), from);
}

const CODE = listFiles('src')
  .filter((path) => path.endsWith('.ts'))
  .map(readSource);
const OTHER_CODE = [...listFiles('test'), ...listFiles('bench')].filter((path) => path.endsWith('.ts')).map(readSource);

function forbiddenImport(file: SourceFile, { from, typeOnly }: Import): string | null {
  const name = layerOf(file.path);
  const layer = LAYERS[name];
  if (layer === undefined) return `${file.path}: ${name} is not a folder of the architecture`;
  if (from.startsWith('.')) {
    const targetFile = resolveImport(file.path, from);
    const target = layerOf(targetFile);
    const isKnown = layer.layers.includes(target) || (typeOnly && layer.types?.includes(target) === true);
    return target === name || isKnown || layer.files?.includes(targetFile) === true
      ? null
      : `${file.path}: ${name} may not import ${target}`;
  }
  if (from.startsWith('node:')) {
    const allowed = layer.node === 'buffer-types' ? typeOnly && from === 'node:buffer' : layer.node;
    return allowed ? null : `${file.path}: ${name} may not import ${from}`;
  }
  const parts = from.split('/');
  const packageName = parts.slice(0, from.startsWith('@') ? 2 : 1).join('/');
  return layer.packages.includes(packageName) ? null : `${file.path}: ${name} may not import ${packageName}`;
}

test('each folder imports only what its place allows', () => {
  const wrong = CODE.flatMap((file) =>
    file.imports.map((one) => forbiddenImport(file, one)).filter((message) => message !== null),
  );
  expect(wrong).toEqual([]);
});

test('imports name their file, extension included', () => {
  const wrong = [...CODE, ...OTHER_CODE].flatMap(({ path, imports }) =>
    imports
      .filter(({ from }) => from.startsWith('.') && !/\.(?:ts|json)$/.test(from))
      .map(({ from }) => `${path}: ${from}`),
  );
  expect(wrong).toEqual([]);
});

test('the pure parts read no clock, draw nothing and start no timer', () => {
  const wrong = CODE.filter(({ path }) => PURE.includes(layerOf(path))).flatMap(({ path, text }) =>
    text
      .split('\n')
      .filter((line) => !/^\s*(?:\*|\/\/|\/\*)/.test(line) && IMPURE.test(line))
      .map((line) => `${path}: ${line.trim()}`),
  );
  expect(wrong).toEqual([]);
});

test('no file reaches itself through what it imports at run time', () => {
  const graph = new Map(
    CODE.map(({ path, imports }) => [
      path,
      imports
        .filter(({ from, typeOnly }) => from.startsWith('.') && !typeOnly)
        .map(({ from }) => resolveImport(path, from)),
    ]),
  );
  const done = new Set<string>();
  const cycles: string[] = [];
  const walk = (path: string, trail: readonly string[]): void => {
    const seenAt = trail.indexOf(path);
    if (seenAt >= 0) cycles.push([...trail.slice(seenAt), path].join(' -> '));
    if (seenAt >= 0 || done.has(path)) return;
    for (const next of graph.get(path) ?? []) walk(next, [...trail, path]);
    done.add(path);
  };
  for (const path of graph.keys()) walk(path, []);
  expect(cycles).toEqual([]);
});

test('no barrel files: who needs something imports the file that has it', () => {
  const passedOn = /^export\s+(?:type\s+)?(?:\*(?: as \w+)?|\{[^}]*\})\s*from\s+'[^']+';?$/gm;
  const barrels = CODE.filter(({ path, text }) => {
    const own = text.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '').replace(passedOn, '');
    return path.endsWith('/index.ts') || own.trim() === '';
  });
  expect(barrels.map(({ path }) => path)).toEqual([]);
});

test('no enum, no namespace, no default export', () => {
  const banned = /^(?:export\s+)?(?:declare\s+)?(?:const\s+)?(?:enum|namespace)\s+\w|^export default\b/m;
  expect([...CODE, ...OTHER_CODE].filter(({ text }) => banned.test(text)).map(({ path }) => path)).toEqual([]);
});

test('no file is named for a layer or for leftovers', () => {
  const banned = /(?:^|[/.-])(?:utils?|helpers?|common|manager|base|misc|types)\.ts$/;
  expect(CODE.map(({ path }) => path).filter((path) => banned.test(path))).toEqual([]);
});

test('texts speak of the project alone: no machine, no ticket', () => {
  // Put together here so that this file passes its own test.
  const banned = new RegExp(['(?<![\\w.~-])/wo', 'rk/|\\biss', 'ues? #?\\d|\\bmilest', 'one \\d'].join(''), 'i');
  const folders = ['src', 'test', 'bench', 'config', 'docs', 'deploy', '.ci'];
  const files = folders
    .filter((folder) => existsSync(join(ROOT, folder)))
    .flatMap(listFiles)
    .filter((path) => !path.startsWith('bench/results/'));
  const top = readdirSync(ROOT).filter((name) => /\.(?:md|json|ts)$|^Dockerfile$/.test(name));
  const wrong = [...files, ...top].flatMap((path) =>
    readFileSync(join(ROOT, path), 'utf8')
      .split('\n')
      .filter((line) => banned.test(line))
      .map((line) => `${path}: ${line.trim().slice(0, 120)}`),
  );
  expect(wrong).toEqual([]);
});
