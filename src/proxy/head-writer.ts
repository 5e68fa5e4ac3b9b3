import { reasonPhrase } from '../http/reason-phrases.ts';
import type { ResponseHead } from '../http/response-head.ts';
import type { DownstreamRequest } from './downstream-request.ts';
import type { Exchange } from './exchange.ts';

const STATUS_LINES: readonly string[] = Array.from(
  { length: 600 },
  (_, status) => `HTTP/1.1 ${status} ${reasonPhrase(status)}\r\n`,
);
const ONE_YEAR_SECONDS = 31_536_000;

/**
 * The head that goes upstream, whole with its empty line (RFC 9112 section 3, RFC 9110 7.6): request line, Host and framing
 * made anew, copied lines, then what we add, which nothing of the client's can remove.
 */
export function requestHead(exchange: Exchange, hasBody: boolean): string {
  const { request } = exchange.client;
  const { head } = request;
  const change = exchange.arm?.request ?? null;
  const kept = change === null || change.removes === null ? head.kept : head.keptWithout(change.removes);
  let text = `${request.method} ${request.target} HTTP/1.1\r\nHost: ${request.hostField}\r\n${kept}`;
  if (head.isChunked) text += 'Transfer-Encoding: chunked\r\n';
  else if (head.contentLength >= 0) text += `Content-Length: ${head.contentLength}\r\n`;
  if (request.wantsUpgrade) text += `Connection: Upgrade\r\nUpgrade: ${head.upgrade}\r\n`;
  else if (head.acceptsTrailers) text += 'Connection: TE\r\nTE: trailers\r\n';
  if (hasBody && head.expect === 'continue' && head.minorVersion === 1 && !request.isContinued)
    text += 'Expect: 100-continue\r\n';
  text += `${request.forwardingLines()}X-Request-Id: ${request.requestId}\r\n`;
  // A route that removes or sets the field wants none of ours.
  if (change?.removes?.has('traceparent') !== true) text += request.traceLine();
  const lane = laneOf(exchange);
  if (lane !== '') text += `x-gray-lane: ${lane}\r\n`;
  return change === null ? `${text}\r\n` : `${text}${change.lines}\r\n`;
}

/** A trusted lane goes on unchanged; else the version chosen is stamped, where the route asks for it. */
function laneOf(exchange: Exchange): string {
  const lane = trustedLane(exchange.client.request);
  if (lane !== '') return lane;
  const arm = exchange.arm;
  if (arm === null || !arm.arm.route.lane) return '';
  return exchange.helper?.version.name ?? arm.arm.version.name;
}

/** The lane that a trusted peer named; '' for none. */
export function trustedLane({ fromTrustedPeer, head }: DownstreamRequest): string {
  return fromTrustedPeer && head.hasProxyFields ? (head.firstHeader('x-gray-lane') ?? '') : '';
}

/** The head that goes to the client, whole with its empty line. */
export function responseHead(exchange: Exchange, head: ResponseHead, isChunked: boolean, hasNoBody: boolean): string {
  const { client, arm } = exchange;
  const change = arm?.response ?? null;
  const removes = removedFields(exchange, head);
  const kept = removes === null ? head.kept : head.keptWithout(removes);
  let text = (STATUS_LINES[head.status] as string) + kept;
  if (head.status === 101) {
    text += `Connection: Upgrade\r\nUpgrade: ${client.request.head.upgrade}\r\n`;
  } else {
    const isHeadOfChunked =
      hasNoBody && head.isChunked && client.request.method === 'HEAD' && client.request.head.minorVersion === 1;
    if (isChunked || isHeadOfChunked) text += 'Transfer-Encoding: chunked\r\n';
    else if (head.contentLength >= 0 && head.status !== 204) text += `Content-Length: ${head.contentLength}\r\n`;
    text += client.connectionLine();
  }
  if (!head.hasDate) text += client.dateLine;
  if (exchange.visitorId !== null) text += visitorCookie(exchange);
  if (arm !== null) text += (exchange.helper ?? arm).decisionLines;
  return change === null ? `${text}\r\n` : `${text}${change.lines}\r\n`;
}

const DECISION_FIELDS: ReadonlySet<string> = new Set(['x-gray-version', 'x-gray-rule']);

function removedFields(exchange: Exchange, head: ResponseHead): ReadonlySet<string> | null {
  const configured = exchange.arm?.response?.removes ?? null;
  if (!head.hasDecisionFields || exchange.arm?.decisionLines === '') return configured;
  return configured === null ? DECISION_FIELDS : new Set([...configured, ...DECISION_FIELDS]);
}

function visitorCookie(exchange: Exchange): string {
  const name = exchange.arm?.arm.route.visitorCookie ?? '';
  const secure = exchange.client.isEncrypted ? '; Secure' : '';
  return `Set-Cookie: ${name}=${exchange.visitorId}; Path=/; Max-Age=${ONE_YEAR_SECONDS}; HttpOnly; SameSite=Lax${secure}\r\n`;
}
