import type { ChildProcess, SendHandle } from 'node:child_process';
import type { Link, Receive, SocketHandle } from './link.ts';

/** The primary's end of the path to a worker in a process of its own. */
export function linkToChild<Out, In>(child: ChildProcess): Link<Out, In> {
  return new ChannelEnd<Out, In>(child);
}

/** The worker's end, in the process that the primary started; null when this process was started by something else. */
export function linkToParent<Out, In>(): Link<Out, In> | null {
  return process.channel === undefined || process.send === undefined ? null : new ChannelEnd<Out, In>(process);
}

/** What a child and a parent have in common as seen from each other. */
interface Channel {
  readonly connected: boolean;
  send?(message: object, handle: SendHandle | undefined, options: object, sent: (error: Error | null) => void): boolean;
  disconnect?(): void;
  on(event: 'message', listener: (message: object, handle?: unknown) => void): unknown;
  on(event: 'disconnect', listener: () => void): unknown;
}

/** Node's channel between processes: ordered, and closed on both sides by the system when either process ends. */
class ChannelEnd<Out, In> implements Link<Out, In> {
  readonly #channel: Channel;
  #receive: Receive<In> | null = null;
  #closed: (() => void) | null = null;
  #early: [In, SocketHandle | null][] = [];
  #isOpen = true;

  constructor(channel: unknown) {
    this.#channel = channel as Channel;
    this.#channel.on('message', (message, handle) => this.#deliver(message as In, (handle as object) ?? null));
    this.#channel.on('disconnect', () => this.#shut());
  }

  send(message: Out, socket?: SocketHandle): void {
    if (!this.#isOpen || !this.#channel.connected) return;
    // What fails to leave fails because the other side is gone: 'disconnect' tells.
    this.#channel.send?.(message as object, socket as SendHandle | undefined, { keepOpen: true }, () => undefined);
  }

  onMessage(receive: Receive<In>): void {
    this.#receive = receive;
    for (const [message, socket] of this.#early.splice(0)) receive(message, socket);
  }

  onClose(closed: () => void): void {
    this.#closed = closed;
    if (!this.#isOpen) queueMicrotask(closed);
  }

  close(): void {
    if (this.#channel.connected) this.#channel.disconnect?.();
    this.#shut();
  }

  #deliver(message: In, socket: SocketHandle | null): void {
    if (this.#receive === null) this.#early.push([message, socket]);
    else this.#receive(message, socket);
  }

  #shut(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    const closed = this.#closed;
    if (closed !== null) queueMicrotask(closed);
  }
}
