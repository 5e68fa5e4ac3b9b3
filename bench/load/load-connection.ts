import { connect, type Socket } from 'node:net';
import { MessageReader } from './message-reader.ts';

const shared = Buffer.allocUnsafe(65_536);

/** Hears what becomes of a connection. */
export interface ConnectionListener {
  /** It is open and free for a request; again after each time it broke. */
  opened(connection: LoadConnection): void;
  /** An answer is complete, and the connection free again. */
  answered(connection: LoadConnection, status: number): void;
  /** It broke before its answer was complete. */
  failed(connection: LoadConnection): void;
}

/** One kept-alive client connection with at most one request under way; it opens itself again when it breaks. */
export class LoadConnection {
  /** For whoever sends: when the request under way ought to have left. */
  intendedAt = 0;
  #socket: Socket | null = null;
  #reader = new MessageReader();
  #isBusy = false;
  #isClosed = false;
  readonly #port: number;
  readonly #listener: ConnectionListener;

  constructor(port: number, listener: ConnectionListener) {
    this.#port = port;
    this.#listener = listener;
    this.#open();
  }

  get isOpen(): boolean {
    return this.#socket !== null && !this.#socket.connecting && !this.#socket.destroyed;
  }

  send(request: Buffer): void {
    this.#isBusy = true;
    this.#socket?.write(request);
  }

  close(): void {
    this.#isClosed = true;
    this.#socket?.destroy();
  }

  #open(): void {
    this.#reader = new MessageReader();
    const socket = connect({
      port: this.#port,
      host: '127.0.0.1',
      noDelay: true,
      onread: {
        buffer: shared,
        callback: (length, buffer) => {
          this.#read(buffer as Buffer, length);
          return true;
        },
      },
    });
    this.#socket = socket;
    socket.once('connect', () => this.#listener.opened(this));
    socket.on('error', () => {});
    socket.once('close', () => this.#broke());
  }

  #read(buffer: Buffer, length: number): void {
    if (!this.#reader.feed(buffer, length)) return;
    this.#isBusy = false;
    this.#listener.answered(this, Number(this.#reader.head.slice(9, 12)));
  }

  #broke(): void {
    if (this.#isClosed) return;
    const wasBusy = this.#isBusy;
    this.#isBusy = false;
    if (wasBusy) this.#listener.failed(this);
    setTimeout(() => !this.#isClosed && this.#open(), 10);
  }
}
