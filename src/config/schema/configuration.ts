import { z } from 'zod';
import type { Config, RouteConfig, ServiceConfig } from '../model.ts';
import { NOT_SUPPORTED_YET } from '../not-supported-yet.ts';
import { accessLog, admin, listeners } from './listeners.ts';
import { refusedName } from './names.ts';
import { geo } from './places.ts';
import { problem } from './problem.ts';
import { routes } from './routes.ts';
import { durationMs, filledText, onOrOff, scalar, sizeBytes } from './scalars.ts';
import { services } from './services.ts';
import { mapOf, refuse, section } from './shape.ts';

const languageVersion = scalar({ const: 1 }, (written) =>
  written === '1'
    ? { value: 1 as const }
    : { refused: problem('bad-value', `"${written}" is not a version of the language`, 'write version: 1') },
);

const mirroring = section('mirroring', {
  bytes: sizeBytes(0).prefault('64MiB').describe('Bytes of all copies under way.'),
}).transform(({ bytes }) => ({ maxBytes: bytes }));

const releases = z.record(z.string(), z.unknown()).transform((given, context) => {
  for (const name of Object.keys(given)) {
    refuse(
      context,
      { ...problem('not-supported-yet', 'releases are not supported by this version yet'), part: 'key' },
      [name],
    );
  }
});

const switches = mapOf(onOrOff, refusedName).transform((given) =>
  given.map(({ name, value }) => ({ name, on: value })),
);

/** The whole configuration: the one source of what is valid, of the defaults, and of the JSON Schema. */
export const configuration = section(
  'the configuration',
  {
    version: languageVersion.describe('The version of the configuration language: 1.'),
    state: filledText.prefault('.graygate').describe('Where state is kept, beside the file.'),
    grace: durationMs(0).prefault('30s').describe('How long requests may take to finish when the gateway stops.'),
    listeners: listeners.prefault([]).describe('Where requests come in.'),
    admin: admin.prefault({}).describe('The admin port.'),
    accessLog: accessLog.optional().describe('One line a request. Off unless written.'),
    geo: geo
      .prefault({})
      .describe('Where places come from. Default: the country database that comes with the gateway.'),
    mirroring: mirroring.prefault({}).describe('What all mirrors together may use.'),
    services: services.prefault({}).describe('Service name: what runs.'),
    routes: routes.prefault([]).describe('In file order; the first that matches wins.'),
    switches: switches.prefault({}).describe('Switch name: on or off. Rules ask for them.'),
    releases: releases.optional().describe('Releases under way.'),
  },
  NOT_SUPPORTED_YET.root,
).transform((given): Config => {
  const { releases: _, grace, accessLog, ...rest } = given;
  const byName = new Map(rest.services.map((service) => [service.name, service]));
  return {
    ...rest,
    graceMs: grace,
    accessLog: accessLog ?? null,
    routes: rest.routes.map((route) => withSplit(route, byName.get(route.service))),
  };
});

/** A route without a split sends everybody to its stable version, or to the only one that there is. */
function withSplit(route: RouteConfig, service: ServiceConfig | undefined): RouteConfig {
  if (route.split.length > 0) return route;
  const only = service?.versions.length === 1 ? service.versions[0]!.name : '';
  const stable = route.stable === '' ? only : route.stable;
  return stable === '' ? route : { ...route, stable, split: [{ version: stable, weight: 1 }] };
}
