import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { replaceAddresses } from '../../../src/demo/working-copy.ts';

test('addresses are replaced and the rest of the text stays', () => {
  const text = '# at 127.0.0.1:8080\na: ["http://127.0.0.1:9101"] # comment\nb: 127.0.0.1:91010\n';
  const addresses = new Map([
    ['127.0.0.1:8080', '127.0.0.1:1'],
    ['127.0.0.1:9101', '127.0.0.1:8080'],
  ]);
  expect(replaceAddresses(text, addresses)).toBe(
    '# at 127.0.0.1:1\na: ["http://127.0.0.1:8080"] # comment\nb: 127.0.0.1:91010\n',
  );
});

test('an address that the file does not name is an error', () => {
  expect(() => replaceAddresses('address: 127.0.0.1:8080', new Map([['127.0.0.1:1', '127.0.0.1:2']]))).toThrow(
    'config/demo.yaml does not name 127.0.0.1:1',
  );
});

test('the file in config names each address of the demo once', async () => {
  const text = await readFile(new URL('../../../config/demo.yaml', import.meta.url), 'utf8');
  const addresses = text.match(/127\.0\.0\.1:\d+/g) ?? [];
  expect(addresses.toSorted()).toEqual(
    [8080, 9101, 9111, 9112, 9113, 9121, 9122, 9900].map((port) => `127.0.0.1:${port}`),
  );
});
