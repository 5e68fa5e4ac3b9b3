import type { RequestHeadError } from '../http/request-head.ts';
import type { TargetError } from '../http/target.ts';

/** Why an upstream did not give a whole response. `connect-*`: nothing was sent. */
export type UpstreamFailure =
  | 'connect-refused'
  | 'connect-timeout'
  | 'upstream-reset'
  | 'upstream-bad-response'
  | 'upstream-timeout'
  | 'internal-error';

/** Why no connection could be had at all. */
export type LeaseFailure = 'no-endpoint' | 'queue-full' | 'queue-timeout' | 'internal-error';

/** What a client is told when the gateway answers itself. One table maps each to its status. */
export type ErrorCode =
  | RequestHeadError
  | TargetError
  | UpstreamFailure
  | LeaseFailure
  | 'head-too-large'
  | 'body-too-large'
  | 'bad-chunk'
  | 'bad-proxy-header'
  | 'head-timeout'
  | 'body-timeout'
  | 'expectation-failed'
  | 'method-refused'
  | 'loop'
  | 'no-route'
  | 'route-timeout'
  | 'overloaded';

interface ErrorMeaning {
  readonly status: number;
  readonly message: string;
}

/** The one place where a fault becomes a status and a sentence. Sentences name no address and no internals. */
export const ERRORS: Readonly<Record<ErrorCode, ErrorMeaning>> = {
  'bad-proxy-header': { status: 400, message: 'The PROXY protocol header of a trusted proxy is missing or malformed.' },
  'bad-request-line': { status: 400, message: 'The request line is malformed.' },
  'bad-version': { status: 505, message: 'Only HTTP/1.0 and HTTP/1.1 are spoken here.' },
  'bad-target': { status: 400, message: 'The request target is malformed.' },
  'bad-escape': { status: 400, message: 'The request target has a malformed or forbidden percent escape.' },
  'dot-segments': { status: 400, message: 'The path has dot segments, which are refused here.' },
  'encoded-slash': { status: 400, message: 'The path has an encoded slash, which is refused here.' },
  'connect-refused': { status: 502, message: 'The service could not be reached.' },
  'target-too-long': { status: 414, message: 'The request target is too long.' },
  'bad-field': { status: 400, message: 'A header field is malformed.' },
  'too-many-fields': { status: 431, message: 'The request has too many header fields.' },
  'repeated-field': { status: 400, message: 'A header field that may stand once stands twice.' },
  'bad-host': { status: 400, message: 'The Host field is missing, repeated or malformed.' },
  'bad-content-length': { status: 400, message: 'The Content-Length field is repeated or malformed.' },
  'bad-transfer-encoding': { status: 400, message: 'The Transfer-Encoding field is repeated or not exactly chunked.' },
  'ambiguous-framing': { status: 400, message: 'Content-Length and Transfer-Encoding together are refused.' },
  'bad-upgrade': { status: 400, message: 'The upgrade request is malformed.' },
  'underscore-in-field-name': { status: 400, message: 'Header field names with an underscore are refused here.' },
  'head-too-large': { status: 431, message: 'The request head is too large.' },
  'body-too-large': { status: 413, message: 'The request body is too large.' },
  'bad-chunk': { status: 400, message: 'The chunked body is malformed.' },
  'head-timeout': { status: 408, message: 'The request head took too long to arrive.' },
  'body-timeout': { status: 408, message: 'The request body took too long to arrive.' },
  'expectation-failed': { status: 417, message: 'Only 100-continue can be expected.' },
  'method-refused': { status: 405, message: 'This method is not allowed.' },
  loop: { status: 508, message: 'The request has come through this gateway too often.' },
  'no-route': { status: 404, message: 'No route matches this request.' },
  'route-timeout': { status: 504, message: 'The service took too long to answer.' },
  'connect-timeout': { status: 504, message: 'The service could not be reached in time.' },
  'upstream-reset': { status: 502, message: 'The service closed the connection before it answered.' },
  'upstream-bad-response': { status: 502, message: 'The service answered with a malformed response.' },
  'upstream-timeout': { status: 504, message: 'The service took too long to answer.' },
  'no-endpoint': { status: 503, message: 'No endpoint of the service is usable.' },
  'queue-full': { status: 503, message: 'Too many requests are waiting for the service.' },
  'queue-timeout': { status: 503, message: 'The request waited too long for a free connection.' },
  overloaded: { status: 503, message: 'The gateway is overloaded.' },
  'internal-error': { status: 500, message: 'The gateway failed to handle the request.' },
};
