import net from 'node:net';

interface Handle {
  readonly fd: number;
  getsockname(out: { port?: number }): number;
  close(): void;
}

/** A bound socket of 127.0.0.1 that this process never accepts from: what a supervisor holds for its gateways. */
export class BoundSocket implements Disposable {
  readonly #handle: Handle;
  readonly port: number;

  constructor() {
    // Not documented: Node's own cluster module opens its sockets with it.
    const { _createServerHandle } = net as unknown as {
      _createServerHandle(host: string, port: number, family: number): Handle;
    };
    this.#handle = _createServerHandle('127.0.0.1', 0, 4);
    const name: { port?: number } = {};
    this.#handle.getsockname(name);
    this.port = name.port!;
  }

  get fd(): number {
    return this.#handle.fd;
  }

  [Symbol.dispose](): void {
    this.#handle.close();
  }
}
