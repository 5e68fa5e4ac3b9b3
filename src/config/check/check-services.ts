import type { ServiceConfig, VersionConfig } from '../model.ts';
import type { CheckContext } from './check-context.ts';

/** Every version can be reached in some way, by endpoints that are each named once. */
export function checkServices(context: CheckContext): void {
  for (const service of context.config.services) {
    for (const version of service.versions) checkEndpoints(context, service, version);
  }
}

function checkEndpoints(context: CheckContext, service: ServiceConfig, version: VersionConfig): void {
  const path = ['services', service.name, 'versions', version.name, 'endpoints'];
  const seen = new Set<string>();
  let total = 0;
  for (const [at, { url, weight }] of version.endpoints.entries()) {
    total += weight;
    if (seen.has(url)) context.error('duplicate-endpoint', [...path, at, 'url'], `the endpoint ${url} is there twice`);
    seen.add(url);
  }
  if (total === 0) context.error('zero-weight', path, `no endpoint of version ${version.name} has a weight above 0`);
}
