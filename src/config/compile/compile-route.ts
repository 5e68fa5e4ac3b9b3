import { IgnoredFields } from '../../core/comparing/ignored-fields.ts';
import { CidrSet } from '../../core/matching/cidr.ts';
import type { RouteEntry, RoutePath } from '../../core/matching/route-table.ts';
import type {
  Arm,
  Mirror,
  MirrorCompare,
  Override,
  Retry,
  Route,
  Rule,
  Service,
  Version,
} from '../../core/snapshot.ts';
import { buildMirrorSample } from '../../core/splitting/sample.ts';
import { buildSplit, type Split } from '../../core/splitting/split.ts';
import type {
  CompareConfig,
  MirrorConfig,
  OverrideConfig,
  PathMatcherConfig,
  RetryConfig,
  RouteConfig,
  RuleConfig,
  SplitEntryConfig,
  StickyConfig,
} from '../model.ts';
import { type ConditionPlace, compileCondition, compilePath } from './compile-condition.ts';
import type { CompileContext } from './compile-context.ts';
import { compileHeaderOperations, compileHeaderRules } from './compile-headers.ts';
import { compileSticky } from './compile-sticky.ts';

/** The lists that grow with every route; the place of an entry is its index. */
export interface Registers {
  readonly arms: Arm[];
  readonly mirrors: Mirror[];
}

/** Routes, rules and arms know each other: they are made first and filled in then, and never change after this file. */
type Open<Type> = { -readonly [Key in keyof Type]: Type[Key] };

export class RouteCompiler {
  readonly #config: RouteConfig;
  readonly #service: Service;
  readonly #versions: ReadonlyMap<string, Version>;
  readonly #registers: Registers;
  readonly #context: CompileContext;

  constructor(config: RouteConfig, service: Service, registers: Registers, context: CompileContext) {
    this.#config = config;
    this.#service = service;
    this.#versions = new Map(service.versions.map((version) => [version.name, version]));
    this.#registers = registers;
    this.#context = context;
  }

  compile(index: number): Route {
    const config = this.#config;
    const stable = this.#version(config.stable);
    const arms: Arm[] = [];
    const rules: Rule[] = [];
    const route: Open<Route> = {
      index,
      name: config.name,
      service: this.#service,
      stable,
      candidate: this.#candidate(stable),
      overlay: null,
      override: config.override === null ? null : compileOverride(config.override),
      rules,
      arms,
      split: NO_SPLIT,
      sticky: compileSticky(config.sticky, config.maxMatchBodyBytes, this.#context),
      visitorCookie: visitorCookieOf(config.sticky),
      salt: config.salt,
      mirrors: this.#mirrors(config.mirrors, null),
      fallback: config.fallback === null ? null : this.#version(config.fallback),
      timeoutMs: config.timeoutMs,
      retry: this.#retry(config.retry),
      headers: compileHeaderRules(config.headers),
      decisionHeaders: config.decisionHeaders,
      lane: config.lane,
      maxMatchBodyBytes: config.maxMatchBodyBytes,
    };
    const armByVersion = new Map<string, Arm>();
    for (const version of this.#service.versions) {
      const arm = this.#arm(route, null, version);
      arms.push(arm);
      armByVersion.set(version.name, arm);
    }
    route.split = this.#split(config.split, config.salt, (name) => armByVersion.get(name) ?? this.#missing(name));
    for (const [at, rule] of config.rules.entries()) rules.push(this.#rule(route, rule, at));
    return route;
  }

  /** How the table finds the route. */
  entry(route: Route): RouteEntry {
    const { hosts, path, methods, when } = this.#config.match;
    return {
      route,
      hosts,
      path: this.#path(path),
      methods,
      when: when === null ? null : compileCondition(when, this.#place(''), this.#context),
    };
  }

  #place(ruleName: string): ConditionPlace {
    return { salt: this.#config.salt, ruleName, maxBodyBytes: this.#config.maxMatchBodyBytes };
  }

  #path(match: PathMatcherConfig | null): RoutePath {
    if (match === null) return { kind: 'other', value: '', condition: null };
    if (match.kind === 'path-prefix') return { kind: 'prefix', value: match.value, condition: null };
    if (match.match.kind === 'exact') return { kind: 'exact', value: match.match.value, condition: null };
    return { kind: 'other', value: '', condition: compilePath(match, this.#context) };
  }

  #rule(route: Route, config: RuleConfig, index: number): Rule {
    const rule: Open<Rule> = {
      index,
      name: config.name,
      when: compileCondition(config.when, this.#place(config.name), this.#context),
      to: null,
      split: null,
      mirrors: config.mirrors === null ? null : this.#mirrors(config.mirrors, config.name),
      headers: config.headers === null ? null : compileHeaderRules(config.headers),
      timeoutMs: config.timeoutMs,
      retry: this.#retry(config.retry),
    };
    const armOf = (name: string): Arm => this.#arm(route, rule, this.#version(name));
    if (config.to !== null) rule.to = armOf(config.to);
    else if (config.split !== null)
      rule.split = this.#split(config.split, `${this.#config.salt}/${config.name}`, armOf);
    return rule;
  }

  #split(config: readonly SplitEntryConfig[], salt: string, armOf: (version: string) => Arm): Split {
    return buildSplit(
      config.map(({ version, weight }) => ({ arm: armOf(version), name: version, weight })),
      salt,
    );
  }

  #arm(route: Route, rule: Rule | null, version: Version): Arm {
    const arm: Arm = { index: this.#registers.arms.length, route, rule, version };
    this.#registers.arms.push(arm);
    return arm;
  }

  #mirrors(configs: readonly MirrorConfig[], rule: string | null): readonly Mirror[] {
    return configs.map((config) => {
      const compare = config.compare === null ? null : this.#compare(config, config.compare, rule);
      return this.#mirror(config, rule, { name: config.to, target: this.#version(config.to), compare });
    });
  }

  #compare(config: MirrorConfig, { ignore, headers, baseline, maxAnswerBytes }: CompareConfig, rule: string | null) {
    const second = (version: string): Mirror =>
      this.#mirror(config, rule, { name: `${config.to}/baseline`, target: this.#version(version), compare: null });
    return {
      ignored: new IgnoredFields(ignore, headers),
      baseline: baseline === null ? null : second(baseline),
      maxAnswerBytes,
    };
  }

  #mirror(config: MirrorConfig, rule: string | null, target: MirrorTarget): Mirror {
    const mirror: Mirror = {
      index: this.#registers.mirrors.length,
      ...target,
      route: this.#config.name,
      rule,
      sample: buildMirrorSample({ percent: config.percent, salt: this.#config.salt, target: config.to }),
      methods: new Set(config.methods),
      timeoutMs: config.timeoutMs,
      maxBodyBytes: config.maxBodyBytes,
      maxInFlight: config.maxInFlight,
      credentials: config.credentials,
      hostSuffix: config.hostSuffix,
      headers: compileHeaderOperations(config.headers),
    };
    this.#registers.mirrors.push(mirror);
    return mirror;
  }

  #retry(config: RetryConfig | null): Retry | null {
    if (config === null) return null;
    const { attempts, on, methods, perTryMs, to } = config;
    return {
      attempts,
      onConnectFailure: on.includes('connect-failure'),
      onReset: on.includes('reset-before-response'),
      onStatus: new Set(on.filter((occasion) => /^\d+$/.test(occasion)).map(Number)),
      methods: new Set(methods),
      perTryMs,
      to: to === null ? null : this.#version(to),
    };
  }

  /** The only version of the split besides stable. */
  #candidate(stable: Version): Version | null {
    const others = this.#config.split.filter(({ version }) => version !== stable.name);
    return others.length === 1 ? this.#version(others[0]!.version) : null;
  }

  #version(name: string): Version {
    return this.#versions.get(name) ?? this.#missing(name);
  }

  #missing(name: string): never {
    throw new Error(`route ${this.#config.name} passed the check and yet names version ${name}, which is not there`);
  }
}

/** What a mirror and the baseline beside it differ in. */
interface MirrorTarget {
  readonly name: string;
  readonly target: Version;
  readonly compare: MirrorCompare | null;
}

function visitorCookieOf(sticky: readonly StickyConfig[]): string | null {
  for (const source of sticky) if (source.kind === 'visitor-cookie') return source.name;
  return null;
}

/** Stands in until the arms are there. */
const NO_SPLIT: Split = {
  entries: [],
  total: 0,
  lone: null,
  pickByKey: () => {
    throw new Error('the split is not compiled yet');
  },
  pickByDraw: () => {
    throw new Error('the split is not compiled yet');
  },
};

function compileOverride({ header, cookie, from }: OverrideConfig): Override {
  return { header, cookie, from: from === null ? null : CidrSet.of(from) };
}
