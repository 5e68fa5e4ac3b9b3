import type { ConfigIssue } from '../config/issue.ts';
import type { Actor, AuditEntry } from './audit.ts';
import { CommandError } from './command-error.ts';
import type { LoadedConfiguration } from './configuration-load.ts';
import { isDrainable, isSameWeights, type Weights, weightsOf } from './live.ts';
import { checkedFields, comparedMirrors, mirrorObject, withIgnored } from './mirror-ignores.ts';
import type { InForce, LiveEdit, Publisher } from './publisher.ts';
import type { SourceFile } from './source-reading.ts';
import { isWeight } from './standing.ts';
import type { Revision, RevisionSummary, StateStore } from './state-store.ts';

/** What comes with every command. */
export interface Request {
  readonly actor: Actor;
  readonly reason: string;
  /** The revision of the object that the caller has seen; null: it did not say. */
  readonly ifMatch: string | null;
}

/** Given once every worker routes by it. */
export interface WriteAnswer {
  /** Of the object that was changed. */
  readonly revision: number;
  readonly generation: number;
}

export interface ConfigurationView {
  readonly revision: number;
  readonly generation: number;
  readonly rollback: number | null;
  readonly files: readonly SourceFile[];
}

export interface CheckAnswer {
  readonly ok: boolean;
  readonly issues: readonly ConfigIssue[];
}

export interface GatewayControlOptions {
  readonly publisher: Publisher;
  readonly store: StateStore;
  /** Parses and checks; nothing else. */
  readonly check: (files: readonly SourceFile[]) => CheckAnswer | Promise<CheckAnswer>;
  readonly loadRevision: (revision: Revision) => LoadedConfiguration | Promise<LoadedConfiguration>;
}

/** Every command that changes what is in force at run time; each goes through the publisher's one queue. */
export class GatewayControl {
  readonly #publisher: Publisher;
  readonly #options: GatewayControlOptions;

  constructor(options: GatewayControlOptions) {
    this.#publisher = options.publisher;
    this.#options = options;
  }

  setWeights(name: string, split: Weights, request: Request): Promise<WriteAnswer> {
    return this.#changeWeights(name, request, (inForce) => {
      refuseWhileFrozen(inForce);
      return { to: checkedSplit(inForce, name, split), adopt: false };
    });
  }

  /** Back to what the file says. */
  resetWeights(name: string, request: Request): Promise<WriteAnswer> {
    return this.#changeWeights(name, request, (inForce) => {
      refuseWhileFrozen(inForce);
      return { to: null, adopt: false };
    });
  }

  /** Records the weights in force as a revision: they are no drift any more. */
  adoptWeights(name: string, request: Request): Promise<WriteAnswer> {
    return this.#changeWeights(name, request, ({ live }) => {
      const weights = live.weights[name];
      if (weights === undefined)
        throw new CommandError('invalid-request', `route ${name} has no live weights: there is nothing to adopt`);
      return { to: weights, adopt: true };
    });
  }

  async setSwitch(name: string, on: boolean, request: Request): Promise<WriteAnswer> {
    const after = await this.#command(request, (inForce) => {
      const at = inForce.config.switches.findIndex((candidate) => candidate.name === name);
      if (at < 0) throw new CommandError('not-found', `there is no switch ${name}`);
      requireRevision(request, inForce.objects.switches.get(name) ?? 0, true);
      const { [name]: _, ...others } = inForce.live.switches;
      const inFile = inForce.config.switches[at]!.on;
      const switches = on === inFile ? others : { ...others, [name]: on };
      const from = inForce.effective.switches[at]!.on;
      return { what: 'switch', object: name, from, to: on, live: { ...inForce.live, switches } };
    });
    return { revision: after.objects.switches.get(name) ?? 0, generation: after.generation };
  }

  /** The fields that a mirror's comparison ignores beside those that the file names; none: as the file has it. */
  async setIgnored(route: string, mirror: string, fields: readonly string[], request: Request): Promise<WriteAnswer> {
    const object = mirrorObject(route, mirror);
    const after = await this.#command(request, ({ config, live, objects }) => {
      const known = comparedMirrors(config).find((candidate) => candidate.object === object);
      if (known === undefined)
        throw new CommandError('not-found', `no answers of ${mirror} on route ${route} are compared`);
      requireRevision(request, objects.mirrors.get(object) ?? 0, true);
      const to = checkedFields(fields).filter((field) => !known.ignore.includes(field));
      const from = live.ignored?.[route]?.[mirror] ?? [];
      return { what: 'ignore', object, from, to, live: withIgnored(live, route, mirror, to) };
    });
    return { revision: after.objects.mirrors.get(object) ?? 0, generation: after.generation };
  }

  async setFreeze(on: boolean, request: Request): Promise<WriteAnswer> {
    const after = await this.#command(request, ({ freeze }) => {
      requireRevision(request, freeze.revision, false);
      const next = { on, reason: on ? request.reason : '', revision: freeze.revision + 1 };
      return { what: 'freeze', object: '', from: freeze.on, to: on, freeze: next };
    });
    return { revision: after.freeze.revision, generation: after.generation };
  }

  /** `target`: an endpoint's URL as written, or `service/version`. */
  async setDrained(target: string, isDrained: boolean, request: Request): Promise<WriteAnswer> {
    const after = await this.#command(request, ({ live, config }) => {
      if (!isDrainable(target, config))
        throw new CommandError('not-found', `there is no endpoint or version ${target}`);
      const before = live.drained ?? [];
      const others = before.filter((name) => name !== target);
      const drained = isDrained ? [...others, target] : others;
      const [from, to] = [before.includes(target), isDrained].map((is) => (is ? 'drained' : 'ready'));
      return { what: 'endpoint', object: target, from, to, live: { ...live, drained } };
    });
    return { revision: after.generation, generation: after.generation };
  }

  /** Puts an accepted configuration back in force, until the file says something else than now. */
  async rollback(number: number, request: Request): Promise<WriteAnswer> {
    requireRevision(request, this.#inForce().revision, false);
    const { store, loadRevision } = this.#options;
    const revision = await store.read(number);
    if (revision === null) throw new CommandError('not-found', `there is no revision ${number} to go back to`);
    const rollback = { revision, actor: request.actor, reason: request.reason };
    const load = () => loadRevision(revision);
    store.requireWritable();
    const outcome = await this.#publisher.publish({ kind: 'configuration', load, rollback });
    if (outcome.ok) return { revision: outcome.revision, generation: outcome.generation };
    throw new CommandError('config-refused', outcome.reasons.join('\n'));
  }

  async check(files: readonly SourceFile[]): Promise<CheckAnswer> {
    return this.#options.check(files);
  }

  configuration(): ConfigurationView {
    const { revision, generation, rollback, loaded, config } = this.#inForce();
    const secrets = Object.values(config.admin.tokens ?? {}).filter((token) => token !== null);
    const files = loaded.reading.files.map(({ path, text }) => ({ path, text: withoutSecrets(text, secrets) }));
    return { revision, generation, rollback: rollback?.revision ?? null, files };
  }

  async history(): Promise<readonly (RevisionSummary & { readonly inForce: boolean })[]> {
    const { revision } = this.#inForce();
    const history = await this.#options.store.history();
    return history.map((summary) => ({ ...summary, inForce: summary.revision === revision }));
  }

  audit(limit: number): Promise<readonly AuditEntry[]> {
    return this.#options.store.audit.read(limit);
  }

  async #changeWeights(
    name: string,
    request: Request,
    decide: (inForce: InForce) => { readonly to: Weights | null; readonly adopt: boolean },
  ): Promise<WriteAnswer> {
    const after = await this.#command(request, (inForce) => {
      const { config, effective, live, adopted, objects } = inForce;
      const at = config.routes.findIndex((route) => route.name === name);
      if (at < 0) throw new CommandError('not-found', `there is no route ${name}`);
      requireRevision(request, objects.routes.get(name) ?? 0, true);
      const { to, adopt } = decide(inForce);
      const inFile = weightsOf(config.routes[at]!.split);
      const { [name]: _, ...others } = live.weights;
      const { [name]: recorded, ...otherAdopted } = adopted;
      const isFiles = to === null || (recorded === undefined && !adopt && isSameWeights(to, inFile));
      const weights = isFiles ? others : { ...others, [name]: to };
      const from = weightsOf(effective.routes[at]!.split);
      const edit = { what: adopt ? 'adopt' : 'weights', object: name, from, to: to ?? inFile };
      const nextAdopted = adopt && to !== null ? { ...otherAdopted, [name]: to } : to === null ? otherAdopted : adopted;
      const isAdoptedAnew = adopt || (to === null && recorded !== undefined);
      return { ...edit, live: { ...live, weights }, ...(isAdoptedAnew ? { adopted: nextAdopted } : {}) };
    });
    return { revision: after.objects.routes.get(name) ?? 0, generation: after.generation };
  }

  #command({ actor, reason }: Request, edit: (inForce: InForce) => LiveEdit): Promise<InForce> {
    return this.#publisher.command({ kind: 'live', actor, reason, edit });
  }

  #inForce(): InForce {
    const { inForce } = this.#publisher;
    if (inForce === null) throw new CommandError('not-ready', 'no configuration is in force yet');
    return inForce;
  }
}

function refuseWhileFrozen({ freeze }: InForce): void {
  if (!freeze.on) return;
  const why = freeze.reason === '' ? '' : `: ${freeze.reason}`;
  throw new CommandError('frozen', `changes are frozen${why} (graygate freeze off lifts it)`);
}

function requireRevision({ ifMatch }: Request, current: number, isNeeded: boolean): void {
  if (ifMatch === null && !isNeeded) return;
  if (ifMatch === null) {
    const message = `If-Match with the revision that you have seen is needed; it is ${current} now`;
    throw new CommandError('revision-needed', message, { details: { current } });
  }
  const given = ifMatch
    .trim()
    .replace(/^W\//, '')
    .replace(/^"(.*)"$/, '$1');
  if (given === '*' || given === `${current}`) return;
  const message = `it has moved on: you have seen revision ${given}, it is ${current} now`;
  throw new CommandError('revision-moved', message, { details: { given, current } });
}

function checkedSplit({ config }: InForce, name: string, split: Weights): Weights {
  const route = config.routes.find((candidate) => candidate.name === name)!;
  const versions = config.services.find((service) => service.name === route.service)?.versions ?? [];
  for (const [version, weight] of Object.entries(split)) {
    if (!versions.some((known) => known.name === version)) {
      const known = versions.map((one) => one.name).join(', ');
      throw new CommandError('invalid-request', `service ${route.service} has no version ${version}; it has ${known}`);
    }
    if (!isWeight(weight)) throw new CommandError('invalid-request', `the weight of ${version} is no number from 0 up`);
  }
  if (!Object.values(split).some((weight) => weight > 0))
    throw new CommandError('invalid-request', 'at least one version needs a weight above 0');
  return split;
}

/** A token that stands in the file itself is nobody's business either. */
function withoutSecrets(text: string, secrets: readonly string[]): string {
  return secrets.reduce((shown, secret) => shown.replaceAll(secret, '***'), text);
}
