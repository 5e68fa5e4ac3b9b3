/**
 * W3C Trace Context 2.2: version, trace id, parent id, flags; lower-case hex, ids not all zero, version ff never. Version 00
 * ends there; a later one may go on behind another dash.
 */
const TRACE_PARENT =
  /^(?:00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}|(?!00|ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?)$/;

const TRACE_ID_FROM = 3;
const TRACE_ID_TO = 35;

export function isTraceParent(value: string): boolean {
  return TRACE_PARENT.test(value);
}

/** The trace id of a valid traceparent: 32 hex digits. */
export function traceIdOf(traceParent: string): string {
  return traceParent.slice(TRACE_ID_FROM, TRACE_ID_TO);
}
