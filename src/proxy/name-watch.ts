import type { NameResolver } from '../core/ports.ts';

/** After a failure the name is asked for again so soon. */
const RETRY_MS = 1_000;
const MAX_RETRY_MS = 15_000;

interface Watched {
  /** null: there never were any. */
  addresses: readonly string[] | null;
  failures: number;
  timer: NodeJS.Timeout | null;
}

/** Keeps the addresses of names up to date: asks again when an answer has run out, and keeps the last one while none comes. */
export class NameWatch {
  readonly #resolver: NameResolver;
  readonly #onChange: (host: string) => void;
  readonly #watched = new Map<string, Watched>();

  /** `onChange`: a name has got other addresses. */
  constructor(resolver: NameResolver, onChange: (host: string) => void) {
    this.#resolver = resolver;
    this.#onChange = onChange;
  }

  /** null: the name was never resolved. */
  addressesOf(host: string): readonly string[] | null {
    return this.#watched.get(host)?.addresses ?? null;
  }

  /** Watches these names too; resolves when each new one was asked for, at the latest after `patienceMs`. */
  async add(hosts: Iterable<string>, patienceMs: number): Promise<void> {
    const first: Promise<void>[] = [];
    for (const host of hosts) {
      if (this.#watched.has(host)) continue;
      const watched: Watched = { addresses: null, failures: 0, timer: null };
      this.#watched.set(host, watched);
      first.push(this.#ask(host, watched));
    }
    if (first.length === 0) return;
    const patience = Promise.withResolvers<void>();
    const timer = setTimeout(patience.resolve, patienceMs);
    await Promise.race([Promise.all(first), patience.promise]);
    clearTimeout(timer);
  }

  /** Forgets every name but these. */
  keep(hosts: ReadonlySet<string>): void {
    for (const [host, watched] of this.#watched) if (!hosts.has(host)) this.#forget(host, watched);
  }

  close(): void {
    this.keep(new Set());
  }

  async #ask(host: string, watched: Watched): Promise<void> {
    let againMs: number;
    try {
      const { addresses, ttlMs, unanswered } = await this.#resolver.resolve(host);
      watched.failures = 0;
      againMs = ttlMs;
      const kept = (watched.addresses ?? []).filter((address) => familyOf(address) === unanswered);
      this.#learn(host, watched, [...new Set([...addresses, ...kept])].sort());
    } catch {
      againMs = Math.min(RETRY_MS * 2 ** watched.failures, MAX_RETRY_MS);
      watched.failures++;
    }
    if (this.#watched.get(host) !== watched) return;
    watched.timer = setTimeout(() => void this.#ask(host, watched), againMs);
    watched.timer.unref();
  }

  /** Sorted, so that servers that turn their answers round change nothing. */
  #learn(host: string, watched: Watched, addresses: readonly string[]): void {
    if (this.#watched.get(host) !== watched || addresses.join() === watched.addresses?.join()) return;
    watched.addresses = addresses;
    this.#onChange(host);
  }

  #forget(host: string, watched: Watched): void {
    this.#watched.delete(host);
    if (watched.timer !== null) clearTimeout(watched.timer);
  }
}

function familyOf(address: string): 4 | 6 {
  return address.includes(':') ? 6 : 4;
}
