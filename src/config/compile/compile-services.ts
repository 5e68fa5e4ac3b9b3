import type { Endpoint, Service, Version } from '../../core/snapshot.ts';
import { parseEndpointUrl } from '../endpoint-url.ts';
import type { BalanceConfig, ServiceConfig } from '../model.ts';

/** The services by name, and all their versions in order. */
export interface CompiledServices {
  readonly services: ReadonlyMap<string, Service>;
  readonly versions: readonly Version[];
}

export function compileServices(configs: readonly ServiceConfig[]): CompiledServices {
  const all: Version[] = [];
  const services = new Map<string, Service>();
  for (const config of configs) {
    const versions = config.versions.map(({ name, endpoints }, at): Version => {
      return { index: all.length + at, service: config.name, name, endpoints: endpoints.map(compileEndpoint) };
    });
    all.push(...versions);
    services.set(config.name, compileService(config, versions));
  }
  return { services, versions: all };
}

function compileService(config: ServiceConfig, versions: readonly Version[]): Service {
  const { name, protocol, pool, healthCheck, outlierDetection } = config;
  return { name, protocol, versions, pool, balance: compileBalance(config.balance), healthCheck, outlierDetection };
}

function compileBalance(config: BalanceConfig): Service['balance'] {
  return config.kind === 'hash' ? { kind: 'hash', source: config.source } : { kind: config.kind };
}

function compileEndpoint({ url, weight }: { readonly url: string; readonly weight: number }): Endpoint {
  const parsed = parseEndpointUrl(url);
  if (parsed === null) throw new Error(`the endpoint ${url} passed the check and yet is malformed`);
  return { url, ...parsed, weight };
}
