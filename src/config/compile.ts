import { BodyReads } from '../core/body/body-reads.ts';
import { headerNamesOf } from '../core/header-names.ts';
import { CidrSet } from '../core/matching/cidr.ts';
import { Places } from '../core/matching/place.ts';
import { buildRouteTable, type RouteEntry } from '../core/matching/route-table.ts';
import type { AesCbc, PlaceDatabase, PlaceDatabases, RegexEngine } from '../core/ports.ts';
import type { ListenerSpec, Route, Snapshot } from '../core/snapshot.ts';
import type { CompileContext } from './compile/compile-context.ts';
import { type Registers, RouteCompiler } from './compile/compile-route.ts';
import { compileServices } from './compile/compile-services.ts';
import { ListCache } from './compile/list-cache.ts';
import { applyLive } from './live.ts';
import type { Config, GeoConfig, ListenerConfig, LiveState } from './model.ts';

/** A checked configuration on its way into force; the same plain data for every worker. */
export interface CompileInput {
  readonly generation: number;
  readonly config: Config;
  readonly live: LiveState;
  /** Texts of the list files, by the path as written. */
  readonly lists: Readonly<Record<string, string>>;
}

/** What conditions need from outside. What is missing may be so only where no condition asks for it. */
export interface CompilePorts {
  readonly regex: RegexEngine;
  readonly aes?: AesCbc;
  readonly places?: PlaceDatabases;
  /** Keeps lists from one compilation to the next. */
  readonly lists?: ListCache;
}

/**
 * Checked configuration to snapshot: everything resolved that can be before a request comes. The same input gives the same
 * snapshot in every worker. What the check lets through compiles; anything else is a bug and throws.
 */
export function compile(input: CompileInput, ports: CompilePorts): Snapshot {
  const config = applyLive(input.config, input.live);
  const context = contextOf(config, input, ports);
  const { services, versions } = compileServices(config.services);
  const registers: Registers = { arms: [], mirrors: [] };
  const routes: Route[] = [];
  const entries: RouteEntry[] = [];
  const headerNames = new Set<string>();
  for (const [index, routeConfig] of config.routes.entries()) {
    const service = services.get(routeConfig.service);
    if (service === undefined) throw new Error(`route ${routeConfig.name} passed the check and yet has no service`);
    const compiler = new RouteCompiler(routeConfig, service, registers, context);
    const route = compiler.compile(index);
    const entry = compiler.entry(route);
    for (const name of headerNamesOf(route, [entry.when])) headerNames.add(name);
    routes.push(route);
    entries.push(entry);
  }
  context.listCache.endCompilation();
  return {
    generation: input.generation,
    listeners: config.listeners.map(compileListener),
    services,
    versions,
    routes,
    table: buildRouteTable(entries),
    arms: registers.arms,
    mirrors: registers.mirrors,
    headerNames: [...headerNames],
    switches: context.switches,
    drained: new Set(input.live.drained),
    mirroring: config.mirroring,
    graceMs: config.graceMs,
  };
}

function contextOf(config: Config, { lists }: CompileInput, ports: CompilePorts): CompileContext {
  let places: Places | null = null;
  return {
    switches: new Map(config.switches.map(({ name, on }) => [name, on])),
    lists,
    listMatchers: new Map(),
    listCache: ports.lists ?? new ListCache(),
    plainConditions: new Map(),
    patterns: new Map(),
    regex: ports.regex,
    bodies: new BodyReads(ports.aes ?? null),
    places: () => {
      places ??= placesOf(config.geo, ports);
      return places;
    },
    clocks: new Map(),
  };
}

function placesOf({ database, headers }: GeoConfig, { places }: CompilePorts): Places {
  return new Places({ headers, database: database === null ? null : opened(database.path, places) });
}

function opened(path: string | null, places: PlaceDatabases | undefined): PlaceDatabase {
  const database = places?.open(path) ?? { error: 'nobody can open it' };
  if ('error' in database) throw new Error(`the database of places ${path ?? ''} cannot be used: ${database.error}`);
  return database;
}

function compileListener(config: ListenerConfig): ListenerSpec {
  return { ...config, trustedProxies: CidrSet.of(config.trustedProxies) };
}
