import { parseEndpointUrl } from '../config/endpoint-url.ts';
import type { ServiceConfig } from '../config/model.ts';
import type { NameResolver } from '../core/ports.ts';
import type { HealthCheck } from '../core/snapshot.ts';
import type { UnhealthyEndpoint } from '../telemetry/reports.ts';
import { EndpointCheck } from './endpoint-check.ts';
import type { Log } from './log.ts';

export interface HealthChecksOptions {
  readonly names: NameResolver;
  readonly log: Log;
  /** Told of all that is unhealthy whenever that changes; once, for the whole gateway. */
  readonly onChange: (unhealthy: readonly UnhealthyEndpoint[]) => void;
}

interface Checked {
  readonly place: Omit<UnhealthyEndpoint, 'address'>;
  readonly check: EndpointCheck;
}

/** The active checks of every endpoint whose service asks for them. What is known of an endpoint survives reloads. */
export class HealthChecks {
  readonly #options: HealthChecksOptions;
  readonly #checked = new Map<string, Checked>();
  #told: readonly UnhealthyEndpoint[] = [];

  constructor(options: HealthChecksOptions) {
    this.#options = options;
  }

  /** Checks exactly the endpoints of these services from now on. */
  update(services: readonly ServiceConfig[]): void {
    const wanted = new Set<string>();
    for (const { name: service, versions, healthCheck } of services) {
      if (healthCheck === null) continue;
      for (const { name: version, endpoints } of versions) {
        for (const { url } of endpoints) wanted.add(this.#want({ service, version, url }, healthCheck));
      }
    }
    for (const [key, { check }] of this.#checked) {
      if (wanted.has(key)) continue;
      this.#checked.delete(key);
      void check.close();
    }
    this.#tell();
  }

  async close(): Promise<void> {
    const all = [...this.#checked.values()];
    this.#checked.clear();
    await Promise.all(all.map(({ check }) => check.close()));
  }

  #want(place: Checked['place'], settings: HealthCheck): string {
    const key = JSON.stringify([place.service, place.version, place.url]);
    const known = this.#checked.get(key);
    if (known !== undefined) {
      known.check.update(settings);
      return key;
    }
    const endpoint = parseEndpointUrl(place.url);
    if (endpoint === null) throw new Error(`the endpoint ${place.url} passed the check and yet is malformed`);
    const { names } = this.#options;
    const check = new EndpointCheck({ endpoint, settings, names, onChange: () => this.#tell() });
    this.#checked.set(key, { place, check });
    return key;
  }

  #tell(): void {
    const unhealthy = [...this.#checked.values()].flatMap(({ place, check }) =>
      check.unhealthy().map((address): UnhealthyEndpoint => ({ ...place, address })),
    );
    if (JSON.stringify(unhealthy) === JSON.stringify(this.#told)) return;
    this.#log(this.#told, unhealthy);
    this.#told = unhealthy;
    this.#options.onChange(unhealthy);
  }

  #log(before: readonly UnhealthyEndpoint[], after: readonly UnhealthyEndpoint[]): void {
    const { log } = this.#options;
    const texts = new Set(before.map(textOf));
    const left = new Set(after.map(textOf));
    for (const text of left) if (!texts.has(text)) log('warning', `${text} is unhealthy`);
    for (const text of texts) if (!left.has(text)) log('info', `${text} is no longer unhealthy`);
  }
}

function textOf({ service, version, url, address }: UnhealthyEndpoint): string {
  return `endpoint ${url}${address === '' ? '' : ` (${address})`} of ${service}/${version}`;
}
