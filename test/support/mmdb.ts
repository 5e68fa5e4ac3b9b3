/** Writes small databases in the MaxMind format (version 2.0), so that tests need none of anybody's. */

export type MmdbValue = string | number | readonly MmdbValue[] | { readonly [key: string]: MmdbValue };

const RECORD_BITS = 24;
const SEPARATOR_BYTES = 16;

/** `networks`: IPv4 networks, none inside another, and what is known of each. */
export function mmdb(databaseType: string, networks: Readonly<Record<string, MmdbValue>>): Buffer {
  const nodes: [number | null, number | null][] = [[null, null]];
  const data: Buffer[] = [];
  let dataBytes = 0;
  /** Leaves hold -1 - OFFSET until the number of nodes is known. */
  for (const [network, value] of Object.entries(networks)) {
    insert(nodes, network, -1 - dataBytes);
    const bytes = encode(value);
    data.push(bytes);
    dataBytes += bytes.length;
  }
  const count = nodes.length;
  const tree = Buffer.alloc(count * 6);
  for (const [at, pair] of nodes.entries()) {
    for (const [side, record] of pair.entries()) {
      const value = record === null ? count : record < 0 ? count + SEPARATOR_BYTES + (-1 - record) : record;
      tree.writeUIntBE(value, at * 6 + side * 3, 3);
    }
  }
  const metadata = encode({
    binary_format_major_version: 2,
    binary_format_minor_version: 0,
    build_epoch: 1,
    database_type: databaseType,
    description: { en: 'test' },
    ip_version: 4,
    languages: ['en'],
    node_count: count,
    record_size: RECORD_BITS,
  });
  const marker = Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1');
  return Buffer.concat([tree, Buffer.alloc(SEPARATOR_BYTES), ...data, marker, metadata]);
}

function insert(nodes: [number | null, number | null][], network: string, leaf: number): void {
  const [address = '', length = '32'] = network.split('/');
  const bits = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  let node = 0;
  for (let depth = 0; depth < Number(length); depth++) {
    const side = Math.floor(bits / 2 ** (31 - depth)) % 2;
    const pair = nodes[node]!;
    if (depth === Number(length) - 1) {
      pair[side] = leaf;
      return;
    }
    if (pair[side] === null || pair[side]! < 0) {
      nodes.push([null, null]);
      pair[side] = nodes.length - 1;
    }
    node = pair[side]!;
  }
}

function encode(value: MmdbValue): Buffer {
  if (typeof value === 'string') {
    const bytes = Buffer.from(value);
    return Buffer.concat([control(2, bytes.length), bytes]);
  }
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return Buffer.concat([control(6, 4), bytes]);
  }
  if (Array.isArray(value)) return Buffer.concat([control(11, value.length), ...value.map(encode)]);
  const entries = Object.entries(value);
  return Buffer.concat([control(7, entries.length), ...entries.flatMap(([key, part]) => [encode(key), encode(part)])]);
}

/** Types above 7 stand in a byte of their own. Sizes from 29 on in one more. */
function control(type: number, size: number): Buffer {
  const short = Math.min(size, 29);
  const head = type <= 7 ? [type * 32 + short] : [short, type - 7];
  return Buffer.from(size < 29 ? head : [...head, size - 29]);
}
