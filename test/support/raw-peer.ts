import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { parseAll, parseRequest, parseResponse, type StrictRequest, type StrictResponse } from './strict-message.ts';

/** Raw peers on both sides of the gateway: they send what they are told, octet by octet, and keep all that they receive. */

const DEADLINE_MS = 10_000;

/** One end of a TCP connection. Waiting is by events, and ends with an error at the deadline, which shows what was received. */
export class RawPeer {
  readonly socket: Socket;
  /** The other side has sent FIN, or the connection is gone. */
  ended = false;
  closed = false;
  /** Code of the error that closed the connection, as `ECONNRESET`; '' for none. */
  errorCode = '';
  /** Octets received. */
  size = 0;
  private pieces: Buffer[] = [];
  private readonly waiters = new Set<() => void>();

  constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (piece: Buffer) =>
      this.changed(() => {
        this.pieces.push(piece);
        this.size += piece.length;
      }),
    );
    socket.on('end', () => this.changed(() => (this.ended = true)));
    socket.on('error', (error: NodeJS.ErrnoException) => (this.errorCode = error.code ?? error.message));
    socket.on('close', () =>
      this.changed(() => {
        this.ended = true;
        this.closed = true;
      }),
    );
  }

  get bytes(): Buffer {
    if (this.pieces.length > 1) this.pieces = [Buffer.concat(this.pieces)];
    return this.pieces[0] ?? Buffer.alloc(0);
  }

  get text(): string {
    return this.bytes.toString('latin1');
  }

  /** Sends latin1 text or bytes at once. */
  send(data: string | Uint8Array): void {
    if (this.socket.writable) this.socket.write(typeof data === 'string' ? Buffer.from(data, 'latin1') : data);
  }

  /** Sends the text cut at the places, each piece read by the other side before the next one leaves. */
  async sendCut(text: string, places: readonly number[]): Promise<void> {
    let from = 0;
    for (const place of [...places, text.length]) {
      this.send(text.slice(from, place));
      from = place;
      await nextTurn();
      await nextTurn();
    }
  }

  /** Half-close: no more is sent, receiving goes on. */
  finish(): void {
    this.socket.end();
  }

  reset(): void {
    this.socket.resetAndDestroy();
  }

  destroy(): void {
    this.socket.destroy();
  }

  /** Resolves once `isThere` holds; asked again whenever octets or an end arrive. */
  async until(isThere: () => boolean, what = 'what was awaited', deadlineMs = DEADLINE_MS): Promise<void> {
    const signal = AbortSignal.timeout(deadlineMs);
    while (!isThere()) {
      const gone = this.closed;
      if (gone || signal.aborted)
        throw new Error(`${what}: ${gone ? 'closed' : 'deadline'} after ${JSON.stringify(this.text.slice(-2000))}`);
      await this.change(signal);
    }
  }

  waitFor(pattern: RegExp): Promise<void> {
    return this.until(() => pattern.test(this.text), String(pattern));
  }

  waitForBytes(count: number): Promise<void> {
    return this.until(() => this.size >= count, `${count} octets`);
  }

  /** Until the other side has closed its half, or all of it. */
  waitForEnd(deadlineMs?: number): Promise<void> {
    return this.until(() => this.ended, 'end', deadlineMs);
  }

  private changed(apply: () => unknown): void {
    apply();
    for (const wake of [...this.waiters]) wake();
  }

  private change(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        this.waiters.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.waiters.add(wake);
      signal.addEventListener('abort', wake);
    });
  }
}

/** A client of the gateway. Knows the methods it has sent, so that it can read the answers strictly. */
export class RawClient extends RawPeer implements AsyncDisposable {
  readonly methods: string[] = [];

  /** Sends a request head, Host added unless the lines have one, and a body. */
  request(startLine: string, lines: readonly string[] = [], body: string | Uint8Array = ''): void {
    this.methods.push(startLine.split(' ')[0]!);
    const host = lines.some((line) => /^host:/i.test(line)) ? [] : ['Host: gateway.test'];
    this.send(`${[`${startLine} HTTP/1.1`, ...host, ...lines].join('\r\n')}\r\n\r\n`);
    if (body.length > 0) this.send(body);
  }

  /** Final answers that are whole by now; interim ones apart. Throws on anything not well-formed. */
  answers(): {
    readonly final: readonly StrictResponse[];
    readonly interim: readonly StrictResponse[];
    readonly rest: Buffer;
  } {
    let finals = 0;
    const all = parseAll(this.bytes, (bytes, from) => {
      const parsed = parseResponse(bytes, from, this.methods[finals] ?? 'GET', this.ended);
      if (parsed.kind === 'message' && parsed.message.status >= 200) finals++;
      return parsed;
    });
    if (all.fault !== null)
      throw new Error(`malformed answer: ${all.fault} in ${JSON.stringify(this.text.slice(0, 2000))}`);
    return {
      final: all.messages.filter(({ status }) => status >= 200),
      interim: all.messages.filter(({ status }) => status < 200),
      rest: all.rest,
    };
  }

  /** The answer to the request sent as number `place`, once it is whole. */
  async answer(place = this.methods.length - 1): Promise<StrictResponse> {
    await this.until(() => this.answers().final.length > place || this.ended, `answer ${place}`);
    const found = this.answers().final[place];
    if (found === undefined) throw new Error(`no answer ${place} in ${JSON.stringify(this.text.slice(-2000))}`);
    return found;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.closed) {
      this.destroy();
      await once(this.socket, 'close');
    }
  }
}

export async function rawClient(port: number): Promise<RawClient> {
  const socket = connect({ port, host: '127.0.0.1' });
  await once(socket, 'connect');
  return new RawClient(socket);
}

/** One connection that the gateway has opened to a scripted origin. */
export class OriginConnection extends RawPeer {
  /** Place among the connections of its origin. */
  readonly place: number;
  /** Where the next request begins. */
  private at = 0;

  constructor(socket: Socket, place: number) {
    super(socket);
    this.place = place;
  }

  /** All that arrived, read strictly. */
  parsed(): ReturnType<typeof parseAll<StrictRequest>> {
    return parseAll(this.bytes, parseRequest);
  }

  /** The next well-formed request, once it is whole. */
  async request(): Promise<StrictRequest> {
    let parsed = parseRequest(this.bytes, this.at);
    await this.until(() => {
      if (parsed.kind === 'partial') parsed = parseRequest(this.bytes, this.at);
      return parsed.kind !== 'partial';
    }, 'a request');
    if (parsed.kind !== 'message') throw new Error(`malformed request at the origin: ${JSON.stringify(parsed)}`);
    this.at = parsed.end;
    return parsed.message;
  }

  /** The next request's head, the body still to come; as text, blank line included. */
  async head(): Promise<string> {
    await this.waitFor(/\r\n\r\n/);
    return this.text.slice(0, this.text.indexOf('\r\n\r\n') + 4);
  }
}

export type OriginScript = (connection: OriginConnection) => void | Promise<void>;

/** A server that plays a script on each connection, and keeps every octet that arrived. */
export class ScriptedOrigin implements AsyncDisposable {
  readonly connections: OriginConnection[] = [];
  /** Errors that scripts ended with, deadline errors of waiting scripts after a close left out. */
  readonly failures: unknown[] = [];
  private readonly server: Server;

  constructor(script: OriginScript) {
    this.server = createServer((socket) => {
      const connection = new OriginConnection(socket, this.connections.length);
      this.connections.push(connection);
      Promise.resolve(script(connection)).catch(
        (error: unknown) => connection.closed || connection.ended || this.failures.push(error),
      );
    });
  }

  async listen(port = 0): Promise<this> {
    this.server.listen(port, '127.0.0.1');
    await once(this.server, 'listening');
    return this;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Every whole request over all connections. */
  requests(): StrictRequest[] {
    return this.connections.flatMap((connection) => connection.parsed().messages);
  }

  /** Whatever arrived that was no well-formed request. */
  faults(): string[] {
    return this.connections.flatMap((connection) => connection.parsed().fault ?? []);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const connection of this.connections) connection.destroy();
    if (this.server.listening) {
      this.server.close();
      await once(this.server, 'close');
    }
  }
}

export function scriptedOrigin(script: OriginScript): Promise<ScriptedOrigin> {
  return new ScriptedOrigin(script).listen();
}

/** Answers each request on each connection, in order, with what `answer` makes of it. */
export function answeringOrigin(
  answer: (request: StrictRequest, connection: OriginConnection) => string | Buffer,
): Promise<ScriptedOrigin> {
  return scriptedOrigin(async (connection) => {
    while (!connection.ended) connection.send(answer(await connection.request(), connection));
  });
}

/** A plain 200 with a body of fixed length. */
export function okAnswer(body: string, lines: readonly string[] = []): string {
  return `${['HTTP/1.1 200 OK', ...lines, `Content-Length: ${body.length}`].join('\r\n')}\r\n\r\n${body}`;
}

/** A port of the loopback address on which nothing listens. */
export async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
