import { lookup } from 'node:dns/promises';
import net from 'node:net';
import { getSystemErrorName } from 'node:util';
import type { InheritedSockets } from './inherited-sockets.ts';
import type { SocketHandle } from './link.ts';

/** What is needed of a listener to open its socket. */
export interface ListenerAddress {
  readonly name: string;
  /** `host:port`, the host perhaps in brackets. */
  readonly address: string;
}

interface Handle extends SocketHandle {
  getsockname(out: { address?: string; port?: number }): number;
  close(): void;
}

/** What Node offers to its own cluster module and does not document: a bound socket that nobody accepts from yet. */
interface ServerHandles {
  _createServerHandle(host: string | null, port: number, family: number, fd: number | undefined): Handle | number;
}

/**
 * The listening sockets of a gateway whose workers accept. They are opened and kept by the primary, which accepts nothing
 * itself: what waits to be accepted outlives any worker, and no connection is lost between two of them.
 */
export class ListeningSockets {
  readonly #open = new Map<string, Handle>();
  readonly #inherited: InheritedSockets;

  /** `inherited`: those that were open before this process. */
  constructor(inherited: InheritedSockets) {
    this.#inherited = inherited;
  }

  /** Opens what is not open yet. Rejects, with nothing changed, when an address cannot be had. */
  async open(listeners: readonly ListenerAddress[]): Promise<void> {
    const opened: string[] = [];
    try {
      for (const listener of listeners) {
        const key = socketKey(listener);
        if (this.#open.has(key)) continue;
        this.#open.set(key, await this.#openOne(listener));
        opened.push(key);
      }
    } catch (error) {
      for (const key of opened) this.#close(key);
      throw error;
    }
  }

  /** Closes what none of these needs. */
  keepOnly(listeners: readonly ListenerAddress[]): void {
    const wanted = new Set(listeners.map(socketKey));
    for (const key of [...this.#open.keys()]) if (!wanted.has(key)) this.#close(key);
  }

  socket(key: string): SocketHandle | null {
    return this.#open.get(key) ?? null;
  }

  close(): void {
    this.keepOnly([]);
  }

  async #openOne({ name, address }: ListenerAddress): Promise<Handle> {
    const fd = this.#inherited.take(name);
    if (fd !== null) return created(createHandle(null, 0, -1, fd), { address: `fd ${fd}`, port: 0 });
    const { host, port } = splitAddress(address);
    const family = net.isIP(host);
    const resolved = family === 0 ? await lookup(host) : { address: host, family };
    const handle = created(createHandle(resolved.address, port, resolved.family, undefined), { address: host, port });
    // An address in use shows only when it is asked for.
    const code = handle.getsockname({});
    if (code !== 0) {
      handle.close();
      throw bindError(code, { address: host, port });
    }
    return handle;
  }

  #close(key: string): void {
    this.#open.get(key)?.close();
    this.#open.delete(key);
  }
}

/** Sockets go by address, whatever the listener is called; where the system chooses the port, the name tells them apart. */
export function socketKey({ name, address }: ListenerAddress): string {
  return address.endsWith(':0') ? `${address} ${name}` : address;
}

const { _createServerHandle: createHandle } = net as unknown as ServerHandles;

interface Place {
  readonly address: string;
  readonly port: number;
}

function created(handle: Handle | number, place: Place): Handle {
  if (typeof handle === 'number') throw bindError(handle, place);
  return handle;
}

function bindError(code: number, place: Place): Error {
  const name = getSystemErrorName(code);
  return Object.assign(new Error(`listen ${name}: ${place.address}:${place.port}`), {
    code: name,
    syscall: 'listen',
    ...place,
  });
}

function splitAddress(address: string): { host: string; port: number } {
  const colon = address.lastIndexOf(':');
  return { host: address.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(address.slice(colon + 1)) };
}
