import { fromByteString } from '../core/byte-string.ts';
import type { DecisionRecord } from '../telemetry/decision-ring.ts';
import type { DownstreamRequest } from './downstream-request.ts';

type Headers = DecisionRecord['headers'];

/** What a decision looked at and may be kept of it. */
interface Kept {
  readonly headers: Headers;
  /** Byte string. */
  readonly query: string;
  readonly withheld: readonly string[];
}

/** Names of what a client proves itself by. A name too many costs an explanation, one too few a session. */
const SECRET =
  /auth(?!ors?(?:$|[-_.]))|token|jwt|secret|passw|sess|(?:^|[-_.])sid(?:$|[-_.])|api[-_.]?key|credential|signature/i;

/**
 * The header fields `names` of a request and its query, less all that reads like a credential: nobody who may look at
 * decisions shall be able to speak for a user. Of Cookie only `cookies` are kept.
 */
export function withoutSecrets(
  request: DownstreamRequest,
  names: readonly string[],
  cookies: ReadonlySet<string>,
): Kept {
  const headers: Record<string, string | string[]> = { host: fromByteString(request.hostField) };
  const withheld: string[] = [];
  for (const name of names) {
    const joined = request.header(name);
    if (joined === undefined || name === 'host') continue;
    if (name === 'cookie') {
      const kept = keptCookies(joined, cookies, withheld);
      if (kept !== '') headers[name] = fromByteString(kept);
    } else if (SECRET.test(name)) {
      withheld.push(name);
    } else {
      headers[name] = linesOf(request.firstHeader(name) ?? '', joined);
    }
  }
  return { headers, query: keptQuery(request.query, withheld), withheld };
}

/** A sticky key is the first line alone, a condition sees all of them joined: both must come out the same again. */
function linesOf(first: string, joined: string): string | string[] {
  if (joined.length === first.length) return fromByteString(joined);
  return [fromByteString(first), fromByteString(joined.slice(first.length + ', '.length))];
}

function keptCookies(header: string, wanted: ReadonlySet<string>, withheld: string[]): string {
  const kept: string[] = [];
  for (const pair of header.split(';')) {
    const name = pair.split('=', 1)[0]?.trim() ?? '';
    if (!wanted.has(name)) continue;
    if (SECRET.test(name)) withheld.push(`cookie ${name}`);
    else kept.push(pair.trim());
  }
  return kept.join('; ');
}

function keptQuery(query: string, withheld: string[]): string {
  if (!SECRET.test(query)) return query;
  const kept: string[] = [];
  for (const pair of query.split('&')) {
    const name = pair.split('=', 1)[0] ?? '';
    if (SECRET.test(name)) withheld.push(`query ${name}`);
    else kept.push(pair);
  }
  return kept.join('&');
}
