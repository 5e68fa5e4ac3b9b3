import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const TEXT = 1;
const CLOSE = 8;
const NO_CODE = 1005;

/** A WebSocket service (RFC 6455): echoes each message, and a close with its code. */
export class WebSocketOrigin implements AsyncDisposable {
  readonly sockets = new Set<Duplex>();
  /** Close codes received. */
  readonly codes: number[] = [];
  private readonly server: Server;

  constructor() {
    this.server = createServer((_, response) => response.writeHead(426).end());
    this.server.on('upgrade', (request, socket) => {
      const accept = createHash('sha1').update(`${request.headers['sec-websocket-key']}${GUID}`).digest('base64');
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
      );
      this.sockets.add(socket);
      socket.on('error', () => {});
      socket.on('end', () => socket.end());
      socket.on('close', () => this.sockets.delete(socket));
      this.echo(socket);
    });
  }

  private echo(socket: Duplex): void {
    let received = Buffer.alloc(0);
    socket.on('data', (piece: Buffer) => {
      received = Buffer.concat([received, piece]);
      for (let frame = readFrame(received); frame !== null; frame = readFrame(received)) {
        received = received.subarray(frame.size);
        socket.write(writeFrame(frame.opcode, frame.payload));
        if (frame.opcode !== CLOSE) continue;
        this.codes.push(frame.payload.length < 2 ? NO_CODE : frame.payload.readUInt16BE(0));
        socket.end();
      }
    });
  }

  /** Says this to everybody who is connected. */
  say(text: string): void {
    for (const socket of this.sockets) socket.write(writeFrame(TEXT, Buffer.from(text)));
  }

  async listen(): Promise<this> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
    this.server.closeAllConnections();
    await once(this.server, 'close');
  }
}

interface Frame {
  readonly opcode: number;
  readonly payload: Buffer;
  readonly size: number;
}

/** The first frame of a client, once it is whole; unmasked. */
function readFrame(bytes: Buffer): Frame | null {
  if (bytes.length < 6) return null;
  const short = bytes[1]! & 0x7f;
  const width = short === 127 ? 8 : short === 126 ? 2 : 0;
  if (bytes.length < 6 + width) return null;
  const length = width === 0 ? short : width === 2 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
  const size = 6 + width + length;
  if (bytes.length < size) return null;
  const mask = bytes.subarray(2 + width, 6 + width);
  const payload = Buffer.from(bytes.subarray(6 + width, size)).map((octet, place) => octet ^ mask[place % 4]!);
  return { opcode: bytes[0]! & 0x0f, payload: Buffer.from(payload), size };
}

function writeFrame(opcode: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(payload.length < 126 ? 2 : payload.length < 65_536 ? 4 : 10);
  head[0] = 0x80 | opcode;
  head[1] = payload.length < 126 ? payload.length : payload.length < 65_536 ? 126 : 127;
  if (head[1] === 126) head.writeUInt16BE(payload.length, 2);
  else if (head[1] === 127) head.writeBigUInt64BE(BigInt(payload.length), 2);
  return Buffer.concat([head, payload]);
}
