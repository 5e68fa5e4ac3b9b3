import { HEX_VALUES } from './hex-digits.ts';

/** How a listener treats paths, before anything is matched; `PathPolicy` of a listener fits. */
export interface TargetPolicy {
  readonly dotSegments: 'reject' | 'resolve' | 'keep';
  readonly encodedSlash: 'keep' | 'reject';
  readonly mergeSlashes: boolean;
}

/** A request target in the one form that is matched, forwarded and logged. All texts latin1, bytes as sent. */
export interface Target {
  /** Without query, percent escapes as sent; `*` only for `OPTIONS *`. */
  readonly path: string;
  /** Without its '?'; '' when there is none. */
  readonly query: string;
  /** Tells `/a?` from `/a`. */
  readonly hasQuery: boolean;
  /** What the upstream request line carries: origin-form or `*`. */
  readonly target: string;
  /** The authority of an absolute-form target, unchecked; it outranks Host (RFC 9112 3.2.2). null: none was given. */
  readonly authority: string | null;
}

/** Why a target was refused. `method-refused` is CONNECT; all others are malformed or against the policy. */
export type TargetError = 'bad-target' | 'bad-escape' | 'dot-segments' | 'encoded-slash' | 'method-refused';

const PERCENT = 0x25;
const DOT = 0x2e;
const SLASH = 0x2f;
const QUESTION = 0x3f;

// What an octet means in a path. Everything that RFC 3986 leaves out but browsers send (`|`, `^` ...) passes as it came.
const PLAIN = 0;
const SPECIAL = 1;
const ILLEGAL = 2;
const PATH_CLASS = buildPathClasses();

function buildPathClasses(): Uint8Array {
  const classes = new Uint8Array(256).fill(ILLEGAL);
  for (let octet = 0x21; octet < 0x7f; octet++) classes[octet] = PLAIN;
  for (const octet of [PERCENT, SLASH, QUESTION]) classes[octet] = SPECIAL;
  // '#' never travels; a raw backslash is a slash to some and data to others.
  for (const char of '#\\') classes[char.charCodeAt(0)] = ILLEGAL;
  return classes;
}

/**
 * The canonical target of a request line, or why it is refused. Origin-form, absolute-form with http or https, and `*` for
 * OPTIONS; CONNECT never (RFC 9112 3.2). `raw` is latin1. Path bytes change only where the policy says so.
 */
export function canonicalTarget(raw: string, policy: TargetPolicy, method: string): Target | TargetError {
  if (method === 'CONNECT') return 'method-refused';
  if (raw.charCodeAt(0) === SLASH) return originForm(raw, policy, null);
  if (raw === '*') return method === 'OPTIONS' ? serverWide(null) : 'bad-target';
  return absoluteForm(raw, policy, method);
}

function serverWide(authority: string | null): Target {
  return { path: '*', query: '', hasQuery: false, target: '*', authority };
}

function absoluteForm(raw: string, policy: TargetPolicy, method: string): Target | TargetError {
  const scheme = /^https?:\/\//i.exec(raw);
  if (scheme === null) return 'bad-target';
  const from = scheme[0].length;
  let to = from;
  while (to < raw.length && raw.charCodeAt(to) !== SLASH && raw.charCodeAt(to) !== QUESTION) to++;
  const authority = raw.slice(from, to);
  if (authority === '') return 'bad-target';
  // An empty path means the server as a whole for OPTIONS, and `/` for all others (RFC 9112 3.2.4, 3.2.1).
  if (to === raw.length && method === 'OPTIONS') return serverWide(authority);
  const rest = raw.slice(to);
  return originForm(rest.charCodeAt(0) === SLASH ? rest : `/${rest}`, policy, authority);
}

/** `raw` begins with '/'. One scan decides that nearly every path needs no further look. */
function originForm(raw: string, policy: TargetPolicy, authority: string | null): Target | TargetError {
  let questionAt = -1;
  let unusual = false;
  let previous = SLASH;
  for (let at = 1; at < raw.length; at++) {
    const octet = raw.charCodeAt(at);
    const kind = PATH_CLASS[octet];
    if (kind === PLAIN) {
      if (octet === DOT && previous === SLASH) unusual = true;
    } else if (kind !== SPECIAL) return 'bad-target';
    else if (octet === QUESTION) {
      questionAt = at;
      break;
    } else if (octet === PERCENT || previous === SLASH) unusual = true;
    previous = octet;
  }
  if (questionAt < 0) {
    if (!unusual) return { path: raw, query: '', hasQuery: false, target: raw, authority };
    return withPath(raw, '', false, policy, authority);
  }
  if (!isQuery(raw, questionAt + 1)) return 'bad-target';
  const path = raw.slice(0, questionAt);
  const query = raw.slice(questionAt + 1);
  if (!unusual) return { path, query, hasQuery: true, target: raw, authority };
  return withPath(path, query, true, policy, authority);
}

/** A query is data: visible ASCII but '#'. Escapes in it are for whoever reads it. */
function isQuery(raw: string, from: number): boolean {
  for (let at = from; at < raw.length; at++) {
    const octet = raw.charCodeAt(at);
    if (octet <= 0x20 || octet >= 0x7f || octet === 0x23) return false;
  }
  return true;
}

/** Somewhere a segment, bounded by a slash plain or encoded, begins with a dot plain or encoded. */
const BEGINS_WITH_DOT = /(?:\/|%2f|%5c)(?:\.|%2e)/i;

function withPath(
  raw: string,
  query: string,
  hasQuery: boolean,
  policy: TargetPolicy,
  authority: string | null,
): Target | TargetError {
  const fault = escapeFault(raw, policy);
  if (fault !== null) return fault;
  let path = policy.mergeSlashes ? raw.replace(/\/{2,}/g, '/') : raw;
  if (policy.dotSegments !== 'keep' && BEGINS_WITH_DOT.test(path)) {
    // A dot segment bounded by an encoded slash is data here, but the server behind may decode it: nobody sends one honestly.
    if (hasHiddenDotSegment(path)) return 'dot-segments';
    const segments = path.split('/');
    if (segments.some((segment) => dots(segment) > 0)) {
      if (policy.dotSegments === 'reject') return 'dot-segments';
      path = resolve(segments);
    }
  }
  return { path, query, hasQuery, target: hasQuery ? `${path}?${query}` : path, authority };
}

function escapeFault(path: string, policy: TargetPolicy): TargetError | null {
  for (let at = path.indexOf('%'); at >= 0; at = path.indexOf('%', at + 3)) {
    const high = HEX_VALUES[path.charCodeAt(at + 1)] ?? -1;
    const low = HEX_VALUES[path.charCodeAt(at + 2)] ?? -1;
    const octet = high * 16 + low;
    // Also NUL: no honest path names it, and what is behind may cut the path there.
    if (high < 0 || low < 0 || octet === 0) return 'bad-escape';
    if (policy.encodedSlash === 'reject' && (octet === SLASH || octet === 0x5c)) return 'encoded-slash';
  }
  return null;
}

/** A dot segment when encoded slashes are taken for slashes, which is none as the path stands. */
function hasHiddenDotSegment(path: string): boolean {
  const hasEncodedSlash = /%2f|%5c/i;
  return path
    .split('/')
    .some((piece) => hasEncodedSlash.test(piece) && piece.split(/%2f|%5c/i).some((part) => dots(part) > 0));
}

/** 1 for `.`, 2 for `..`, each dot plain or escaped; else 0. */
function dots(segment: string): 0 | 1 | 2 {
  if (segment === '' || segment.length > 6) return 0;
  const plain = segment.replace(/%2e/gi, '.');
  return plain === '.' ? 1 : plain === '..' ? 2 : 0;
}

/** RFC 3986 5.2.4; `segments` of a path that begins with '/', so the first is ''. */
function resolve(segments: readonly string[]): string {
  const kept: string[] = [];
  for (const segment of segments.slice(1)) {
    const depth = dots(segment);
    if (depth === 0) kept.push(segment);
    else if (depth === 2) kept.pop();
  }
  if (dots(segments.at(-1) ?? '') > 0) kept.push('');
  return `/${kept.join('/')}`;
}
