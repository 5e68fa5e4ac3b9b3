import { headerNamesOf } from '../core/header-names.ts';
import { CidrSet } from '../core/matching/cidr.ts';
import { buildRouteTable, type RouteEntry } from '../core/matching/route-table.ts';
import type { RegexEngine } from '../core/ports.ts';
import type { ListenerSpec, Route, Snapshot } from '../core/snapshot.ts';
import type { CompileContext } from './compile/compile-context.ts';
import { type Registers, RouteCompiler } from './compile/compile-route.ts';
import { compileServices } from './compile/compile-services.ts';
import { applyLive } from './live.ts';
import type { Config, ListenerConfig, LiveState } from './model.ts';

/** A checked configuration on its way into force; the same plain data for every worker. */
export interface CompileInput {
  readonly generation: number;
  readonly config: Config;
  readonly live: LiveState;
  /** Texts of the list files, by the path as written. */
  readonly lists: Readonly<Record<string, string>>;
}

/**
 * Checked configuration to snapshot: everything resolved that can be before a request comes. The same input gives the same
 * snapshot in every worker. What the check lets through compiles; anything else is a bug and throws.
 */
export function compile(input: CompileInput, ports: { readonly regex: RegexEngine }): Snapshot {
  const config = applyLive(input.config, input.live);
  const context = contextOf(config, input, ports.regex);
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
    mirroring: config.mirroring,
    graceMs: config.graceMs,
  };
}

function contextOf(config: Config, { lists }: CompileInput, regex: RegexEngine): CompileContext {
  const switches = new Map(config.switches.map(({ name, on }) => [name, on]));
  return { switches, lists, listMatchers: new Map(), plainConditions: new Map(), patterns: new Map(), regex };
}

function compileListener(config: ListenerConfig): ListenerSpec {
  return { ...config, trustedProxies: CidrSet.of(config.trustedProxies) };
}
