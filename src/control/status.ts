import type { ServiceConfig } from '../config/model.ts';
import type { AddressReport, EndpointReport, ListenerReport } from '../telemetry/reports.ts';
import type { ObservedShare } from '../telemetry/traffic-window.ts';
import { isSameWeights, type Weights, weightsOf } from './live.ts';
import type { InForce } from './publisher.ts';
import { type Freeze, NO_STANDING } from './standing.ts';

/** The answer of `GET /api/status`: what runs now, and what really happens. */
export interface Status {
  /** 0 before anything is in force. */
  readonly generation: number;
  readonly revision: number;
  readonly config: {
    readonly file: string;
    /** Why the file as it is now is not in force: its first problems, one a line; null: it is in force. */
    readonly error: string | null;
    /** The revision that was put back in force instead of what the file says; null: none was. */
    readonly rollback: number | null;
    /** What is in force is not what the file says: it was rolled back. */
    readonly drift: boolean;
  };
  readonly workers: readonly { readonly id: number; readonly pid: number; readonly generation: number }[];
  readonly listeners: readonly ListenerReport[];
  readonly routes: readonly RouteStatus[];
  readonly services: Readonly<Record<string, ServiceStatus>>;
  readonly switches: Readonly<Record<string, SwitchStatus>>;
  readonly freeze: Freeze;
  readonly releases: Readonly<Record<string, never>>;
}

export interface RouteStatus {
  readonly name: string;
  readonly service: string;
  readonly stable: string;
  /** Weights as given: relative. */
  readonly split: Weights;
  readonly source: 'file' | 'live' | 'release';
  /** The weights in force are not those of the file. */
  readonly drift: boolean;
  readonly revision: number;
  /** The last 60 seconds, by the version that was meant; every version of the service is there. */
  readonly observed: Readonly<Record<string, ObservedShare>>;
}

export interface ServiceStatus {
  readonly versions: Readonly<Record<string, { readonly endpoints: readonly EndpointStatus[] }>>;
}

export interface EndpointStatus {
  readonly url: string;
  readonly usable: boolean;
  readonly reason: string;
  /** The addresses behind a name; absent where there is none to look up. */
  readonly addresses?: readonly AddressReport[];
}

export interface SwitchStatus {
  readonly on: boolean;
  readonly source: 'file' | 'live';
  readonly drift: boolean;
  readonly revision: number;
}

export interface StatusSources {
  readonly file: string;
  readonly error: string | null;
  readonly inForce: InForce | null;
  readonly workers: Status['workers'];
  readonly listeners: readonly ListenerReport[];
  readonly endpoints: readonly EndpointReport[];
  readonly observed: (route: string) => Readonly<Record<string, ObservedShare>>;
}

const NOTHING_OBSERVED: ObservedShare = { requests: 0, share: 0 };

export function statusOf(sources: StatusSources): Status {
  const { file, error, inForce, workers, listeners } = sources;
  const rollback = inForce?.rollback?.revision ?? null;
  const common = { config: { file, error, rollback, drift: rollback !== null }, workers, listeners, releases: {} };
  if (inForce === null) {
    const { freeze } = NO_STANDING;
    return { generation: 0, revision: 0, ...common, routes: [], services: {}, switches: {}, freeze };
  }
  const { generation, revision, config, freeze } = inForce;
  const byVersion = groupEndpoints(sources.endpoints);
  return {
    generation,
    revision,
    ...common,
    routes: routesOf(inForce, sources.observed),
    services: Object.fromEntries(config.services.map((service) => [service.name, serviceOf(service, byVersion)])),
    switches: switchesOf(inForce),
    freeze,
  };
}

function routesOf(inForce: InForce, observedOn: StatusSources['observed']): RouteStatus[] {
  const { config, live, effective, objects, adopted } = inForce;
  const versions = new Map(config.services.map((service) => [service.name, service.versions.map(({ name }) => name)]));
  return config.routes.map(({ name, service, stable, split: inFile }, at) => {
    const split = weightsOf(effective.routes[at]!.split);
    const names = versions.get(service) ?? [];
    return {
      name,
      service,
      stable,
      split,
      source: Object.hasOwn(live.weights, name) ? 'live' : 'file',
      drift: !isSameWeights(split, adopted[name] ?? weightsOf(inFile)),
      revision: objects.routes.get(name) ?? 0,
      observed: { ...Object.fromEntries(names.map((version) => [version, NOTHING_OBSERVED])), ...observedOn(name) },
    };
  });
}

type EndpointsByVersion = ReadonlyMap<string, ReadonlyMap<string, EndpointReport>>;

function groupEndpoints(reports: readonly EndpointReport[]): EndpointsByVersion {
  const groups = new Map<string, Map<string, EndpointReport>>();
  for (const report of reports) {
    const key = `${report.service}\0${report.version}`;
    const group = groups.get(key) ?? new Map<string, EndpointReport>();
    groups.set(key, group.set(report.url, report));
  }
  return groups;
}

function serviceOf(service: ServiceConfig, byVersion: EndpointsByVersion): ServiceStatus {
  const versions = service.versions.map(({ name, endpoints }) => {
    const reports = byVersion.get(`${service.name}\0${name}`);
    const shown = endpoints.map(({ url }): EndpointStatus => {
      const report = reports?.get(url);
      const { usable = true, reason = '', addresses } = report ?? {};
      return { url, usable, reason, ...(addresses === undefined ? {} : { addresses }) };
    });
    return [name, { endpoints: shown }] as const;
  });
  return { versions: Object.fromEntries(versions) };
}

function switchesOf({ config, live, effective, objects }: InForce): Record<string, SwitchStatus> {
  const entries = config.switches.map(({ name, on: inFile }, at): [string, SwitchStatus] => {
    const { on } = effective.switches[at]!;
    const source = Object.hasOwn(live.switches, name) ? 'live' : 'file';
    return [name, { on, source, drift: on !== inFile, revision: objects.switches.get(name) ?? 0 }];
  });
  return Object.fromEntries(entries);
}
