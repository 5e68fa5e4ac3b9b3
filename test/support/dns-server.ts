import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

const A = 1;
const SERVFAIL = 2;
const NXDOMAIN = 3;

export interface NameRecord {
  readonly addresses: readonly string[];
  readonly ttlSeconds: number;
}

/** A name server on loopback, for the few questions that a gateway asks (RFC 1035). Names not set do not exist. */
export class DnsServer implements AsyncDisposable {
  readonly records = new Map<string, NameRecord>();
  /** Questions answered, by name. */
  readonly asked: string[] = [];
  /** Answers SERVFAIL to everything. */
  isBroken = false;
  private readonly socket: Socket = createSocket('udp4');

  async listen(): Promise<this> {
    this.socket.on('message', (question, { port, address }) => this.socket.send(this.answer(question), port, address));
    this.socket.bind(0, '127.0.0.1');
    await once(this.socket, 'listening');
    return this;
  }

  get address(): string {
    return `127.0.0.1:${this.socket.address().port}`;
  }

  private answer(question: Buffer): Buffer {
    const { name, end } = readName(question, 12);
    const type = question.readUInt16BE(end);
    this.asked.push(name);
    const record = this.records.get(name);
    const found = this.isBroken || type !== A ? [] : (record?.addresses ?? []);
    const header = Buffer.from(question.subarray(0, 12));
    const code = this.isBroken ? SERVFAIL : record === undefined ? NXDOMAIN : 0;
    header.writeUInt16BE(0x8180 | code, 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(found.length, 6);
    header.writeUInt32BE(0, 8);
    const answers = found.map((address) => addressRecord(address, record?.ttlSeconds ?? 0));
    return Buffer.concat([header, question.subarray(12, end + 4), ...answers]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.close();
    await once(this.socket, 'close');
  }
}

export function dnsServer(): Promise<DnsServer> {
  return new DnsServer().listen();
}

function readName(message: Buffer, start: number): { readonly name: string; readonly end: number } {
  const labels: string[] = [];
  let at = start;
  for (let length = message[at]!; length > 0; length = message[at]!) {
    labels.push(message.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.').toLowerCase(), end: at + 1 };
}

/** The name is a pointer to the question's. */
function addressRecord(address: string, ttlSeconds: number): Buffer {
  const record = Buffer.alloc(16);
  record.writeUInt16BE(0xc00c, 0);
  record.writeUInt16BE(A, 2);
  record.writeUInt16BE(1, 4);
  record.writeUInt32BE(ttlSeconds, 6);
  record.writeUInt16BE(4, 10);
  Buffer.from(address.split('.').map(Number)).copy(record, 12);
  return record;
}
