import { Agent, request } from 'undici';
import type { EndpointUrl } from '../config/endpoint-url.ts';
import { nameToLookUp } from '../core/balancing/endpoint-name.ts';
import type { NameResolver } from '../core/ports.ts';
import { Health } from '../core/resilience/health.ts';
import type { HealthCheck } from '../core/snapshot.ts';

/** More of an answer than this is not read: its status says all. */
const MAX_ANSWER_BYTES = 65_536;

export interface EndpointCheckOptions {
  readonly endpoint: EndpointUrl;
  readonly settings: HealthCheck;
  readonly names: NameResolver;
  /** An address was found well, or unwell, often enough. */
  readonly onChange: () => void;
}

/** Asks one endpoint again and again whether it is well; behind a name, each of its addresses. */
export class EndpointCheck {
  readonly #endpoint: EndpointUrl;
  readonly #names: NameResolver;
  readonly #onChange: () => void;
  /** A connection for each check: that the endpoint still accepts is part of the question. */
  readonly #agent: Agent;
  readonly #health = new Map<string, Health>();
  readonly #closing = new AbortController();
  #settings: HealthCheck;
  #addresses: readonly string[] = [];
  #addressesUntilMs = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor({ endpoint, settings, names, onChange }: EndpointCheckOptions) {
    this.#endpoint = endpoint;
    this.#settings = settings;
    this.#names = names;
    this.#onChange = onChange;
    const { socketPath } = endpoint;
    this.#agent = new Agent({ pipelining: 0, connect: socketPath === '' ? {} : { socketPath } });
    void this.#round();
  }

  update(settings: HealthCheck): void {
    this.#settings = settings;
  }

  /** The addresses that are unhealthy; '' where there is none to look up. */
  unhealthy(): readonly string[] {
    return [...this.#health].filter(([, health]) => !health.isHealthy).map(([address]) => address);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#agent.destroy();
  }

  async #round(): Promise<void> {
    const startedAt = performance.now();
    const addresses = await this.#lookUp();
    const changes = await Promise.all(addresses.map((address) => this.#judge(address)));
    if (this.#closing.signal.aborted) return;
    const gone = [...this.#health].filter(([address]) => !addresses.includes(address));
    for (const [address] of gone) this.#health.delete(address);
    if (changes.includes(true) || gone.some(([, health]) => !health.isHealthy)) this.#onChange();
    const leftMs = this.#settings.intervalMs - (performance.now() - startedAt);
    this.#timer = setTimeout(() => void this.#round(), Math.max(0, leftMs));
    this.#timer.unref();
  }

  /** True when this check changed what is held of the address. */
  async #judge(address: string): Promise<boolean> {
    const health = this.#health.get(address) ?? new Health();
    this.#health.set(address, health);
    const isWell = await this.#ask(address);
    return this.#closing.signal.aborted ? false : health.onResult(isWell, this.#settings);
  }

  async #ask(address: string): Promise<boolean> {
    const { path, timeoutMs } = this.#settings;
    try {
      const { statusCode, body } = await request(`${this.#origin(address)}${path}`, {
        method: 'GET',
        headers: { host: this.#hostField(), 'user-agent': 'graygate-health-check' },
        dispatcher: this.#agent,
        signal: AbortSignal.any([AbortSignal.timeout(timeoutMs), this.#closing.signal]),
      });
      await body.dump({ limit: MAX_ANSWER_BYTES });
      return statusCode >= 200 && statusCode < 400;
    } catch {
      return false;
    }
  }

  #origin(address: string): string {
    const { socketPath, host, port, tls } = this.#endpoint;
    if (socketPath !== '') return 'http://localhost';
    const target = address === '' ? host : address;
    return `${tls ? 'https' : 'http'}://${target.includes(':') ? `[${target}]` : target}:${port}`;
  }

  #hostField(): string {
    const { socketPath, host, port, tls } = this.#endpoint;
    if (socketPath !== '') return 'localhost';
    const bracketed = host.includes(':') ? `[${host}]` : host;
    return port === (tls ? 443 : 80) ? bracketed : `${bracketed}:${port}`;
  }

  /** While a name cannot be looked up, what was known of it holds. */
  async #lookUp(): Promise<readonly string[]> {
    const name = nameToLookUp(this.#endpoint);
    if (name === null) return [''];
    if (performance.now() < this.#addressesUntilMs) return this.#addresses;
    try {
      const { addresses, ttlMs } = await this.#names.resolve(name);
      this.#addresses = addresses;
      this.#addressesUntilMs = performance.now() + ttlMs;
    } catch {
      // The next round asks again.
    }
    return this.#addresses;
  }
}
