import type { Endpoint } from '../core/snapshot.ts';

/** What the access log tells of a request and nothing else needs. Owned by an exchange, set anew for each request. */
export class RequestTally {
  /** False: refused before anything was decided. */
  wasDecided = false;
  /** Payload bytes that came from the client and went to it. */
  bytesIn = 0;
  bytesOut = 0;
  /** Connections tried. */
  attempts = 0;
  /** The endpoint tried last. */
  endpoint: Endpoint | null = null;
  /** `performance.now()` when the response's head was passed on; kept only while there is a log. NaN: not yet. */
  headAtMs = Number.NaN;
  /** The status of the gateway's own answer; 0: it did not answer itself. */
  ownStatus = 0;
  /** Why the gateway answered itself or the exchange was cut, from docs/errors.md; null: all went well. */
  fault: string | null = null;

  reset(): void {
    this.wasDecided = false;
    this.bytesIn = 0;
    this.bytesOut = 0;
    this.attempts = 0;
    this.endpoint = null;
    this.headAtMs = Number.NaN;
    this.ownStatus = 0;
    this.fault = null;
  }

  tried(endpoint: Endpoint): void {
    this.attempts += 1;
    this.endpoint = endpoint;
  }
}
