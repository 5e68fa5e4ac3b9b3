/** Node's own handle of an open socket. */
export type SocketHandle = object;

export type Receive<In> = (message: In, socket: SocketHandle | null) => void;

/** One end of an ordered, two-way path of messages between the primary and a worker. */
export interface Link<Out, In> {
  /** Sends plain data, and a socket beside it. After either end has closed, nothing is sent and nothing is thrown. */
  send(message: Out, socket?: SocketHandle): void;
  /** Receives every message from now on, in the order sent. One receiver. */
  onMessage(receive: Receive<In>): void;
  /** Called once, when either end has closed or the other side is gone. */
  onClose(closed: () => void): void;
  close(): void;
}

/**
 * Both ends of a link within one process. Messages are cloned and delivered later, as over a process boundary, so that
 * nothing that would not survive one can pass here either.
 */
export function linkInProcess<A, B>(): [Link<A, B>, Link<B, A>] {
  const one = new InProcessEnd<A, B>();
  const other = new InProcessEnd<B, A>();
  one.peer = other;
  other.peer = one;
  return [one, other];
}

class InProcessEnd<Out, In> implements Link<Out, In> {
  peer: InProcessEnd<In, Out> | null = null;
  #receive: Receive<In> | null = null;
  #closed: (() => void) | null = null;
  /** Messages that came before anybody listened. */
  #early: [In, SocketHandle | null][] = [];
  #open = true;

  send(message: Out, socket: SocketHandle | null = null): void {
    const peer = this.peer;
    if (!this.#open || peer === null) return;
    const copy = structuredClone(message);
    queueMicrotask(() => peer.#deliver(copy, socket));
  }

  onMessage(receive: Receive<In>): void {
    this.#receive = receive;
    for (const [message, socket] of this.#early.splice(0)) receive(message, socket);
  }

  onClose(closed: () => void): void {
    this.#closed = closed;
  }

  close(): void {
    this.#shut();
    if (this.peer !== null) this.peer.#shut();
  }

  #deliver(message: In, socket: SocketHandle | null): void {
    if (!this.#open) return;
    if (this.#receive === null) this.#early.push([message, socket]);
    else this.#receive(message, socket);
  }

  #shut(): void {
    if (!this.#open) return;
    this.#open = false;
    const closed = this.#closed;
    if (closed !== null) queueMicrotask(closed);
  }
}
