import { type CompilePorts, compile } from '../config/compile.ts';
import { formatIssue } from '../config/issue.ts';
import { applyLive } from '../config/live.ts';
import type { Config, LiveState } from '../config/model.ts';
import type { Snapshot } from '../core/snapshot.ts';
import { messageOf } from './command-error.ts';
import type { LoadedConfiguration } from './configuration-load.ts';
import { carryLive } from './live.ts';
import type { Log } from './log.ts';
import { NO_REVISIONS, nextRevisions, type ObjectRevisions } from './object-revisions.ts';
import { isSameReading } from './source-reading.ts';
import type { RevisionTexts, StateStore } from './state-store.ts';

/** One generation as it is handed out: plain data, from which every worker compiles the same snapshot. */
export interface Publication {
  readonly generation: number;
  readonly config: Config;
  readonly live: LiveState;
  readonly lists: Readonly<Record<string, string>>;
}

/** Those who route: resolves once all of them do so by it; rejects, with all of them as before, when one cannot. */
export interface Fleet {
  install(publication: Publication): Promise<unknown>;
}

/** Everything that changes what is in force goes through here. */
export type Change = ConfigurationChange | LiveChange;

export interface ConfigurationChange {
  readonly kind: 'configuration';
  /** Reads and parses, when its turn has come. */
  readonly load: () => LoadedConfiguration;
  /** Not what the file says now, but what was accepted last: the file's error stays on show. */
  readonly isLastGood?: boolean;
}

/** Live weights and switches; what lies in the file stays as it is. */
export interface LiveChange {
  readonly kind: 'live';
  readonly edit: (live: LiveState, config: Config) => LiveState;
}

export type Outcome =
  | { readonly ok: true; readonly generation: number; readonly revision: number }
  /** Nothing changed; one sentence or `FILE:LINE:COL ...` line each. */
  | { readonly ok: false; readonly reasons: readonly string[] };

/** What is in force. Replaced as a whole, never changed. */
export interface InForce {
  readonly generation: number;
  /** The number of the accepted configuration. */
  readonly revision: number;
  readonly config: Config;
  readonly live: LiveState;
  /** The file's values with the live ones laid over. */
  readonly effective: Config;
  readonly snapshot: Snapshot;
  readonly objects: ObjectRevisions;
}

export interface PublisherOptions extends CompilePorts {
  readonly fleet: Fleet;
  readonly store: StateStore;
  readonly live: LiveState;
  /** The configuration accepted last, in an earlier life: tells whether the file changed a split since. */
  readonly before: Config | null;
  readonly log: Log;
  readonly nowMs: () => number;
}

/** So many lines of a refusal are kept for status and page. */
const REASONS_SHOWN = 10;

/**
 * The single writer: one change at a time is read, checked and compiled here first, handed to every worker, and only then
 * counts. A refusal anywhere leaves everything as it was.
 */
export class Publisher {
  readonly #fleet: Fleet;
  readonly #store: StateStore;
  readonly #ports: CompilePorts;
  readonly #log: Log;
  readonly #nowMs: () => number;
  readonly #reloads = { ok: 0, refused: 0 };
  readonly #before: Config | null;
  #live: LiveState;
  #loaded: LoadedConfiguration | null = null;
  #inForce: InForce | null = null;
  #error: string | null = null;
  #generation = 0;
  #turn: Promise<unknown> = Promise.resolve();

  constructor({ fleet, store, live, before, log, nowMs, ...ports }: PublisherOptions) {
    this.#fleet = fleet;
    this.#store = store;
    this.#live = live;
    this.#before = before;
    this.#ports = ports;
    this.#log = log;
    this.#nowMs = nowMs;
  }

  /** null before the first change was accepted. */
  get inForce(): InForce | null {
    return this.#inForce;
  }

  /** Why the configuration last read is not in force; null when it is. */
  get error(): string | null {
    return this.#error;
  }

  /** Attempts after the first configuration. */
  get reloads(): { readonly ok: number; readonly refused: number } {
    return this.#reloads;
  }

  /** Makes a change after all those before it. Never rejects: what goes wrong is a refusal. */
  publish(change: Change): Promise<Outcome> {
    const outcome = this.#turn
      .then(() => this.#make(change))
      .catch((error) => this.#refuse(change, [messageOf(error)]));
    this.#turn = outcome;
    return outcome;
  }

  async #make(change: Change): Promise<Outcome> {
    return change.kind === 'configuration' ? this.#makeConfiguration(change) : this.#makeLive(change);
  }

  async #makeConfiguration(change: ConfigurationChange): Promise<Outcome> {
    const loaded = change.load();
    const { config } = loaded;
    if (config === null) {
      const errors = loaded.issues.filter((issue) => issue.severity === 'error');
      return this.#refuse(change, errors.map(formatIssue));
    }
    const inForce = this.#inForce;
    if (inForce !== null && this.#loaded !== null && isSameReading(this.#loaded.reading, loaded.reading)) {
      this.#reloads.ok++;
      this.#error = null;
      return { ok: true, generation: inForce.generation, revision: inForce.revision };
    }
    const { live, dropped } = carryLive(this.#live, this.#loaded?.config ?? this.#before, config);
    const publication = { generation: ++this.#generation, config, live, lists: loaded.lists };
    const snapshot = await this.#install(publication);
    if (inForce !== null) this.#reloads.ok++;
    if (change.isLastGood !== true) this.#error = null;
    this.#loaded = loaded;
    this.#live = live;
    const texts = { files: loaded.reading.files, lists: loaded.lists };
    const { generation, revision } = this.#become(publication, snapshot, this.#store.numberOf(texts));
    for (const issue of loaded.issues) this.#log('warning', formatIssue(issue));
    for (const sentence of dropped) this.#log('warning', sentence);
    this.#log('info', `generation ${generation} is in force (revision ${revision})`);
    await this.#record(texts, dropped.length > 0 ? live : null);
    return { ok: true, generation, revision };
  }

  /** The workers route by it already: what cannot be recorded is told, and stays in force. */
  async #record(texts: RevisionTexts, live: LiveState | null): Promise<void> {
    try {
      await this.#store.accept(texts, this.#nowMs());
      if (live !== null) await this.#store.saveLive(live);
    } catch (error) {
      this.#log('error', `what is in force could not be recorded: ${messageOf(error)}`);
    }
  }

  async #makeLive(change: LiveChange): Promise<Outcome> {
    const inForce = this.#inForce;
    const loaded = this.#loaded;
    if (inForce === null || loaded === null) return { ok: false, reasons: ['no configuration is in force yet'] };
    const live = change.edit(this.#live, inForce.config);
    const publication = { generation: ++this.#generation, config: inForce.config, live, lists: loaded.lists };
    await this.#store.saveLive(live);
    let snapshot: Snapshot;
    try {
      snapshot = await this.#install(publication);
    } catch (error) {
      await this.#store.saveLive(this.#live);
      throw error;
    }
    this.#live = live;
    const { generation, revision } = this.#become(publication, snapshot, inForce.revision);
    return { ok: true, generation, revision };
  }

  /** Compiled here first, so that what does not compile never reaches a worker. */
  async #install({ generation, config, live, lists }: Publication): Promise<Snapshot> {
    const publication = { generation, config, live, lists };
    const snapshot = compile(publication, this.#ports);
    await this.#fleet.install(publication);
    return snapshot;
  }

  #become({ generation, config, live }: Publication, snapshot: Snapshot, revision: number): InForce {
    const effective = applyLive(config, live);
    const objects = nextRevisions(this.#inForce?.objects ?? NO_REVISIONS, generation, effective);
    this.#inForce = { generation, revision, config, live, effective, snapshot, objects };
    return this.#inForce;
  }

  #refuse(change: Change, reasons: readonly string[]): Outcome {
    if (change.kind === 'configuration') {
      this.#error = reasons.slice(0, REASONS_SHOWN).join('\n');
      if (this.#inForce !== null) {
        this.#reloads.refused++;
        this.#log(
          'error',
          `the changed configuration is refused, generation ${this.#inForce.generation} stays in force`,
        );
        for (const reason of reasons) this.#log('error', reason);
      }
    }
    return { ok: false, reasons };
  }
}
