import { isIP } from 'node:net';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CidrSet, formatAddress, parseAddress, parseCidr } from '../../../../src/core/matching/cidr.ts';

const formatted = (text: string): string | null => {
  const address = parseAddress(text);
  return address === null ? null : formatAddress(address);
};

describe('addresses', () => {
  test.each([
    ['192.0.2.1', '192.0.2.1'],
    ['255.255.255.255', '255.255.255.255'],
    ['2001:0DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['::', '::'],
    ['::1', '::1'],
    ['1::', '1::'],
    ['0:0:1:0:0:0:1:0', '0:0:1::1:0'],
    ['1:0:0:2:0:0:3:4', '1::2:0:0:3:4'],
    ['1:2:3:4:5:6:0:8', '1:2:3:4:5:6:0:8'],
    ['1:2:3:4:5:6::8', '1:2:3:4:5:6:0:8'],
    ['::ffff:10.0.0.1', '10.0.0.1'],
    ['::ffff:a00:1', '10.0.0.1'],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
    ['fe80::1', 'fe80::1'],
  ])('%s is written %s', (text, expected) => {
    expect(formatted(text)).toBe(expected);
  });

  test.each([
    '',
    ' ',
    '1',
    '1.2.3',
    '1.2.3.4.5',
    '1.2.3.256',
    '01.2.3.4',
    '1.2.3.4 ',
    '1..2.3',
    '1.2.3.0004',
    '0x1.2.3.4',
    ':',
    ':::',
    '1:',
    ':1',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7::8',
    '12345::',
    'g::',
    '::1.2.3',
    '1.2.3.4::',
    '::1.2.3.4:5',
    '1:2:3:4:5:6:7:1.2.3.4',
    '[::1]',
    'fe80::1%eth0',
    '::1/128',
    '1.2.3.4:80',
  ])('%j is not an address', (text) => {
    expect(parseAddress(text)).toBeNull();
  });

  test('what the platform takes for an address is one, and its text is stable', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.ipV4(), fc.ipV6(), fc.ipV4Extended(), fc.string({ unit: fc.constantFrom(...'0123456789abcdf:.') })),
        (text) => {
          const text1 = formatted(text);
          const isDotted = text.includes('.') && !text.includes(':');
          expect(text1 !== null, text).toBe(isIP(text) !== 0);
          if (text1 === null) return;
          expect(formatted(text1)).toBe(text1);
          if (isDotted) expect(text1).toBe(text);
          else if (!text1.includes('.')) expect(new URL(`http://[${text}]/`).hostname).toBe(`[${text1}]`);
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe('networks', () => {
  test.each([
    ['10.0.0.0/8', 4, 8, '10.0.0.0'],
    ['10.1.2.3/8', 4, 8, '10.0.0.0'],
    ['10.1.2.3', 4, 32, '10.1.2.3'],
    ['0.0.0.0/0', 4, 0, '0.0.0.0'],
    ['2001:db8::/32', 6, 32, '2001:db8::'],
    ['::1', 6, 128, '::1'],
    ['::ffff:10.0.0.0/104', 4, 8, '10.0.0.0'],
    ['::ffff:10.0.0.0/90', 6, 90, '::ffc0:0:0'],
  ])('%s', (text, family, bits, base) => {
    const cidr = parseCidr(text);
    expect(cidr).toMatchObject({ bits, text, base: { family } });
    expect(cidr && formatAddress(cidr.base)).toBe(base);
  });

  test.each([
    '',
    '/',
    '10.0.0.0/',
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0.0/08',
    '10.0.0.0/8 ',
    '10.0.0.0/8/8',
    '::/129',
    'x/8',
    '10.0.0/8',
    '10.0.0.0/1e1',
  ])('%j is not a network', (text) => {
    expect(parseCidr(text)).toBeNull();
    expect(() => CidrSet.of([text])).toThrow(RangeError);
  });

  test('a set holds what one of its networks holds', () => {
    // Few distinct bits, so that networks nest, touch and hit.
    const word = fc.constantFrom(0, 1, 0x8000, 0xffff, 0x0a00);
    const v4 = fc
      .tuple(word, word)
      .map(([a, b]) => formatAddress({ family: 4, w0: 0, w1: 0, w2: 0, w3: a * 65536 + b }));
    const v6 = fc
      .array(word, { minLength: 8, maxLength: 8 })
      .map((words) => words.map((w) => w.toString(16)).join(':'));
    const cidr = fc.oneof(
      fc.tuple(v4, fc.nat(32)).map(([address, bits]) => `${address}/${bits}`),
      fc.tuple(v6, fc.nat(128)).map(([address, bits]) => `${address}/${bits}`),
    );
    fc.assert(
      fc.property(
        fc.array(cidr, { maxLength: 30 }),
        fc.array(fc.oneof(v4, v6), { minLength: 1 }),
        (texts, addresses) => {
          const set = CidrSet.of(texts);
          for (const address of addresses) expect(set.contains(address), address).toBe(containsNaive(texts, address));
        },
      ),
      { numRuns: 500 },
    );
  });

  test('an IPv4-mapped address is its IPv4 address, and a wide IPv6 network does not hold it', () => {
    expect(CidrSet.of(['10.0.0.0/8']).contains('::ffff:10.0.0.1')).toBe(true);
    expect(CidrSet.of(['::/0']).contains('10.0.0.1')).toBe(false);
    expect(CidrSet.of(['0.0.0.0/0']).contains('::1')).toBe(false);
  });

  test('nothing is in no network, and what is no address is in none', () => {
    expect(CidrSet.of([]).contains('10.0.0.1')).toBe(false);
    const all = CidrSet.of(['0.0.0.0/0', '::/0']);
    for (const text of ['', 'unknown', 'unix:/run/x']) expect(all.contains(text)).toBe(false);
    expect(all.size).toBe(2);
  });

  test('the remembered answer belongs to its address', () => {
    const set = CidrSet.of(['10.0.0.0/8']);
    expect(['10.0.0.1', '11.0.0.1', '11.0.0.1', '10.0.0.1'].map((address) => set.contains(address))).toEqual([
      true,
      false,
      false,
      true,
    ]);
  });

  test('50,000 networks are looked up without a scan', () => {
    const texts = Array.from({ length: 50_000 }, (_, i) => `10.${i >> 8}.${i & 255}.0/25`);
    const set = CidrSet.of(texts);
    const started = performance.now();
    for (let i = 0; i < 50_000; i++) {
      expect(set.contains(`10.${(i >> 8) & 127}.${i & 255}.${i % 2 === 0 ? 5 : 200}`)).toBe(i % 2 === 0);
    }
    // A scan would make 2.5 thousand million comparisons.
    expect(performance.now() - started).toBeLessThan(3_000);
  });
});

function containsNaive(texts: readonly string[], address: string): boolean {
  const [family, bits] = bitsOf(address);
  return texts.some((text) => {
    const [base, length] = text.split('/') as [string, string];
    const [cidrFamily, cidrBits] = bitsOf(base);
    const isWide = base.includes(':') && cidrFamily === 4 && Number(length) < 96;
    if (isWide) return family === 6 && bits.startsWith(rawBits(base).slice(0, Number(length)));
    const prefix = base.includes(':') && cidrFamily === 4 ? Number(length) - 96 : Number(length);
    return family === cidrFamily && bits.startsWith(cidrBits.slice(0, prefix));
  });
}

function bitsOf(address: string): [4 | 6, string] {
  const parsed = parseAddress(address) as NonNullable<ReturnType<typeof parseAddress>>;
  const words = parsed.family === 4 ? [parsed.w3] : [parsed.w0, parsed.w1, parsed.w2, parsed.w3];
  return [parsed.family, words.map((word) => word.toString(2).padStart(32, '0')).join('')];
}

/** The 128 bits of eight written groups. */
function rawBits(address: string): string {
  return address
    .split(':')
    .map((group) => Number.parseInt(group, 16).toString(2).padStart(16, '0'))
    .join('');
}
