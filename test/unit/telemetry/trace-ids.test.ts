import { expect, test } from 'vitest';
import { isTraceParent, traceIdOf } from '../../../src/http/trace-parent.ts';
import { TraceIds } from '../../../src/telemetry/trace-ids.ts';

test('each is a trace id and a parent id that were never there before', () => {
  const ids = new TraceIds();
  const made = Array.from({ length: 1000 }, () => ids.next());
  for (const digits of made) expect(isTraceParent(`00-${digits.slice(0, 32)}-${digits.slice(32)}-00`)).toBe(true);
  expect(new Set(made.map((digits) => digits.slice(0, 32))).size).toBe(1000);
  expect(new Set(made.map((digits) => digits.slice(32))).size).toBe(1000);
});

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const PARENT = 'b7ad6b7169203331';

test.each([
  `00-${TRACE}-${PARENT}-01`,
  `00-${TRACE}-${PARENT}-00`,
  `00-${TRACE}-${PARENT}-ff`,
  `cc-${TRACE}-${PARENT}-01`,
  `cc-${TRACE}-${PARENT}-01-what-comes-later`,
])('%s is a traceparent', (value) => {
  expect(isTraceParent(value)).toBe(true);
  expect(traceIdOf(value)).toBe(TRACE);
});

test.each([
  '',
  'x',
  `ff-${TRACE}-${PARENT}-01`,
  `00-${TRACE}-${PARENT}-01-more`,
  `00-${TRACE}-${PARENT}-01-`,
  `00-${TRACE}-${PARENT}`,
  `00-${TRACE}-${PARENT}-1`,
  `00-${TRACE.toUpperCase()}-${PARENT}-01`,
  `00-${'0'.repeat(32)}-${PARENT}-01`,
  `00-${TRACE}-${'0'.repeat(16)}-01`,
  `00-${TRACE}${PARENT}-01`,
  `cc-${TRACE}-${PARENT}-01.x`,
  `00-${TRACE}-${PARENT}-01, 00-${TRACE}-${PARENT}-01`,
  `0-${TRACE}-${PARENT}-01`,
])('%j is none', (value) => {
  expect(isTraceParent(value)).toBe(false);
});
