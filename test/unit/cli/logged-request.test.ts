import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { decisionOf, logLineOf, requestOfLine } from '../../../src/cli/logged-request.ts';
import { type AccessRecord, accessLine } from '../../../src/telemetry/access-line.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const RECORD: AccessRecord = {
  timeMs: Date.UTC(2026, 10, 22),
  listener: 'edge',
  client: '203.0.113.7',
  method: 'POST',
  host: 'shop.example',
  path: '/cart',
  query: 'a=1',
  status: 200,
  route: 'shop',
  rule: 'beta',
  version: 'v1',
  intended: 'v2',
  reason: 'rule',
  endpoint: 'http://10.0.0.11:9000',
  attempts: 2,
  bytesIn: 0,
  bytesOut: 12,
  durationMs: 1,
  firstByteMs: 1,
  requestId: 'r-1',
  traceId: null,
  error: null,
};

test('a line of the log is the request that it tells of', () => {
  const { sample, logged, withheld } = requestOfLine(accessLine(RECORD));
  expect(sample).toEqual({
    method: 'POST',
    url: '/cart?a=1',
    headers: [['host', 'shop.example']],
    body: null,
    clientAddress: '203.0.113.7',
    timeMs: RECORD.timeMs,
    listener: 'edge',
  });
  expect(logged).toMatchObject({ status: 200, version: 'v1', intended: 'v2', reason: 'rule', rule: 'beta' });
  expect(withheld).toEqual(['header fields', 'body']);
});

test.each([
  ['no JSON', 'ready', 'no request of the access log'],
  ['another JSON', '{"level":30}', 'no request of the access log'],
  ['nothing', '', 'no request of the access log'],
  ['a refused request', accessLine({ ...RECORD, route: null, reason: null, error: 'bad-host' }), 'bad-host'],
  ['a cut line', accessLine({ ...RECORD, path: `/${'x'.repeat(5000)}` }), 'is cut'],
])('%s cannot be explained', (_what, line, sentence) => {
  expect(() => requestOfLine(line)).toThrow(sentence);
});

test('of a file the first line that holds something is taken', async () => {
  const path = join(temporaryDirectory(), 'access.jsonl');
  writeFileSync(path, `\n${accessLine(RECORD)}${accessLine({ ...RECORD, path: '/other' })}`);
  expect((await logLineOf(path)).sample.url).toBe('/cart?a=1');
  await expect(logLineOf(`${path}.1`)).rejects.toThrow('cannot read');
});

test('a decision is found by its id, or said to be gone', async () => {
  const decision = {
    id: 'r-1',
    time: '2026-11-22T00:00:00.000Z',
    listener: 'edge',
    trusted: true,
    clientAddress: '203.0.113.7',
    method: 'GET',
    url: '/cart',
    headers: { host: 'shop.example', 'x-user': ['a', 'b'] },
    withheld: ['authorization'],
    draw: 0.5,
    visitorId: null,
    route: 'shop',
    rule: null,
    version: 'v1',
    intended: 'v1',
    reason: 'random',
    status: 200,
  };
  const admin = { get: async () => ({ decisions: [decision] }), post: async () => null, put: async () => null };
  expect(await decisionOf('r-1', admin)).toEqual({
    sample: {
      method: 'GET',
      url: '/cart',
      headers: [
        ['host', 'shop.example'],
        ['x-user', 'a'],
        ['x-user', 'b'],
      ],
      body: null,
      clientAddress: '203.0.113.7',
      timeMs: Date.UTC(2026, 10, 22),
      listener: 'edge',
      trusted: true,
      draw: 0.5,
      visitorId: null,
    },
    logged: {
      time: decision.time,
      status: 200,
      route: 'shop',
      rule: null,
      version: 'v1',
      intended: 'v1',
      reason: 'random',
    },
    withheld: ['authorization'],
  });
  await expect(decisionOf('r-2', admin)).rejects.toThrow('the gateway has no decision r-2');
});
