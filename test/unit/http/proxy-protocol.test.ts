import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProxyHeaderReader } from '../../../src/http/proxy-protocol.ts';

function read(bytes: Buffer, cuts: readonly number[] = []): { state: string; connection: unknown; consumed: number } {
  const reader = new ProxyHeaderReader();
  let at = 0;
  for (const end of [...cuts, bytes.length]) at = at < end ? reader.read(bytes, at, end) : at;
  return { state: reader.state, connection: reader.connection, consumed: at };
}

function everySplit(bytes: Buffer): ReturnType<typeof read> {
  const whole = read(bytes);
  for (let cut = 0; cut <= bytes.length; cut++) expect(read(bytes, [cut])).toEqual(whole);
  return whole;
}

const text = (line: string): Buffer => Buffer.from(line, 'latin1');
const SIGNATURE = '0d0a0d0a000d0a515549540a';
const hex = (rest: string): Buffer => Buffer.from(SIGNATURE + rest.replaceAll(' ', ''), 'hex');

describe('version 1', () => {
  it.each([
    [
      'PROXY TCP4 192.0.2.1 10.0.0.1 4711 80\r\n',
      { sourceAddress: '192.0.2.1', sourcePort: 4711, destinationAddress: '10.0.0.1', destinationPort: 80 },
    ],
    [
      'PROXY TCP6 2001:DB8:0::1 ::1 0 65535\r\n',
      { sourceAddress: '2001:db8::1', sourcePort: 0, destinationAddress: '::1', destinationPort: 65535 },
    ],
    ['PROXY UNKNOWN\r\n', null],
    ['PROXY UNKNOWN ffff::1 whatever\r\n', null],
  ])('%j', (line, connection) => {
    expect(everySplit(text(`${line}GET /`))).toEqual({ state: 'done', connection, consumed: line.length });
  });

  it.each([
    'GET / HTTP/1.1\r\n\r\n',
    'PROXY\r\n',
    'PROXY TCP4\r\n',
    'PROXY TCP4 192.0.2.1 10.0.0.1 4711\r\n',
    'PROXY TCP4 192.0.2.1 10.0.0.1 4711 65536\r\n',
    'PROXY TCP4 192.0.2.1 10.0.0.1 04711 80\r\n',
    'PROXY TCP4 192.0.2.1  10.0.0.1 4711 80\r\n',
    'PROXY TCP4 ::1 ::1 1 1\r\n',
    'PROXY TCP6 1.2.3.4 1.2.3.4 1 1\r\n',
    'PROXY TCP4 192.0.2.256 10.0.0.1 1 1\r\n',
    'proxy UNKNOWN\r\n',
    'PROXY TCP4 192.0.2.1 10.0.0.1 4711 80 \r\n',
    'PROXY UNKNOWNX\r\n',
    `PROXY UNKNOWN ${'x'.repeat(200)}\r\n`,
    'PROXY UNKNOWN a\rb\r\n',
  ])('%j is refused', (line) => {
    expect(everySplit(text(line))).toMatchObject({ state: 'failed', connection: null });
  });

  it('a bare LF does not end the line', () => {
    expect(read(text('PROXY UNKNOWN\nGET / HTTP/1.1\r\n')).state).toBe('failed');
  });
});

describe('version 2', () => {
  it.each([
    ['TCP over IPv4', '21 11 000c c0000201 0a000001 1267 0050', '192.0.2.1', 0x1267],
    [
      'TCP over IPv6 with extensions',
      `21 21 0028 20010db8000000000000000000000001 ${'0'.repeat(31)}1 1267 0050 04000100`,
      '2001:db8::1',
      0x1267,
    ],
    ['mapped', `21 21 0024 00000000000000000000ffffc0000201 ${'0'.repeat(31)}1 0001 0050`, '192.0.2.1', 1],
  ])('%s', (_, rest, sourceAddress, sourcePort) => {
    const header = hex(rest);
    expect(everySplit(Buffer.concat([header, text('GET /')]))).toMatchObject({
      state: 'done',
      consumed: header.length,
      connection: { sourceAddress, sourcePort },
    });
  });

  it.each([
    ['LOCAL', '20 00 0000'],
    ['LOCAL with addresses', '20 11 000c c0000201 0a000001 1267 0050'],
    ['UNSPEC', '21 00 0003 040000'],
    ['datagram', '21 12 000c c0000201 0a000001 1267 0050'],
    ['unix', `21 31 00d8 ${'00'.repeat(216)}`],
  ])('%s names nobody', (_, rest) => {
    expect(everySplit(hex(rest))).toMatchObject({ state: 'done', connection: null, consumed: hex(rest).length });
  });

  it.each([
    ['a wrong version', '11 11 000c c0000201 0a000001 1267 0050'],
    ['an unknown command', '22 11 000c c0000201 0a000001 1267 0050'],
    ['too short for its family', '21 11 000b c0000201 0a000001 1267 00'],
    ['far too long', '21 11 ffff c0000201'],
  ])('%s is refused', (_, rest) => {
    expect(everySplit(hex(rest)).state).toBe('failed');
  });
});

it('any octets leave it open, done or failed, and bounded', () => {
  fc.assert(
    fc.property(fc.constantFrom('', 'PROXY ', 'PROXY TCP4 '), fc.uint8Array({ maxLength: 200 }), (start, rest) => {
      const bytes = Buffer.concat([text(start), rest]);
      expect(['open', 'done', 'failed']).toContain(read(bytes).state);
      if (bytes.length > 107) expect(read(bytes).state).toBe('failed');
    }),
  );
});
