import { execFileSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const MAIN = join(ROOT, 'dist', 'main.js');

let built = false;

/** The path of dist/main.js, built first when the sources are newer. */
export function builtCli(): string {
  if (!built && modifiedMs(MAIN) < newestSourceMs()) {
    execFileSync(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json'], {
      cwd: ROOT,
    });
  }
  built = true;
  return MAIN;
}

function newestSourceMs(): number {
  const files = readdirSync(join(ROOT, 'src'), { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  const sources = files.map((entry) => join(entry.parentPath, entry.name));
  return Math.max(...[...sources, join(ROOT, 'package.json'), join(ROOT, 'tsconfig.build.json')].map(modifiedMs));
}

function modifiedMs(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
