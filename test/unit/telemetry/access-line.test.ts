import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type AccessRecord, accessLine, MAX_LINE_BYTES } from '../../../src/telemetry/access-line.ts';

function recordOf(changes: Partial<AccessRecord> = {}): AccessRecord {
  return {
    timeMs: Date.UTC(2026, 10, 22, 8, 30, 0, 7),
    listener: 'edge',
    client: '203.0.113.7',
    method: 'GET',
    host: 'shop.example',
    path: '/cart',
    query: '',
    status: 200,
    route: 'shop',
    rule: null,
    version: 'v1',
    intended: 'v1',
    reason: 'sticky',
    endpoint: 'http://10.0.0.11:9000',
    attempts: 1,
    bytesIn: 0,
    bytesOut: 12,
    durationMs: 1.23456,
    firstByteMs: Number.NaN,
    requestId: 'r-1',
    traceId: null,
    error: null,
    ...changes,
  };
}

test('a line is one JSON object with every field, in a fixed order', () => {
  const line = accessLine(recordOf());
  expect(line).toBe(
    '{"time":"2026-11-22T08:30:00.007Z","listener":"edge","client":"203.0.113.7","method":"GET","host":"shop.example",' +
      '"path":"/cart","query":"","status":200,"route":"shop","rule":null,"version":"v1","intended":"v1","reason":"sticky",' +
      '"endpoint":"http://10.0.0.11:9000","attempts":1,"bytesIn":0,"bytesOut":12,"durationMs":1.235,"firstByteMs":null,' +
      '"requestId":"r-1","traceId":null,"error":null}\n',
  );
});

test('the time follows the clock over seconds and back', () => {
  for (const timeMs of [0, 999, 1000, 59_999.9, 1000, Date.UTC(2030, 0, 1)]) {
    expect(JSON.parse(accessLine(recordOf({ timeMs }))).time).toBe(new Date(timeMs).toISOString());
  }
});

test.each([
  ['a line break', '/a\r\n{"status":200}'],
  ['an escape sequence', '/\x1b[2J'],
  ['a C1 control', '/\x9b31m'],
  ['DEL', '/\x7f'],
  ['quotes and backslashes', '/"\\"'],
  ['bytes that are no ASCII', '/\xe5\xbc\xa0'],
])('%s of a request cannot leave its field', (_what, path) => {
  const line = accessLine(recordOf({ path, query: path, host: path, requestId: path }));
  expect(line).toMatch(/^[ -~]+\n$/);
  expect(JSON.parse(line)).toMatchObject({ path, query: path, host: path, requestId: path });
});

test('whatever bytes it is given, a line is visible ASCII, and reads back as it was', () => {
  const bytes = fc.string({
    unit: fc.integer({ min: 0, max: 255 }).map((unit) => String.fromCharCode(unit)),
    maxLength: 80,
  });
  fc.assert(
    fc.property(bytes, bytes, fc.string({ unit: 'grapheme' }), (path, host, route) => {
      const line = accessLine(recordOf({ path, host, route }));
      expect(line).toMatch(/^[ -~]+\n$/);
      expect(JSON.parse(line)).toMatchObject({ path, host, route });
    }),
  );
});

test('a line that would be too long for one write has its path and query cut, and says so', () => {
  const path = `/${'"'.repeat(16_000)}`;
  const line = accessLine(recordOf({ path, query: path }));
  expect(line.length).toBeLessThanOrEqual(MAX_LINE_BYTES);
  expect(JSON.parse(line)).toMatchObject({ path: path.slice(0, 512), query: path.slice(0, 512), cut: true });
  expect(JSON.parse(accessLine(recordOf({ path: path.slice(0, 1000) })))).not.toHaveProperty('cut');
});
