import { describe, expect, test } from 'vitest';
import { didYouMean, nearestName } from '../../../src/config/did-you-mean.ts';
import { parseEndpointUrl } from '../../../src/config/endpoint-url.ts';
import { listValues } from '../../../src/config/list-file.ts';
import { isLoopback, parseSocketAddress } from '../../../src/config/socket-address.ts';

describe('did you mean', () => {
  test.each([
    ['listners', 'listeners'],
    ['Timeout', 'timeout'],
    ['spilt', 'split'],
    ['v11', 'v1'],
    ['strategy', null],
    ['x', null],
  ])('%s: %s', (written, expected) => {
    expect(nearestName(written, ['listeners', 'timeout', 'split', 'v1', 'sticky'])).toBe(expected);
  });

  test('says so', () => expect(didYouMean('rout', ['routes', 'route'])).toBe('did you mean route?'));
});

describe('endpoints', () => {
  test.each([
    'http://',
    'http://a/',
    'http://a:80/x',
    'http://user@a',
    'http://a?b',
    'ftp://a',
    'http://a:0',
    'http://a:65536',
    'http://10.0.0.256',
    'http://010.0.0.1',
    'http://[::1',
    'http://[zz]',
    'http://a b',
    'http://-a',
    'unix:run/x',
    'unix:',
    `unix:/${'x'.repeat(107)}`,
    'a:80',
  ])('%s', (text) => {
    // A closing slash is the whole path of an address, and says nothing.
    expect(parseEndpointUrl(text) === null).toBe(text !== 'http://a/');
  });
});

describe('addresses to listen on', () => {
  test('host and port', () => {
    expect(parseSocketAddress('0.0.0.0:8080')).toEqual({ host: '0.0.0.0', port: 8080 });
    expect(parseSocketAddress('[::1]:0')).toEqual({ host: '::1', port: 0 });
    expect(parseSocketAddress('localhost:9900')).toEqual({ host: 'localhost', port: 9900 });
  });

  test.each([':80', '80', 'a', '::1:80', '[::1]', '1.2.3:80', 'a:65536', 'a:-1'])('not %s', (text) => {
    expect(parseSocketAddress(text)).toBeNull();
  });

  test.each([
    ['127.0.0.1', true],
    ['127.9.9.9', true],
    ['::1', true],
    ['0:0:0:0:0:0:0:1', true],
    ['localhost', true],
    ['0.0.0.0', false],
    ['::', false],
    ['10.0.0.1', false],
    ['127.0.0.1.example.com', false],
    ['1::1', false],
  ])('%s is loopback: %s', (host, expected) => expect(isLoopback(host)).toBe(expected));
});

test('list files: one value a line, comments and blanks left out', () => {
  const text = '\uFEFFa\n  b  \r\n# no\n\nc # why\nd#e\n\t#\n电桩';
  expect([...listValues(text)]).toEqual(['a', 'b', 'c', 'd#e', '电桩']);
  expect([...listValues('')]).toEqual([]);
});

test('a list of 300,000 values is read in good time', () => {
  const started = performance.now();
  const text = Array.from({ length: 300_000 }, (_, at) => `pile-${at}`).join('\n');
  expect([...listValues(text)]).toHaveLength(300_000);
  expect(performance.now() - started).toBeLessThan(5_000);
});
