import { toByteString } from '../core/byte-string.ts';
import type { RequestView } from '../core/request-view.ts';
import type { PathPolicy } from '../core/snapshot.ts';
import { CommandError } from './command-error.ts';

/** A request that somebody describes in order to ask what would become of it: plain data, texts as a person writes them. */
export interface RequestSample {
  readonly method: string;
  /** A path, with or without a query, or an absolute URL. */
  readonly url: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array | null;
  readonly clientAddress: string;
  /** Milliseconds since the epoch. */
  readonly timeMs: number;
  /** The name of the listener that it comes in at; absent: the first one. */
  readonly listener?: string | null;
  /** The peer that sends it is one of the listener's trusted proxies: its lane counts. */
  readonly trusted?: boolean;
  /** What chance gave the decision that is to be told again: the draw in [0, 1), and the visitor id minted; null: draw anew. */
  readonly draw?: number | null;
  readonly visitorId?: string | null;
}

/** What a listener does to a request before anything is matched, and what a sample must go through as well. */
export interface WireRules {
  /** The canonical target, or the code of why it is refused. Texts latin1. */
  canonicalTarget(raw: string, policy: PathPolicy, method: string): CanonicalTarget | string;
  /** The host of `host[:port]`, lower case; null when it is malformed. */
  parseAuthority(text: string): { readonly host: string } | null;
  /** RFC 5952 text, IPv4-mapped as IPv4; null when it is no address. */
  canonicalAddress(text: string): string | null;
}

export interface CanonicalTarget {
  readonly path: string;
  readonly query: string;
  /** Of an absolute URL: where the request is sent, and its Host unless the sample names another, as with curl. */
  readonly authority: string | null;
}

/** The listener that the sample is meant for. */
export interface SampleListener {
  readonly path: PathPolicy;
  readonly underscores: 'drop' | 'keep' | 'reject';
}

/** Removed by every listener when they come from outside; a lane is believed when a trusted peer names it. */
const STAMPED = new Set(['x-gray-version', 'x-gray-rule']);
const LANE = 'x-gray-lane';
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** The view that a listener would decide on, had this request come in. Throws `invalid-request` for one that it would refuse. */
export function viewOfSample(sample: RequestSample, listener: SampleListener, wire: WireRules): RequestView {
  if (!TOKEN.test(sample.method)) throw refused(`"${sample.method}" is no method`);
  const target = wire.canonicalTarget(toByteString(targetOf(sample.url)), listener.path, sample.method);
  if (typeof target === 'string') throw refused(`a listener refuses the URL "${sample.url}": ${target}`);
  const clientAddress = wire.canonicalAddress(sample.clientAddress);
  if (clientAddress === null) throw refused(`"${sample.clientAddress}" is no IP address`);
  const fromTrustedPeer = sample.trusted === true;
  const lines = linesByName(sample.headers, listener.underscores, fromTrustedPeer);
  const header = (name: string) => lines.get(name)?.join(name === 'cookie' ? '; ' : ', ');
  const firstHeader = (name: string) => lines.get(name)?.[0];
  const contentType = firstHeader('content-type') ?? '';
  return {
    method: sample.method,
    host: hostOf(firstHeader('host') ?? target.authority ?? '', wire),
    path: target.path,
    query: target.query,
    clientAddress,
    fromTrustedPeer,
    nowMs: sample.timeMs,
    header,
    firstHeader,
    body: {
      bytes: sample.body ?? new Uint8Array(0),
      contentType,
      contentEncoding: firstHeader('content-encoding') ?? '',
    },
  };
}

/** What a client sends of a URL: everything but the fragment. `example.com/x` is taken as a path only when it begins with '/'. */
function targetOf(url: string): string {
  const fragmentAt = url.indexOf('#');
  const target = fragmentAt < 0 ? url : url.slice(0, fragmentAt);
  if (/^https?:\/\//i.test(target) || target.startsWith('/') || target === '*') return target;
  throw refused(`"${url}" is neither a path that begins with / nor an http:// or https:// URL`);
}

function hostOf(authority: string, wire: WireRules): string {
  if (authority === '') return '';
  const parsed = wire.parseAuthority(authority);
  if (parsed === null) throw refused(`a listener refuses the host "${authority}"`);
  return parsed.host;
}

function linesByName(
  headers: RequestSample['headers'],
  underscores: SampleListener['underscores'],
  fromTrustedPeer: boolean,
): Map<string, string[]> {
  const lines = new Map<string, string[]>();
  for (const [name, value] of headers) {
    if (!TOKEN.test(name)) throw refused(`"${name}" is no header name`);
    const key = name.toLowerCase();
    if (STAMPED.has(key) || (key === LANE && !fromTrustedPeer)) continue;
    if (key.includes('_')) {
      if (underscores === 'drop') continue;
      if (underscores === 'reject') throw refused(`a listener refuses the header "${name}" for its underscore`);
    }
    const bytes = toByteString(value).replace(/^[ \t]+|[ \t]+$/g, '');
    if (/[\0\r\n]/.test(bytes)) throw refused(`the value of header "${name}" holds a line break or NUL`);
    const known = lines.get(key);
    if (known === undefined) lines.set(key, [bytes]);
    else known.push(bytes);
  }
  return lines;
}

function refused(message: string): CommandError {
  return new CommandError('invalid-request', message);
}
