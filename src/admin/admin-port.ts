import { setTimeout as delay } from 'node:timers/promises';
import { CommandError, messageOf } from '../control/command-error.ts';
import type { Log } from '../control/log.ts';
import { type AdminServer, type BoundAddress, createAdminServer } from './admin-server.ts';
import type { AdminOptions, AdminTokens } from './ports.ts';

/** What of the configuration concerns the admin port. */
export interface AdminSettings {
  readonly address: string;
  readonly tokens: AdminTokens | null;
  readonly metrics: 'token' | 'open';
}

export interface AdminPortOptions {
  readonly ports: Omit<AdminOptions, 'address' | 'tokens' | 'metricsMode'>;
  readonly log: Log;
  /** A listening socket that was open before this process; null: it is opened here. */
  readonly fd: number | null;
}

const RETRY_MS = 100;
/** A request that moves the port itself is answered on the old one. */
const LINGER_MS = 1_000;

/** The admin port over the life of a gateway: where it is and whom it lets in follow the configuration. */
export class AdminPort {
  readonly #options: AdminPortOptions;
  readonly #closing = new AbortController();
  #server: AdminServer | null = null;
  #settings: AdminSettings | null = null;

  constructor(options: AdminPortOptions) {
    this.#options = options;
  }

  /** Throws, before anything is bound, for settings that would let strangers in. */
  prepare(settings: AdminSettings): void {
    this.#server = this.#create(settings);
    this.#settings = settings;
  }

  /** Binds. `mayWait`: while another has the address, null is returned and it goes on trying. */
  async listen(mayWait: boolean): Promise<BoundAddress | null> {
    const server = this.#server!;
    try {
      return await server.listen(this.#options.fd);
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      if (mayWait && error.code === 'address-in-use') {
        void this.#keepTrying();
        return null;
      }
      const message = `${error.message}; change admin.address, or stop what listens there`;
      throw new CommandError(error.code, message, { cause: error });
    }
  }

  /** After a reload. What cannot be done is told, and the port stays as it was. */
  async follow(settings: AdminSettings): Promise<void> {
    const before = this.#settings!;
    this.#settings = settings;
    if (settings.address === before.address) {
      this.#server?.admit(settings);
      return;
    }
    try {
      const next = this.#create(settings);
      const { address, port } = await next.listen(null);
      const old = this.#server;
      this.#server = next;
      setTimeout(() => void old?.close(), LINGER_MS).unref();
      this.#options.log('info', `the admin port has moved to ${address} port ${port}`);
    } catch (error) {
      this.#settings = { ...settings, address: before.address };
      this.#server?.admit(settings);
      this.#options.log('error', `the admin port stays at ${before.address}: ${messageOf(error)}`);
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#server?.close();
  }

  async #keepTrying(): Promise<void> {
    const { signal } = this.#closing;
    const { log } = this.#options;
    log('info', `another process has the admin address ${this.#settings!.address}: taken as soon as it is free`);
    while (!signal.aborted) {
      await delay(RETRY_MS, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      // A server that failed to listen once is spent.
      const server = this.#create(this.#settings!);
      try {
        const { address, port } = await server.listen(null);
        this.#server = server;
        log('info', `the admin port listens on ${address} port ${port}`);
        return;
      } catch {
        await server.close();
      }
    }
  }

  #create({ address, tokens, metrics }: AdminSettings): AdminServer {
    return createAdminServer({ ...this.#options.ports, address, tokens, metricsMode: metrics });
  }
}
