import type { ConditionConfig, PathMatcherConfig, RouteConfig, RouteMatchConfig } from '../model.ts';
import { ancestorsOf, Catchers, keyOf, pathsOf, withoutSlash } from './catchers.ts';
import type { CheckContext } from './check-context.ts';

/** More combinations of hosts, methods and paths than this are not worth a warning. */
const MAX_COMBINATIONS = 1_000;

/** A prefix `/` is less than that: the `*` of OPTIONS lies under nothing. */
const EVERY_PATH = 'every';

/** Warns of routes and rules that no request can reach, where that is certain. Linear in what is written. */
export function checkUnreachable(context: CheckContext): void {
  const earlier = new Map<string, string>();
  for (const [at, route] of context.config.routes.entries()) {
    const other = catcherOf(route.match, earlier);
    if (other !== null) {
      const message = `route ${route.name} gets nothing: ${other} before it catches everything that it would`;
      context.warning('unreachable-route', ['routes', at], message, `put it before ${other}`);
    }
    for (const key of caughtKeys(route.match)) if (!earlier.has(key)) earlier.set(key, route.name);
    checkRules(context, route, at);
  }
}

function checkRules(context: CheckContext, route: RouteConfig, at: number): void {
  const earlier = new Catchers();
  for (const [index, rule] of route.rules.entries()) {
    if (earlier.covers(rule.when)) {
      const message = `rule ${rule.name} gets nothing: rules before it catch everything that it would`;
      context.warning('unreachable-rule', ['routes', at, 'rules', index], message, 'put it before them');
    }
    earlier.add(rule.when);
  }
}

/** The earlier route that leaves this one nothing; null when some request may come through. Several together are named by one. */
function catcherOf(match: RouteMatchConfig, earlier: ReadonlyMap<string, string>): string | null {
  const paths = askedPaths(match.path);
  const hosts = match.hosts.length === 0 ? ['*'] : match.hosts;
  const methods = match.methods.length === 0 ? ['*'] : match.methods;
  if (paths.length * hosts.length * methods.length > MAX_COMBINATIONS) return null;
  const conditions = match.when === null ? [''] : ['', keyOf(match.when)];
  let catcher: string | null = null;
  for (const host of hosts) {
    for (const method of methods) {
      for (const path of paths) {
        catcher = findCatcher(earlier, hostsAbove(host), method === '*' ? ['*'] : [method, '*'], path, conditions);
        if (catcher === null) return null;
      }
    }
  }
  return catcher;
}

function findCatcher(
  earlier: ReadonlyMap<string, string>,
  hosts: readonly string[],
  methods: readonly string[],
  paths: readonly string[],
  conditions: readonly string[],
): string | null {
  for (const host of hosts) {
    for (const method of methods) {
      for (const path of paths) {
        for (const condition of conditions) {
          const found = earlier.get(matchKey(host, method, path, condition));
          if (found !== undefined) return found;
        }
      }
    }
  }
  return null;
}

/** What a match certainly catches, one key for each combination; none when it is too much to say. */
function caughtKeys(match: RouteMatchConfig): string[] {
  const hosts = match.hosts.length === 0 ? ['*'] : match.hosts;
  const methods = match.methods.length === 0 ? ['*'] : match.methods;
  const paths = caughtPaths(match.path);
  if (hosts.length * methods.length * paths.length > MAX_COMBINATIONS) return [];
  const condition = match.when === null ? '' : keyOf(match.when);
  return hosts.flatMap((host) =>
    methods.flatMap((method) => paths.map((path) => matchKey(host, method, path, condition))),
  );
}

function matchKey(host: string, method: string, path: string, condition: string): string {
  return `${host} ${method} ${path} ${condition}`;
}

function caughtPaths(match: PathMatcherConfig | null): readonly string[] {
  if (match === null) return [EVERY_PATH, 'under:'];
  const paths = pathsOf(match);
  if (match.kind === 'path-prefix') return [`under:${withoutSlash(match.value)}`];
  return paths === null ? [otherPath(match)] : paths.map((path) => `at:${path}`);
}

/** For each path that a match asks for, everything that would catch it. */
function askedPaths(match: PathMatcherConfig | null): readonly (readonly string[])[] {
  if (match === null) return [[EVERY_PATH]];
  const paths = pathsOf(match);
  if (paths === null) return [[otherPath(match), EVERY_PATH]];
  return paths.map((path) => {
    const above = ancestorsOf(path).map((each) => `under:${each}`);
    return match.kind === 'path-prefix' ? [...above, EVERY_PATH] : [`at:${path}`, ...above, EVERY_PATH];
  });
}

function otherPath(match: PathMatcherConfig): string {
  const condition: ConditionConfig = { kind: 'path', match };
  return `other:${keyOf(condition)}`;
}

/** A host and every pattern that holds for all that it stands for. */
function hostsAbove(host: string): string[] {
  const above = [host];
  let rest = host.startsWith('*.') ? host.slice(2) : host;
  for (let dot = rest.indexOf('.'); dot >= 0; dot = rest.indexOf('.')) {
    rest = rest.slice(dot + 1);
    above.push(`*.${rest}`);
  }
  above.push('*');
  return above;
}
