import { didYouMean } from '../did-you-mean.ts';
import type { MirrorConfig, RetryConfig, RouteConfig, RuleConfig, ServiceConfig, SplitEntryConfig } from '../model.ts';
import { entryOf, type SourcePath } from '../source/source-node.ts';
import { checkChoices } from './check-choices.ts';
import type { CheckContext } from './check-context.ts';
import { checkMethodCase } from './check-methods.ts';

/** Routes are named once, and everything that they name is there. */
export function checkRoutes(context: CheckContext): void {
  if (entryOf(context.input.whole, 'routes') === undefined) context.warning('no-route', [], 'there is no route');
  const names = new Set<string>();
  for (const [at, route] of context.config.routes.entries()) {
    const path: SourcePath = ['routes', at];
    if (names.has(route.name))
      context.error('duplicate-name', [...path, 'name'], `another route is named ${route.name} too`);
    names.add(route.name);
    checkMethodCase(context, [...path, 'match', 'methods'], route.match.methods);
    checkChoices(context, route, path);
    const service = serviceOf(context, route, path);
    if (service !== undefined) new RouteCheck(context, service, path).check(route);
  }
}

/** The service of a route; undefined when there is none to hold the route against. */
function serviceOf(context: CheckContext, route: RouteConfig, path: SourcePath): ServiceConfig | undefined {
  const service = context.services.get(route.service);
  if (service === undefined && !context.declaredServices.has(route.service)) {
    const hint = didYouMean(route.service, context.declaredServices);
    context.error('dangling-service', [...path, 'service'], `there is no service "${route.service}"`, hint);
  }
  return service;
}

/** Holds one route against its service. */
class RouteCheck {
  readonly #context: CheckContext;
  readonly #service: ServiceConfig;
  readonly #versions: ReadonlySet<string>;
  readonly #path: SourcePath;

  constructor(context: CheckContext, service: ServiceConfig, path: SourcePath) {
    this.#context = context;
    this.#service = service;
    this.#versions = new Set(service.versions.map((version) => version.name));
    this.#path = path;
  }

  check(route: RouteConfig): void {
    const path = this.#path;
    if (route.split.length === 0 && !this.#context.input.isPartial) {
      const hint = `say which of ${[...this.#versions].join(', ')} answers`;
      this.#context.error('missing-split', path, `route ${route.name} has no split`, hint);
    }
    if (this.#context.isWritten([...path, 'split'])) this.#split(route.split, [...path, 'split']);
    if (this.#context.isWritten([...path, 'stable'])) this.#version(route.stable, [...path, 'stable']);
    if (route.fallback !== null) this.#version(route.fallback, [...path, 'fallback']);
    const only = this.#context.input.isPartial ? null : onlyVersion(route);
    this.#mirrors(route.mirrors, [...path, 'mirror'], only);
    if (route.retry !== null) this.#retry(route.retry, [...path, 'retry']);
    if (route.fallback !== null && route.fallback === only) {
      this.#context.warning(
        'fallback-to-itself',
        [...path, 'fallback'],
        `${only} is the only version that can be chosen`,
      );
    }
    this.#rules(route.rules);
  }

  #rules(rules: readonly RuleConfig[]): void {
    const names = new Set<string>();
    for (const [at, rule] of rules.entries()) {
      const path = [...this.#path, 'rules', at];
      if (names.has(rule.name))
        this.#context.error(
          'duplicate-name',
          [...path, 'name'],
          `another rule of this route is named ${rule.name} too`,
        );
      names.add(rule.name);
      if (rule.to !== null) this.#version(rule.to, [...path, 'to']);
      if (rule.split !== null) this.#split(rule.split, [...path, 'split']);
      if (rule.retry !== null) this.#retry(rule.retry, [...path, 'retry']);
      if (rule.mirrors !== null) this.#mirrors(rule.mirrors, [...path, 'mirror'], rule.to);
    }
  }

  #split(split: readonly SplitEntryConfig[], path: SourcePath): void {
    for (const { version } of split) {
      if (!this.#versions.has(version))
        this.#context.errorAtKey('dangling-version', [...path, version], ...this.#missing(version));
    }
    if (split.every(({ weight }) => weight === 0)) {
      this.#context.error('zero-weight', path, 'the weights sum to 0, so nobody would be served');
    }
  }

  #version(name: string, path: SourcePath): void {
    if (!this.#versions.has(name)) this.#context.error('dangling-version', path, ...this.#missing(name));
  }

  #missing(name: string): [string, string | null] {
    return [
      `service ${this.#service.name} has no version "${name}"`,
      didYouMean(name, this.#versions) ?? `it has ${[...this.#versions].join(', ')}`,
    ];
  }

  #retry({ to, methods }: RetryConfig, path: SourcePath): void {
    if (to !== null) this.#version(to, [...path, 'to']);
    checkMethodCase(this.#context, [...path, 'methods'], methods);
  }

  /** `only`: the one version that can answer; null when there are several. */
  #mirrors(mirrors: readonly MirrorConfig[], path: SourcePath, only: string | null): void {
    const targets = new Set<string>();
    for (const [at, mirror] of mirrors.entries()) {
      const to = [...path, at, 'to'];
      this.#version(mirror.to, to);
      if (targets.has(mirror.to))
        this.#context.error('duplicate-mirror', to, `${mirror.to} gets copies from here already`);
      targets.add(mirror.to);
      if (mirror.to === only)
        this.#context.warning('mirror-to-itself', to, `${only} answers itself, and is never copied to`);
      checkMethodCase(this.#context, [...path, at, 'methods'], mirror.methods);
      const baseline = mirror.compare?.baseline ?? null;
      if (baseline !== null) this.#baseline(baseline, mirror.to, [...path, at, 'compare', 'baseline']);
    }
  }

  #baseline(baseline: string, target: string, path: SourcePath): void {
    this.#version(baseline, path);
    if (baseline !== target) return;
    this.#context.error('baseline-is-target', path, `${target} is what is compared`, 'name the version that answers');
  }
}

/** The version that everybody gets, whoever they are; null when there are several. */
function onlyVersion(route: RouteConfig): string | null {
  const chosen = route.split.filter(({ weight }) => weight > 0);
  const isOpen = route.rules.length > 0 || route.override !== null || route.lane;
  return chosen.length === 1 && !isOpen ? chosen[0]!.version : null;
}
