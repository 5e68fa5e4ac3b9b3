import { canonicalAddress, formatIpv6, isIpv4 } from './ip-address.ts';

/** Whom a PROXY header names as the ends of the original connection. */
export interface ProxiedConnection {
  /** RFC 5952 text, IPv4-mapped as IPv4. */
  readonly sourceAddress: string;
  readonly sourcePort: number;
  readonly destinationAddress: string;
  readonly destinationPort: number;
}

const V2_SIGNATURE = [0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a];
const V2_FIXED_BYTES = 16;
/** Two IPv6 addresses and two ports; extensions after them are skipped unread. */
const V2_KEPT_BYTES = V2_FIXED_BYTES + 36;
/** Far above any set of extensions in use. */
const V2_MAX_LENGTH = 4096;
const V1_START = 'PROXY ';
/** Its CRLF included: the specification's own bound. */
const V1_MAX_BYTES = 107;

/**
 * Reads the PROXY protocol header, version 1 or 2, that a trusted proxy sends before the first octet of a connection
 * (haproxy.org proxy-protocol.txt). Incremental, bounded, and never throwing: anything else ends in the state `failed`.
 */
export class ProxyHeaderReader {
  state: 'open' | 'done' | 'failed' = 'open';
  /** Set when `done`; null when the header names nobody (LOCAL, UNKNOWN, unix sockets): the peer itself counts. */
  connection: ProxiedConnection | null = null;
  private readonly kept: number[] = [];
  private seen = 0;
  private version: 0 | 1 | 2 = 0;

  /** Takes octets [start, end); gives the index after the last one that belongs to the header. */
  read(bytes: Uint8Array, start: number, end: number): number {
    let at = start;
    while (at < end && this.state === 'open') {
      this.takeOctet(bytes[at]!);
      at++;
    }
    return at;
  }

  private takeOctet(octet: number): void {
    this.seen++;
    if (this.version !== 2 || this.seen <= V2_KEPT_BYTES) this.kept.push(octet);
    if (this.version === 0) this.recognise(octet);
    else if (this.version === 1) this.takeV1Octet(octet);
    else this.takeV2Octet();
  }

  private recognise(octet: number): void {
    const place = this.seen - 1;
    const first = this.kept[0]!;
    if (first === V2_SIGNATURE[0]) {
      if (octet !== V2_SIGNATURE[place]) this.state = 'failed';
      else if (this.seen === V2_SIGNATURE.length) this.version = 2;
    } else if (octet !== V1_START.charCodeAt(place)) this.state = 'failed';
    else if (this.seen === V1_START.length) this.version = 1;
  }

  private takeV1Octet(octet: number): void {
    if (octet === 0x0a && this.kept.at(-2) === 0x0d) this.endV1();
    else if (this.seen >= V1_MAX_BYTES) this.state = 'failed';
  }

  private endV1(): void {
    const line = String.fromCharCode(...this.kept.slice(0, -2));
    this.state = 'done';
    if (/^PROXY UNKNOWN(?: [\x20-\x7e]*)?$/.test(line)) return;
    const words = /^PROXY TCP([46]) ([0-9a-fA-F.:]+) ([0-9a-fA-F.:]+) (\d{1,5}) (\d{1,5})$/.exec(line);
    this.connection = words === null ? null : v1Connection(words);
    if (this.connection === null) this.state = 'failed';
  }

  private takeV2Octet(): void {
    if (this.seen < V2_FIXED_BYTES) return;
    const length = this.kept[14]! * 256 + this.kept[15]!;
    if (this.seen === V2_FIXED_BYTES && !this.isV2Acceptable(length)) this.state = 'failed';
    else if (this.seen === V2_FIXED_BYTES + length) this.endV2(length);
  }

  private isV2Acceptable(length: number): boolean {
    const command = this.kept[12]!;
    return (command === 0x20 || command === 0x21) && length <= V2_MAX_LENGTH;
  }

  private endV2(length: number): void {
    this.state = 'done';
    const isProxied = this.kept[12] === 0x21;
    const family = this.kept[13]! >> 4;
    const isStream = (this.kept[13]! & 0x0f) === 1;
    const width = family === 1 ? 4 : family === 2 ? 16 : 0;
    if (!isProxied || !isStream || width === 0) return;
    if (length < 2 * width + 4) {
      this.state = 'failed';
      return;
    }
    const ports = V2_FIXED_BYTES + 2 * width;
    this.connection = {
      sourceAddress: this.addressAt(V2_FIXED_BYTES, width),
      sourcePort: this.wordAt(ports),
      destinationAddress: this.addressAt(V2_FIXED_BYTES + width, width),
      destinationPort: this.wordAt(ports + 2),
    };
  }

  private addressAt(from: number, width: number): string {
    if (width === 4) return this.kept.slice(from, from + 4).join('.');
    return formatIpv6(Array.from({ length: 8 }, (_, place) => this.wordAt(from + 2 * place)));
  }

  private wordAt(place: number): number {
    return this.kept[place]! * 256 + this.kept[place + 1]!;
  }
}

function v1Connection(words: RegExpExecArray): ProxiedConnection | null {
  const [, family, source, destination, sourcePort, destinationPort] = words as unknown as string[];
  const isFamily = (text: string): boolean => (family === '4' ? isIpv4(text) : text.includes(':'));
  const sourceAddress = canonicalAddress(source!);
  const destinationAddress = canonicalAddress(destination!);
  if (sourceAddress === null || destinationAddress === null || !isFamily(source!) || !isFamily(destination!))
    return null;
  if (!isPort(sourcePort!) || !isPort(destinationPort!)) return null;
  return {
    sourceAddress,
    sourcePort: Number(sourcePort),
    destinationAddress,
    destinationPort: Number(destinationPort),
  };
}

function isPort(digits: string): boolean {
  return /^(?:0|[1-9]\d*)$/.test(digits) && Number(digits) <= 65_535;
}
