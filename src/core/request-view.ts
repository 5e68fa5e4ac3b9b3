/**
 * What a decision may look at. Every text is a byte string: one UTF-16 unit per byte as received (latin1), so that matching
 * and hashing see the client's bytes and never a re-decoding of them.
 */
export interface RequestView {
  /** The method as sent, case kept. */
  readonly method: string;
  /** The authority's host: lower case, no port, no trailing dot. IPv6 keeps its brackets. '' when there is none. */
  readonly host: string;
  /** The path that is matched, forwarded and logged: without query, percent escapes as sent. */
  readonly path: string;
  /** The raw query without its '?'; '' when there is none. */
  readonly query: string;
  /** The client's address, RFC 5952 text; IPv4-mapped IPv6 as IPv4. */
  readonly clientAddress: string;
  /** True when the peer that sent this request is inside the listener's trustedProxies. */
  readonly fromTrustedPeer: boolean;
  /** When the request began: milliseconds since the epoch. */
  readonly nowMs: number;
  /** Field value by lower-case name: blanks trimmed, several lines joined by ', ' ('; ' for cookie); undefined when absent. */
  header(name: string): string | undefined;
  /** The first line's value alone, blanks trimmed; undefined when absent. */
  firstHeader(name: string): string | undefined;
  /** The whole body, once it was read for a decision; 'unread' before that; null when it cannot be had (too large, cut). */
  readonly body: BodyBytes | 'unread' | null;
}

/**
 * A request body held whole for a decision. The bytes that travel on are the bytes that came. A new object for each request:
 * what was read out of a body is remembered by it.
 */
export interface BodyBytes {
  readonly bytes: Uint8Array;
  /** Content-Type and Content-Encoding as sent; '' when absent. */
  readonly contentType: string;
  readonly contentEncoding: string;
}
