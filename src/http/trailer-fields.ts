/**
 * Names that may not travel as trailers (RFC 9110 6.5.1): framing, routing, authentication, conditions, response control,
 * content format, connection options, and whatever a proxy adds. They are dropped, never merged into the header section.
 */
const FORBIDDEN_NAMES: ReadonlySet<string> = new Set([
  'accept-ranges',
  'age',
  'authorization',
  'cache-control',
  'connection',
  'cookie',
  'date',
  'expect',
  'expires',
  'forwarded',
  'host',
  'http2-settings',
  'keep-alive',
  'location',
  'max-forwards',
  'pragma',
  'range',
  'retry-after',
  'set-cookie',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'vary',
  'via',
  'warning',
  'www-authenticate',
  'x-real-ip',
  'x-request-id',
]);

const FORBIDDEN_PREFIXES: readonly string[] = ['content-', 'if-', 'proxy-', 'x-forwarded-', 'x-gray-'];

/** True when a trailer of this lower-case name must be dropped. A name with `_` may be read as one with `-` upstream: dropped too. */
export function isForbiddenTrailer(name: string): boolean {
  return (
    FORBIDDEN_NAMES.has(name) || name.includes('_') || FORBIDDEN_PREFIXES.some((prefix) => name.startsWith(prefix))
  );
}
