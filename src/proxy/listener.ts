import net from 'node:net';
import type { ListenerSpec } from '../core/snapshot.ts';
import { canonicalAddress } from '../http/ip-address.ts';
import type { ListenerReport } from '../telemetry/reports.ts';
import { DownstreamConnection } from './downstream-connection.ts';
import { ListenerState } from './listener-state.ts';
import type { PlaneContext } from './plane-context.ts';

const BACKLOG = 4096;

/** What Node keeps of an accepted socket and does not document. */
interface AcceptedSocket {
  _handle: { useUserBuffer?: unknown } | null;
}

/** Longer than any round trip that a client's request may still be under way. */
const IDLE_LINGER_MS = 500;

/** A listening socket that was opened elsewhere: Node's own handle of it, or its file descriptor. */
export type OpenedSocket = { readonly handle: object } | { readonly fd: number };

/** What stands for the client's address where there is none: whoever may open the socket file is on this machine. */
const LOCAL_PEER = '127.0.0.1';

/** One bound address: accepts, admits within the limits, and hands each connection its engine. */
export class Listener {
  readonly state: ListenerState;
  readonly connections = new Set<DownstreamConnection>();
  readonly #plane: PlaneContext;
  readonly #server: net.Server;
  /** Not accepted from before the first snapshot is there to route by; null: none was handed in, or it is in use. */
  #opened: OpenedSocket | null;
  #isUnixSocket = false;
  readonly #closed = (connection: DownstreamConnection): void => {
    this.connections.delete(connection);
    this.state.leave(connection.countedFor);
  };

  constructor(spec: ListenerSpec, plane: PlaneContext, opened: OpenedSocket | null = null) {
    this.state = new ListenerState(spec, plane.workers);
    this.#opened = opened;
    this.#plane = plane;
    this.#server = net.createServer(
      { pauseOnConnect: true, noDelay: true, keepAlive: true, allowHalfOpen: true },
      (accepted) => {
        try {
          this.#accept(accepted);
        } catch (error) {
          accepted.destroy();
          this.#plane.sweeper.faults.report(error);
        }
      },
    );
  }

  /** Binds the address, unless the socket was handed in. */
  listen(): Promise<void> {
    if (this.#opened !== null) return Promise.resolve();
    const { host, port } = splitAddress(this.state.spec.address);
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ host, port, backlog: BACKLOG }, () => {
        this.#server.off('error', reject);
        // Running out of descriptors must not end the process: the next accept may work again.
        this.#server.on('error', () => undefined);
        resolve();
      });
    });
  }

  /** Begins to accept from a socket that was handed in: at once, since others may have sent clients there already. */
  acceptOpened(): void {
    const opened = this.#opened;
    if (opened === null) return;
    this.#opened = null;
    this.#server.on('error', () => undefined);
    if ('handle' in opened) this.#server.listen(opened.handle, BACKLOG);
    else this.#server.listen({ fd: opened.fd, backlog: BACKLOG });
    this.#isUnixSocket = typeof this.#server.address() === 'string';
  }

  report(): ListenerReport {
    const address = this.#server.address();
    const { name } = this.state.spec;
    if (typeof address === 'string') return { name, address: `unix:${address}`, port: 0 };
    if (address === null) return { name, address: '', port: 0 };
    return { name, address: address.address, port: address.port };
  }

  #accept(accepted: net.Socket): void {
    const { state } = this;
    const peer = this.#isUnixSocket ? LOCAL_PEER : (canonicalAddress(accepted.remoteAddress ?? '') ?? '');
    // Bound for a first snapshot that is not there yet.
    const isEarly = (this.#plane.installed as unknown) === null;
    if (isEarly || peer === '' || !state.admit(this.#plane.workers)) {
      accepted.destroy();
      return;
    }
    // Behind a proxy that names its clients they are counted, not the proxy.
    const isProxied = state.spec.proxyProtocol && state.isTrusted(peer);
    if (!isProxied && !state.admitClient(peer)) {
      state.leave('');
      accepted.destroy();
      return;
    }
    const open = (onread: net.OnReadOpts): net.Socket => this.#adopt(accepted, onread);
    const connection = new DownstreamConnection(open, peer, isProxied, state, this.#plane, this.#closed);
    this.connections.add(connection);
    connection.socket.resume();
  }

  /**
   * Accepted sockets have no `onread` option, which spares two allocations and a copy per read. So the handle is moved to a
   * socket that has it; where Node's insides differ, plain 'data' events do the same at a higher price.
   */
  #adopt(accepted: net.Socket, onread: net.OnReadOpts): net.Socket {
    const inner = accepted as unknown as AcceptedSocket;
    const handle = inner._handle;
    if (handle === null || typeof handle.useUserBuffer !== 'function') return withDataEvents(accepted, onread);
    inner._handle = null;
    const options = { handle, onread, allowHalfOpen: true } as unknown as net.SocketConstructorOpts;
    const socket = new net.Socket(options);
    // The server counts its sockets down by this field.
    (socket as unknown as { _server: net.Server })._server = this.#server;
    return socket;
  }

  /** Stops accepting; open connections go on. */
  stopAccepting(): void {
    if (this.#opened !== null && 'handle' in this.#opened) (this.#opened.handle as { close(): void }).close();
    this.#opened = null;
    if (this.#server.listening) this.#server.close();
  }

  /**
   * Stops accepting and ends each connection with its next answer. A client may be sending on an idle one at this very
   * moment, so those are closed only after they have stayed idle a while.
   */
  drain(): void {
    this.stopAccepting();
    this.state.isLeaving = true;
    if (this.connections.size === 0) return;
    setTimeout(() => {
      for (const connection of this.connections) connection.drain();
    }, IDLE_LINGER_MS).unref();
  }

  destroyAll(): void {
    for (const connection of this.connections) connection.destroy();
  }
}

function withDataEvents(socket: net.Socket, onread: net.OnReadOpts): net.Socket {
  const makeBuffer = onread.buffer as () => Uint8Array | undefined;
  let buffer = makeBuffer() as Uint8Array;
  socket.on('data', (chunk: Buffer) => {
    for (let at = 0; at < chunk.length; at += buffer.length) {
      const part = chunk.subarray(at, at + buffer.length);
      buffer.set(part);
      onread.callback(part.length, buffer);
      buffer = makeBuffer() ?? buffer;
    }
  });
  return socket;
}

/** `host:port`, the host perhaps in brackets. Checked at load. */
function splitAddress(address: string): { host: string; port: number } {
  const colon = address.lastIndexOf(':');
  return { host: address.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(address.slice(colon + 1)) };
}
