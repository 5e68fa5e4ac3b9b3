import { describe, expect, it } from 'vitest';
import { clientFromForwardedFor } from '../../../src/http/forwarded.ts';

const isTrusted = (address: string): boolean => address.startsWith('10.') || address.startsWith('fd00:');

describe('clientFromForwardedFor', () => {
  it.each([
    ['an untrusted peer is the client, whatever it says', '192.0.2.1', '198.51.100.7', '198.51.100.7'],
    ['the first untrusted from the right', '192.0.2.9, 192.0.2.1, 10.1.1.1', '10.0.0.1', '192.0.2.1'],
    ['all trusted: the leftmost', '10.2.2.2, 10.1.1.1', '10.0.0.1', '10.2.2.2'],
    ['no list: the peer', '', '10.0.0.1', '10.0.0.1'],
    ['malformed stops at the last good one', '192.0.2.1, unknown, 10.1.1.1', '10.0.0.1', '10.1.1.1'],
    ['malformed at once: the peer', '192.0.2.1, _hidden', '10.0.0.1', '10.0.0.1'],
    ['an empty element stops', '192.0.2.1,, 10.1.1.1', '10.0.0.1', '10.1.1.1'],
    ['a trailing comma stops', '192.0.2.1, ', '10.0.0.1', '10.0.0.1'],
    ['a port is dropped', '192.0.2.1:4711', '10.0.0.1', '192.0.2.1'],
    ['IPv6 with brackets and port, formatted', '[2001:DB8:0:0::1]:443, fd00::1', '10.0.0.1', '2001:db8::1'],
    ['IPv6 bare', '2001:db8::1', '10.0.0.1', '2001:db8::1'],
    ['a zone is dropped', 'fe80::1%eth0', '10.0.0.1', 'fe80::1'],
    ['mapped is IPv4', '::ffff:192.0.2.1', '10.0.0.1', '192.0.2.1'],
    ['a mapped peer is IPv4', '192.0.2.1', '::ffff:10.0.0.1', '192.0.2.1'],
    ['tabs and no blanks', '192.0.2.9,192.0.2.1\t,\t10.1.1.1', '10.0.0.1', '192.0.2.1'],
    ['a port out of form is malformed', '192.0.2.1:port', '10.0.0.1', '10.0.0.1'],
    ['brackets round IPv4 are malformed', '[192.0.2.1]', '10.0.0.1', '10.0.0.1'],
    ['leading zeros are malformed', '192.0.02.1', '10.0.0.1', '10.0.0.1'],
  ])('%s', (_, list, peer, client) => {
    expect(clientFromForwardedFor(list, peer, isTrusted)).toBe(client);
  });

  it('walks 32 hops and no more', () => {
    const chain = (hops: number): string =>
      ['192.0.2.1', ...Array.from({ length: hops }, (_, place) => `10.0.1.${place}`)].join(', ');
    expect(clientFromForwardedFor(chain(31), '10.0.0.1', isTrusted)).toBe('192.0.2.1');
    expect(clientFromForwardedFor(chain(32), '10.0.0.1', isTrusted)).toBe('10.0.1.0');
  });
});
