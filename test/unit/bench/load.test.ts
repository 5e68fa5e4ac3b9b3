import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Histogram } from '../../../bench/load/histogram.ts';
import { MessageReader } from '../../../bench/load/message-reader.ts';
import { parseRequestsFile } from '../../../bench/load/requests-file.ts';
import { intendedMs } from '../../../bench/load/schedule.ts';
import { headerRuledTraffic, jsonOfBytes, loadRequests, requestBytes } from '../../../bench/scenarios/traffic.ts';

describe('histogram', () => {
  test('every quantile is within 1 % of the true one, and never below it', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(2 ** 31 - 1), { minLength: 1, maxLength: 200 }),
        fc.double({ min: 0.001, max: 1, noNaN: true }),
        (values, part) => {
          const histogram = new Histogram();
          for (const value of values) histogram.record(value);
          const sorted = values.toSorted((a, b) => a - b);
          const exact = sorted[Math.max(1, Math.ceil(part * values.length)) - 1] ?? 0;
          expect(histogram.quantile(part)).toBeGreaterThanOrEqual(exact);
          expect(histogram.quantile(part)).toBeLessThanOrEqual(exact * 1.01);
        },
      ),
    );
  });

  test('nothing recorded is nought, and what is beyond the scale is its end', () => {
    const histogram = new Histogram();
    expect(histogram.quantile(0.5)).toBe(0);
    histogram.record(1e12);
    expect(histogram.quantile(1)).toBe(2 ** 31 - 1);
  });
});

describe('schedule', () => {
  test('requests keep their order and their mean rate, and leave at uneven times', () => {
    const times = Array.from({ length: 10_000 }, (_, index) => intendedMs(index, 1000));
    const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(0);
    expect(times[0]).toBeGreaterThanOrEqual(0);
    expect(times.at(-1)).toBeLessThan(10_000);
    expect(times.at(-1)).toBeGreaterThan(9_998);
    const uneven = gaps.filter((gap) => Math.abs(gap - 1) > 0.25).length;
    expect(uneven).toBeGreaterThan(4_000);
  });
});

describe('message reader', () => {
  const body = 'x'.repeat(30);
  const messages = {
    'with a length': `HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\n${body}`,
    chunked: `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1e\r\n${body}\r\n0\r\n\r\n`,
    'chunked and empty': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    'without a body': 'GET / HTTP/1.1\r\nhost: a\r\n\r\n',
  };

  test.for(Object.entries(messages))('finds the end of a message %s wherever it is split', ([, text]) => {
    for (let at = 1; at < text.length; at++) {
      const reader = new MessageReader();
      for (let again = 0; again < 2; again++) {
        const [first, second] = [Buffer.from(text.slice(0, at)), Buffer.from(text.slice(at))];
        expect(reader.feed(first, first.length)).toBe(false);
        expect(reader.feed(second, second.length)).toBe(true);
        expect(reader.head).toBe(text.slice(0, text.indexOf('\r\n\r\n')));
      }
    }
  });
});

describe('requests of a load', () => {
  test('every so-manieth is one that the rule catches', () => {
    const requests = loadRequests(headerRuledTraffic());
    expect(requests.filter(({ headers }) => headers['x-beta'] === '1')).toHaveLength(requests.length / 20);
  });

  test('a body has exactly the bytes asked for, and its length is stated', () => {
    expect(jsonOfBytes(1024, { ConnectorID: 'pile-1' })).toHaveLength(1024);
    const [request] = loadRequests(headerRuledTraffic({ bodyBytes: 65_536 }));
    expect(request && requestBytes(request).toString('latin1')).toMatch(/\r\ncontent-length: 65536\r\n\r\n\{/);
  });

  test('a file of requests is read back as they were', () => {
    const bytes = ['GET /a HTTP/1.1\r\n\r\n', 'POST /b HTTP/1.1\r\n\r\n12\n34'].map((text) => Buffer.from(text));
    const file = Buffer.concat(bytes.flatMap((one) => [Buffer.from(`${one.length}\n`), one]));
    expect(parseRequestsFile(file)).toEqual(bytes);
  });
});
