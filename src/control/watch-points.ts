import { lstatSync, readlinkSync } from 'node:fs';
import { dirname, isAbsolute, join, parse, sep } from 'node:path';

/** A name in a directory whose change may change what a path leads to. */
export interface WatchPoint {
  readonly directory: string;
  readonly name: string;
}

/** As many links as the kernel follows. */
const MAX_LINKS = 40;

/**
 * Every name that takes part in resolving an absolute path: the file itself where it finally lies, and each symbolic link on
 * the way, directories included. So a swap of any of them (Kubernetes turns `..data`, a deployment turns `current`) is seen.
 */
export function watchPointsOf(path: string): WatchPoint[] {
  const points: WatchPoint[] = [];
  let resolved = parse(path).root;
  let pending = namesOf(path);
  let links = 0;
  while (pending.length > 0) {
    const name = pending.shift()!;
    if (name === '..') {
      resolved = dirname(resolved);
      continue;
    }
    const target = linkTarget(join(resolved, name));
    const isLast = pending.length === 0;
    if (target !== null || isLast) points.push({ directory: resolved, name });
    if (target === null || ++links > MAX_LINKS) {
      resolved = join(resolved, name);
      continue;
    }
    if (isAbsolute(target)) resolved = parse(target).root;
    pending = [...namesOf(target), ...pending];
  }
  return points;
}

function namesOf(path: string): string[] {
  return path
    .slice(parse(path).root.length)
    .split(sep)
    .filter((name) => name !== '' && name !== '.');
}

/** null: not a link, or not there. */
function linkTarget(path: string): string | null {
  try {
    return lstatSync(path).isSymbolicLink() ? readlinkSync(path) : null;
  } catch {
    return null;
  }
}
