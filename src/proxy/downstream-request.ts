import type { BodyBytes, RequestView } from '../core/request-view.ts';
import { parseAuthority } from '../http/authority.ts';
import { FieldIndex } from '../http/field-index.ts';
import { clientFromForwardedFor } from '../http/forwarded.ts';
import { RequestHead } from '../http/request-head.ts';
import { canonicalTarget } from '../http/target.ts';
import { traceIdOf } from '../http/trace-parent.ts';
import type { ErrorCode } from './failures.ts';
import type { InstalledSnapshot } from './installed-snapshot.ts';
import type { ListenerState } from './listener-state.ts';
import type { RequestIds } from './request-ids.ts';

/** Times that a request may come back to this gateway before it is taken for a loop (RFC 9110 7.6.3). */
const MAX_VIA = 8;
const REQUEST_ID = /^[A-Za-z0-9._-]{1,128}$/;
/** Sixteen octets in base64 (RFC 6455 4.1). */
const WEBSOCKET_KEY = /^[A-Za-z0-9+/]{22}==$/;
const EMPTY_INDEX = new FieldIndex([]);

/** One request as the decision and the writers see it. Owned by a connection and filled again for each request. */
export class DownstreamRequest implements RequestView {
  readonly head = new RequestHead(EMPTY_INDEX);
  method = '';
  host = '';
  path = '';
  query = '';
  /** What the upstream request line carries. */
  target = '';
  /** The Host line's value for the upstream. */
  hostField = '';
  clientAddress = '';
  fromTrustedPeer = false;
  requestId = '';
  /** What was read last has been answered: none of it may be taken for what comes next. */
  isSpent = true;
  body: BodyBytes | 'unread' | null = 'unread';
  /** The gateway itself has told the client to go on with its body. */
  isContinued = false;
  #nowMs = -1;
  readonly #listener: ListenerState;
  #peer = '';
  readonly #ids: RequestIds;
  /** The last Host seen and what it means: a client seldom changes it on a connection. */
  #knownHostField = '';
  #knownHost = '';
  #traceLine = '';
  /** X-Forwarded-For, -Proto and Via of a peer that is not trusted: the same for every request of the connection. */
  #plainForwarding = '';

  constructor(listener: ListenerState, peer: string, ids: RequestIds) {
    this.#listener = listener;
    this.#ids = ids;
    this.comesFrom(peer);
  }

  /** Whom the connection comes from: the socket's peer, or whom a trusted proxy names in its PROXY header. */
  comesFrom(peer: string): void {
    const listener = this.#listener;
    this.#peer = peer;
    this.clientAddress = peer;
    this.fromTrustedPeer = listener.isTrusted(peer);
    this.#plainForwarding = `X-Forwarded-For: ${peer}\r\nX-Forwarded-Proto: ${listener.scheme}\r\nVia: 1.1 graygate\r\n`;
  }

  /** Looked at once, so that a decision made anew is made for the same time. */
  get nowMs(): number {
    if (this.#nowMs < 0) this.#nowMs = Date.now();
    return this.#nowMs;
  }

  get listenerName(): string {
    return this.#listener.spec.name;
  }

  header(name: string): string | undefined {
    return this.head.header(name);
  }

  firstHeader(name: string): string | undefined {
    return this.head.firstHeader(name);
  }

  /** Reads the head at [start, end) of `bytes`. Returns why it is refused, or null. */
  read(bytes: Buffer, start: number, end: number, installed: InstalledSnapshot): ErrorCode | null {
    const { limits, underscores } = this.#listener.spec;
    this.#blank();
    const { head } = this;
    const refused = head.parse(bytes, start, end, installed.fieldIndex, limits, underscores);
    this.method = head.method;
    this.requestId = this.#idOf();
    if (refused !== null) return refused;
    return this.#readTarget() ?? this.#readRest();
  }

  #blank(): void {
    this.isSpent = false;
    this.requestId = '';
    this.body = 'unread';
    this.isContinued = false;
    this.#nowMs = -1;
    this.method = '';
    this.host = '';
    this.path = '';
    this.query = '';
    this.clientAddress = this.#peer;
    this.#traceLine = '';
  }

  /** A request is refused whose head was never read: nothing is known of it but its connection. */
  forget(): void {
    this.#blank();
    this.head.clear();
    this.requestId = this.#ids.next();
  }

  #idOf(): string {
    const sent = this.head.hasRequestId ? this.head.firstHeader('x-request-id') : undefined;
    return sent !== undefined && REQUEST_ID.test(sent) ? sent : this.#ids.next();
  }

  #readTarget(): ErrorCode | null {
    const { head } = this;
    if (head.isPlainTarget && head.method !== 'CONNECT') {
      const raw = head.rawTarget;
      this.target = raw;
      this.path = head.queryAt < 0 ? raw : raw.slice(0, head.queryAt);
      this.query = head.queryAt < 0 ? '' : raw.slice(head.queryAt + 1);
      return this.#readHost(head.host);
    }
    const target = canonicalTarget(head.rawTarget, this.#listener.spec.path, head.method);
    if (typeof target === 'string') return target;
    this.target = target.target;
    this.path = target.path;
    this.query = target.query;
    // RFC 9112 3.2.2: the authority of an absolute-form target outranks Host, which must be well-formed all the same.
    return this.#readHost(head.host) ?? (target.authority === null ? null : this.#readHost(target.authority));
  }

  #readHost(field: string): ErrorCode | null {
    this.hostField = field;
    if (field === this.#knownHostField && field !== '') {
      this.host = this.#knownHost;
      return null;
    }
    const authority = parseAuthority(field);
    if (authority === null) return 'bad-host';
    this.host = authority.host;
    this.#knownHostField = field;
    this.#knownHost = authority.host;
    return null;
  }

  #readRest(): ErrorCode | null {
    const { head } = this;
    if (this.method === 'TRACE') return 'method-refused';
    if (head.expect === 'other') return 'expectation-failed';
    if (head.upgrade !== '' && this.#isBadUpgrade()) return 'bad-upgrade';
    if (head.hasVia && this.#viaCount() >= MAX_VIA) return 'loop';
    if (this.fromTrustedPeer && head.hasProxyFields) {
      const forwardedFor = head.header('x-forwarded-for');
      if (forwardedFor !== undefined) {
        this.clientAddress = clientFromForwardedFor(forwardedFor, this.#peer, this.#listener.isTrusted);
      }
    }
    return null;
  }

  /** Websocket alone is let through, and only by HTTP/1.1 GET; any other Upgrade is ignored (RFC 9110 7.8). */
  get wantsUpgrade(): boolean {
    const { head } = this;
    if (head.upgrade === '' || head.minorVersion === 0 || this.method !== 'GET') return false;
    return head.upgrade.toLowerCase() === 'websocket';
  }

  /** A body behind it would be taken for the new protocol by one side only; a handshake must be whole (RFC 6455 4.2.1). */
  #isBadUpgrade(): boolean {
    const { head } = this;
    if (head.isChunked || head.contentLength > 0) return true;
    if (!this.wantsUpgrade) return false;
    if (head.header('sec-websocket-version') !== '13') return true;
    return !WEBSOCKET_KEY.test(head.header('sec-websocket-key') ?? '');
  }

  #viaCount(): number {
    return (this.head.header('via') ?? '').split(',').filter((hop) => hop.trim().endsWith(' graygate')).length;
  }

  /** The traceparent line for the upstream when the client sent no valid one; '' when it did. The same for every try. */
  traceLine(): string {
    if (this.head.traceParent !== '') return '';
    if (this.#traceLine === '') {
      const ids = this.#ids.traces.next();
      // Flags 00: nothing is recorded here, and nobody behind is told to.
      this.#traceLine = `traceparent: 00-${ids.slice(0, 32)}-${ids.slice(32)}-00\r\n`;
    }
    return this.#traceLine;
  }

  /** The trace that the upstream was told of; null: there is none. */
  get traceId(): string | null {
    const { traceParent } = this.head;
    if (traceParent !== '') return traceIdOf(traceParent);
    return this.#traceLine === '' ? null : traceIdOf(this.#traceLine.slice('traceparent: '.length));
  }

  /** The forwarding lines that the upstream gets: made by us, or made by a trusted proxy and continued by us. */
  forwardingLines(): string {
    const { head } = this;
    if (!this.fromTrustedPeer || !head.hasProxyFields) {
      return `${this.#plainForwarding}X-Forwarded-Host: ${this.hostField}\r\n`;
    }
    const before = head.header('x-forwarded-for') ?? '';
    const passedOn = head.proxyFields();
    let lines = `X-Forwarded-For: ${before === '' ? '' : `${before}, `}${this.#peer}\r\nVia: 1.1 graygate\r\n${passedOn}`;
    if (head.firstHeader('x-forwarded-proto') === undefined) lines += `X-Forwarded-Proto: ${this.#listener.scheme}\r\n`;
    if (head.firstHeader('x-forwarded-host') === undefined) lines += `X-Forwarded-Host: ${this.hostField}\r\n`;
    return lines;
  }
}
