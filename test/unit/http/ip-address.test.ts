import { isIPv6 } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalAddress, formatIpv6, isIpv4, parseIpv6 } from '../../../src/http/ip-address.ts';

describe('canonicalAddress', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::', '::'],
    ['::1', '::1'],
    ['1::', '1::'],
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::ffff:c000:201', '192.0.2.1'],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
    ['0001:0002:0003:0004:0005:0006:0007:0008', '1:2:3:4:5:6:7:8'],
    ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
  ])('%s is %s', (text, canonical) => {
    expect(canonicalAddress(text)).toBe(canonical);
  });

  it.each([
    '',
    '1.2.3',
    '1.2.3.4.5',
    '01.2.3.4',
    '256.1.1.1',
    '1.2.3.4.',
    '.1.2.3.4',
    '1.2.3.a',
    ' 1.2.3.4',
    '1:2',
    ':::',
    ':1',
    '1:',
    '1::2::3',
    '::12345',
    '::g',
    '1.2.3.4::',
    '::1.2.3.4:5',
    '::1%lo',
    '[::1]',
    '1:2:3:4:5:6:7:8::',
  ])('%j is none', (text) => {
    expect(canonicalAddress(text)).toBeNull();
  });

  it('reads every text that the platform takes for IPv6 without a zone, and writes one it takes too', () => {
    const group = fc.integer({ min: 0, max: 0xffff });
    const groups = fc.array(fc.oneof(fc.constant(0), group), { minLength: 8, maxLength: 8 });
    fc.assert(
      fc.property(groups, (values) => {
        const written = formatIpv6(values);
        expect(isIPv6(written) || isIpv4(written)).toBe(true);
        if (!isIpv4(written)) expect(parseIpv6(written)).toEqual(values);
      }),
    );
    const texts = fc
      .array(fc.constantFrom(':', '::', '0', 'ff', '1.2.3.4', 'abcd'), { maxLength: 14 })
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(texts, (text) => {
        expect(parseIpv6(text) !== null).toBe(isIPv6(text));
      }),
      { numRuns: 3_000 },
    );
  });
});
