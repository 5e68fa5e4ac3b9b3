import { extname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { aesCbc } from './adapters/aes-cbc.ts';
import { systemNames } from './adapters/names.ts';
import { placeDatabases } from './adapters/places.ts';
import { systemRandom } from './adapters/random.ts';
import { re2 } from './adapters/re2.ts';
import { AdminPort, type AdminPortOptions } from './admin/admin-port.ts';
import { ListCache } from './config/compile/list-cache.ts';
import { type CompilePorts, compile } from './config/compile.ts';
import { type ConfigIssue, formatIssue } from './config/issue.ts';
import { CommandError, messageOf } from './control/command-error.ts';
import { type LoadedConfiguration, loadConfiguration } from './control/configuration-load.ts';
import { readEarlierLife } from './control/earlier-life.ts';
import { explainSample } from './control/explain.ts';
import { baseDirectoryOf, FileSource } from './control/file-source.ts';
import { GatewayControl } from './control/gateway-control.ts';
import { HealthChecks } from './control/health-checks.ts';
import type { Log } from './control/log.ts';
import { MirrorViews } from './control/mirror-view.ts';
import { Publisher } from './control/publisher.ts';
import type { RequestSample, WireRules } from './control/request-sample.ts';
import { readingOfRevision } from './control/revision-reading.ts';
import { readingOfTexts, readSource } from './control/source-reading.ts';
import { type Revision, StateStore } from './control/state-store.ts';
import { statusOf } from './control/status.ts';
import type { Explanation } from './core/explain.ts';
import { parseAuthority } from './http/authority.ts';
import { canonicalAddress } from './http/ip-address.ts';
import { canonicalTarget } from './http/target.ts';
import { RecentDecisions } from './telemetry/decision-ring.ts';
import { metricChunks } from './telemetry/exposition.ts';
import type { ListenerReport, UnhealthyEndpoint } from './telemetry/reports.ts';
import { Totals } from './telemetry/totals.ts';
import { TrafficWindow } from './telemetry/traffic-window.ts';
import { version } from './version.ts';
import { InheritedSockets } from './workers/inherited-sockets.ts';
import { linkInProcess } from './workers/link.ts';
import { ListeningSockets } from './workers/listening-sockets.ts';
import type { FromWorker, ToWorker } from './workers/messages.ts';
import { Primary } from './workers/primary.ts';
import { Supervisor } from './workers/supervisor.ts';
import { Worker } from './workers/worker.ts';
import { startWorkerProcess } from './workers/worker-process.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface AppOptions {
  /** A YAML file, or a directory of them. */
  readonly configPath: string;
  /** In place of the configuration's `state`. */
  readonly stateDirectory?: string;
  /** Start on what was accepted last when the file is broken. */
  readonly lastGood?: boolean;
  /** Processes that carry the traffic; 0: this one does. */
  readonly workers: number;
  readonly env: Environment;
  readonly log: Log;
}

/** A whole gateway in this process. */
export interface App {
  /** Binds every socket and begins to watch the configuration; returns what was bound, the admin port last. */
  start(): Promise<readonly ListenerReport[]>;
  /** Reads the configuration now; resolves when that was dealt with, whatever came of it. */
  reload(): Promise<void>;
  /** Says that the lines which tell where it listens are out: stdout is the access log's from here on, if that goes there. */
  announced(): void;
  /** Opens the access log anew, after its file was rotated. */
  reopenLogs(): void;
  /** Replaces every worker process, one after another, without losing a request. */
  restartWorkers(): Promise<void>;
  /** Drains: not ready any more, accepts nothing new, finishes what was begun within the grace, then closes everything. */
  stop(): Promise<void>;
}

/** The rules of the wire, for those who judge a described request as a listener would a real one. */
const wire: WireRules = { canonicalTarget, parseAuthority, canonicalAddress };

/** Reads and checks the configuration and takes the state directory; nothing is bound yet. */
export async function createApp(options: AppOptions): Promise<App> {
  const source = new FileSource({ path: options.configPath, log: options.log });
  const ports = conditionPorts(source.baseDirectory);
  // Before anything is read, so that the processes start meanwhile.
  const inherited = InheritedSockets.fromEnvironment(options.env, process.pid);
  const fleet = startFleet(options, source.baseDirectory, ports, inherited);
  try {
    const loaded = loadConfiguration(source.read(), { env: options.env, ...ports });
    if (loaded.config === null && options.lastGood !== true) throw refusalOf(loaded.issues);
    // Beside a gateway on the same sockets this one serves, and waits until the state is its own.
    const store = await StateStore.open(stateDirectoryOf(options, source, loaded), !inherited.isEmpty);
    try {
      return await Gateway.prepare(options, fleet, source, store, loaded, ports);
    } catch (error) {
      store.close();
      throw error;
    }
  } catch (error) {
    fleet.supervisor?.close();
    await fleet.primary.close();
    throw error;
  }
}

type ConditionPorts = Required<CompilePorts>;

/** What conditions need from outside; nothing is opened before one of them asks. */
function conditionPorts(baseDirectory: string): ConditionPorts {
  return { regex: re2, aes: aesCbc, places: placeDatabases(baseDirectory), lists: new ListCache() };
}

/** Those who route, and what they have counted. */
interface WorkerFleet {
  readonly totals: Totals;
  readonly window: TrafficWindow;
  readonly decisions: RecentDecisions;
  readonly primary: Primary;
  /** null: everything in this process. */
  readonly supervisor: Supervisor | null;
  readonly inherited: InheritedSockets;
}

function startFleet(
  { workers, log }: AppOptions,
  baseDirectory: string,
  ports: ConditionPorts,
  inherited: InheritedSockets,
): WorkerFleet {
  const totals = new Totals();
  const window = new TrafficWindow(Date.now);
  const decisions = new RecentDecisions();
  const sockets = workers > 0 ? new ListeningSockets(inherited) : null;
  const primary = new Primary({ totals, window, decisions, log, sockets });
  if (workers === 0) {
    const [toWorker, toPrimary] = linkInProcess<ToWorker, FromWorker>();
    const own = { random: systemRandom(), names: systemNames(), ...ports };
    new Worker({ link: toPrimary, ...own, workers: 1, pid: process.pid, log, inherited });
    primary.expect(1);
    primary.add(toWorker);
    return { totals, window, decisions, primary, supervisor: null, inherited };
  }
  // Beside this file, as source or as built.
  const entry = fileURLToPath(new URL(`worker-main${extname(import.meta.url)}`, import.meta.url));
  const start = () => startWorkerProcess(entry, workers, baseDirectory);
  const supervisor = new Supervisor({ workers, primary, start, log, nowMs: () => performance.now() });
  supervisor.start();
  return { totals, window, decisions, primary, supervisor, inherited };
}

interface Parts extends WorkerFleet {
  readonly health: HealthChecks;
  readonly options: AppOptions;
  readonly source: FileSource;
  readonly store: StateStore;
  readonly publisher: Publisher;
  readonly control: GatewayControl;
  readonly ports: ConditionPorts;
  readonly first: LoadedConfiguration;
  /** Set when the file is broken and what was accepted last stands in for it. */
  readonly lastGood: LoadedConfiguration | null;
  /** Set when an earlier revision stands in for the file. */
  readonly rolledBack: LoadedConfiguration | null;
}

class Gateway implements App {
  readonly #parts: Parts;
  readonly #random = systemRandom();
  readonly #closing = new AbortController();
  #admin: AdminPort | null = null;
  #isServing = false;
  #stopping: Promise<void> | null = null;

  private constructor(parts: Parts) {
    this.#parts = parts;
  }

  static async prepare(
    options: AppOptions,
    fleet: WorkerFleet,
    source: FileSource,
    store: StateStore,
    first: LoadedConfiguration,
    ports: ConditionPorts,
  ): Promise<Gateway> {
    const { log } = options;
    const context = { env: options.env, ...ports };
    const standing = await store.loadStanding();
    const load = (revision: Revision) =>
      loadConfiguration(readingOfRevision(revision, source.path, source.baseDirectory), context);
    const { before, rolledBack } = await readEarlierLife(store, standing, first, load);
    if (first.config === null && (before === null || before.config === null)) {
      throw refusalOf(first.issues, before === null ? 'there is no last good one' : 'the last good one is refused too');
    }
    const onChange = (unhealthy: readonly UnhealthyEndpoint[]): void => fleet.primary.tellHealth(unhealthy);
    const health = new HealthChecks({ names: systemNames(), log, onChange });
    const publisher = new Publisher({
      fleet: {
        install: async (publication, allowanceMs) => {
          await fleet.primary.install(publication, allowanceMs);
          health.update(publication.config.services);
        },
      },
      store,
      standing,
      before: before?.config ?? null,
      ...ports,
      log,
      nowMs: Date.now,
    });
    const control = new GatewayControl({
      publisher,
      store,
      loadRevision: load,
      check: (files) => {
        const { issues, config } = loadConfiguration(readingOfTexts(files, source.baseDirectory), context);
        return { ok: config !== null, issues };
      },
    });
    const lastGood = first.config === null ? before : null;
    return new Gateway({
      ...fleet,
      health,
      options,
      source,
      store,
      publisher,
      control,
      ports,
      first,
      lastGood,
      rolledBack,
    });
  }

  async start(): Promise<readonly ListenerReport[]> {
    const { first, lastGood, rolledBack, primary, options, ports, source, store, inherited } = this.#parts;
    try {
      const config = (rolledBack ?? lastGood ?? first).config!;
      const unclaimed = inherited.assign(config.listeners.map(({ name }) => name));
      for (const name of unclaimed) options.log('warning', `the inherited socket ${name} is for no listener`);
      this.#admin = this.#createAdmin();
      this.#admin.prepare(config.admin);
      await this.#publishFirst();
      const admin = await this.#admin.listen(!inherited.isEmpty);
      source.watch((reading) => this.#publish(() => loadConfiguration(reading, { env: options.env, ...ports })));
      this.#isServing = true;
      if (!store.isWritable) void this.#takeOver();
      return admin === null ? primary.listeners() : [...primary.listeners(), { name: 'admin', ...admin }];
    } catch (error) {
      await this.#close();
      throw error;
    }
  }

  reload(): Promise<void> {
    return this.#parts.source.reload();
  }

  announced(): void {
    this.#parts.primary.announced();
  }

  reopenLogs(): void {
    this.#parts.primary.reopenLogs();
  }

  async restartWorkers(): Promise<void> {
    const { supervisor, publisher } = this.#parts;
    await supervisor?.restart(() => publisher.inForce?.config.graceMs ?? 0);
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#drain();
    return this.#stopping;
  }

  async #publishFirst(): Promise<void> {
    const { publisher, first, lastGood, rolledBack, options } = this.#parts;
    if (rolledBack !== null) {
      const stands = await publisher.publish({ kind: 'configuration', load: () => rolledBack, isRolledBack: true });
      if (stands.ok) return;
      options.log('error', `revision ${stands.reasons.join('; ')} cannot be put back in force`);
    }
    const outcome = await publisher.publish({ kind: 'configuration', load: () => first });
    if (outcome.ok) return;
    if (lastGood === null) throw new CommandError('install-refused', outcome.reasons.join('\n'));
    for (const reason of outcome.reasons) options.log('error', reason);
    const second = await publisher.publish({ kind: 'configuration', load: () => lastGood, isLastGood: true });
    if (!second.ok) throw new CommandError('install-refused', second.reasons.join('\n'));
    options.log('warning', `the configuration is refused: revision ${second.revision}, accepted last, is in force`);
  }

  async #publish(load: () => LoadedConfiguration): Promise<void> {
    const { publisher, options } = this.#parts;
    const before = publisher.inForce?.config;
    const outcome = await publisher.publish({ kind: 'configuration', load });
    const after = publisher.inForce?.config;
    if (!outcome.ok || before === undefined || after === undefined) return;
    if (JSON.stringify(before.admin) !== JSON.stringify(after.admin)) await this.#admin?.follow(after.admin);
    if (before.state !== after.state) options.log('warning', 'a change of state takes effect at the next start');
  }

  /** Until then it is read only: the gateway that is to go has the state. */
  async #takeOver(): Promise<void> {
    const { store, publisher, options } = this.#parts;
    options.log('info', 'another gateway has the state directory: it is only read until that one lets go');
    try {
      if (!(await store.untilFree(this.#closing.signal))) return;
      await publisher.takeOver();
      options.log('info', 'the state directory is taken over');
    } catch (error) {
      options.log('error', `what the gateway before this one left could not be taken over: ${messageOf(error)}`);
    }
  }

  #createAdmin(): AdminPort {
    const { publisher, primary, totals, window, decisions, options, inherited } = this.#parts;
    const collected = async <T>(read: () => T): Promise<T> => {
      await primary.collect();
      return read();
    };
    const views = () => new MirrorViews(totals.comparisons, publisher.inForce);
    const ports: AdminPortOptions['ports'] = {
      version,
      isReady: () => this.#isServing && primary.isRouting(),
      status: () => collected(() => this.#status()),
      explain: (sample) => collected(() => this.#explain(sample)),
      metrics: async function* () {
        await collected(views);
        yield* metricChunks(totals, { generation: publisher.inForce?.generation ?? 0, reloads: publisher.reloads });
      },
      mirrors: () => collected(() => views().rows(totals.mirrors)),
      differences: (route, mirror) => collected(() => views().differences(route, mirror)),
      forgetDifferences: (route, mirror) =>
        collected(() => {
          views().differences(route, mirror);
          totals.comparisons.forget(route, mirror);
        }),
      traffic: () => collected(() => window.rows()),
      decisions: () => collected(() => decisions.list()),
      onInternalError: (error, requestId) =>
        options.log('error', `admin request ${requestId}: ${String((error as Error).stack ?? error)}`),
      control: this.#parts.control,
      restartWorkers: () => this.restartWorkers(),
      nowMs: Date.now,
    };
    return new AdminPort({ ports, log: options.log, fd: inherited.take('admin') });
  }

  #status() {
    const { publisher, primary, totals, window, options } = this.#parts;
    return statusOf({
      file: options.configPath,
      error: publisher.error,
      inForce: publisher.inForce,
      workers: primary.workers(),
      listeners: primary.listeners(),
      endpoints: totals.endpoints(),
      observed: (route) => window.observed(route),
    });
  }

  #explain(sample: RequestSample): Explanation {
    const { publisher, totals } = this.#parts;
    const snapshot = publisher.inForce?.snapshot;
    if (snapshot === undefined) throw new CommandError('not-ready', 'no configuration is in force yet');
    return explainSample(sample, { snapshot, endpoints: totals.endpoints(), random: this.#random, wire });
  }

  async #drain(): Promise<void> {
    const { publisher, primary, supervisor, source } = this.#parts;
    this.#isServing = false;
    supervisor?.close();
    source.close();
    await primary.drain(publisher.inForce?.config.graceMs ?? 0);
    await this.#close();
  }

  async #close(): Promise<void> {
    const { primary, supervisor, store, source, health } = this.#parts;
    this.#isServing = false;
    this.#closing.abort();
    supervisor?.close();
    source.close();
    await health.close();
    await this.#admin?.close();
    await primary.close();
    store.close();
  }
}

function stateDirectoryOf(options: AppOptions, source: FileSource, loaded: LoadedConfiguration): string {
  if (options.stateDirectory !== undefined) return resolve(options.stateDirectory);
  return resolve(source.baseDirectory, loaded.config?.state ?? '.graygate');
}

function refusalOf(issues: readonly ConfigIssue[], further = ''): CommandError {
  const errors = issues.filter((issue) => issue.severity === 'error');
  const count = errors.length === 1 ? '1 error' : `${errors.length} errors`;
  const sentence = `the configuration is refused: ${count}${further === '' ? '' : `, and ${further}`}`;
  return new CommandError('config-refused', [...errors.map(formatIssue), sentence].join('\n'));
}

/** Reads and checks a configuration, and does nothing with it. */
export function checkConfiguration(path: string, env: Environment): LoadedConfiguration {
  const baseDirectory = baseDirectoryOf(path);
  return loadConfiguration(readSource(path, baseDirectory), { env, ...conditionPorts(baseDirectory) });
}

/** What would become of a request under this configuration, were it in force with every endpoint usable. */
export function explainOffline(path: string, env: Environment, sample: RequestSample): Explanation {
  const { config, issues, lists } = checkConfiguration(path, env);
  if (config === null) throw refusalOf(issues);
  const snapshot = compile(
    { generation: 1, config, live: { weights: {}, switches: {} }, lists },
    conditionPorts(baseDirectoryOf(path)),
  );
  return explainSample(sample, { snapshot, endpoints: [], random: systemRandom(), wire });
}
