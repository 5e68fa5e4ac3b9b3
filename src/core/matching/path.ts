import { toByteString } from '../byte-string.ts';
import type { Condition } from './condition.ts';
import { valueCondition } from './value-condition.ts';
import type { ValueMatcher } from './value-matcher.ts';

const SLASH = 0x2f;

/** `path: { prefix }`: by path segments. `/a` and `/a/` match `/a`, `/a/` and `/a/b`, not `/ab`; `/` matches every path. */
export function pathPrefixCondition(prefix: string): Condition {
  const wanted = segmentPrefix(prefix);
  return {
    text: `path prefix ${prefix}`,
    cost: 0,
    headerNames: [],
    test: (trial) => (hasSegmentPrefix(trial.request.path, wanted) ? 'true' : 'false'),
    seen: (trial) => trial.request.path,
    parts: [],
  };
}

/** `path:` with any value matcher, over the whole path as it is forwarded. */
export function pathCondition(matcher: ValueMatcher): Condition {
  return valueCondition({ subject: 'path', matcher, readCost: 0, headerNames: [], read: (request) => request.path });
}

/** The byte string that a path must begin with: the prefix without its trailing slash. */
export function segmentPrefix(prefix: string): string {
  return toByteString(prefix.endsWith('/') ? prefix.slice(0, -1) : prefix);
}

/** True when `path` begins with `prefix` (from `segmentPrefix`) and the next segment, if any, begins right there. */
function hasSegmentPrefix(path: string, prefix: string): boolean {
  return endsSegment(path, prefix.length) && path.startsWith(prefix);
}

/** True when a segment of `path` ends at `length`, or the whole path does. */
export function endsSegment(path: string, length: number): boolean {
  return path.length === length ? length > 0 : path.charCodeAt(length) === SLASH;
}
