import { setImmediate as nextTurn } from 'node:timers/promises';
import { type CompilePorts, compile } from '../config/compile.ts';
import { formatIssue } from '../config/issue.ts';
import { applyLive } from '../config/live.ts';
import type { Config, LiveState } from '../config/model.ts';
import type { Snapshot } from '../core/snapshot.ts';
import { type Actor, type AuditEntry, FILE_ACTOR } from './audit.ts';
import { CommandError, messageOf } from './command-error.ts';
import type { LoadedConfiguration } from './configuration-load.ts';
import { carryLive, weightsOf } from './live.ts';
import type { Log } from './log.ts';
import {
  NO_REVISIONS,
  nextRevisions,
  type ObjectRevisions,
  restoreRevisions,
  storeRevisions,
} from './object-revisions.ts';
import { isSameReading } from './source-reading.ts';
import type { Freeze, Rollback, Standing } from './standing.ts';
import { hashOfFiles, type Revision, type RevisionTexts, type StateStore } from './state-store.ts';

/** One generation as it is handed out: plain data, from which every worker compiles the same snapshot. */
export interface Publication {
  readonly generation: number;
  readonly config: Config;
  readonly live: LiveState;
  readonly lists: Readonly<Record<string, string>>;
}

/** Those who route: resolves once all of them do so by it; rejects, with all of them as before, when one cannot. */
export interface Fleet {
  install(publication: Publication, allowanceMs: number): Promise<unknown>;
}

/** What comes from the file, or from an accepted revision. */
export interface ConfigurationChange {
  readonly kind: 'configuration';
  /** Reads and parses, when its turn has come. */
  readonly load: () => LoadedConfiguration | Promise<LoadedConfiguration>;
  /** Not what the file says now, but what was accepted last: the file's error stays on show. */
  readonly isLastGood?: boolean;
  /** A rollback of an earlier life that still stands. */
  readonly isRolledBack?: boolean;
  /** An earlier revision that is put back in force, and who does it. */
  readonly rollback?: { readonly revision: Revision; readonly actor: Actor; readonly reason: string };
}

/** A command: live weights, switches, freeze; what lies in the file stays as it is. */
export interface LiveChange {
  readonly kind: 'live';
  readonly actor: Actor;
  readonly reason: string;
  /** Throws a `CommandError` for what is refused. */
  readonly edit: (inForce: InForce) => LiveEdit;
}

/** What a command makes of what stands. */
export interface LiveEdit {
  readonly what: string;
  readonly object: string;
  readonly from: unknown;
  readonly to: unknown;
  readonly live?: LiveState;
  readonly freeze?: Freeze;
  readonly adopted?: Standing['adopted'];
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
  /** Live weights that were recorded as a revision. */
  readonly adopted: Standing['adopted'];
  readonly freeze: Freeze;
  /** null: what is in force is what the file says, or said when it was last accepted. */
  readonly rollback: Rollback | null;
  /** The texts that `config` was read from. */
  readonly loaded: LoadedConfiguration;
}

export interface PublisherOptions extends CompilePorts {
  readonly fleet: Fleet;
  readonly store: StateStore;
  /** What an earlier life left. */
  readonly standing: Standing;
  /** The configuration that was in force in that life: tells whether the file changed a split since. */
  readonly before: Config | null;
  readonly log: Log;
  readonly nowMs: () => number;
}

const COMPILE_PATIENCE = 6;
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
  #standing: Standing;
  #inForce: InForce | null = null;
  #error: string | null = null;
  /** The file as it was last read, whatever came of that. */
  #fileHash = '';
  #generation: number;
  #turn: Promise<unknown> = Promise.resolve();

  constructor({ fleet, store, standing, before, log, nowMs, ...ports }: PublisherOptions) {
    this.#fleet = fleet;
    this.#store = store;
    this.#standing = standing;
    this.#before = before;
    this.#ports = ports;
    this.#log = log;
    this.#nowMs = nowMs;
    // One is left out: a change may have been in force that was not recorded any more.
    this.#generation = standing.generation === 0 ? 0 : standing.generation + 1;
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
  publish(change: ConfigurationChange): Promise<Outcome> {
    const outcome = this.#turn
      .then(() => this.#makeConfiguration(change))
      .catch((error) => this.#refuse(change, [messageOf(error)]));
    this.#turn = outcome;
    return outcome;
  }

  /** Makes a live change after all changes before it. Rejects, with everything as it was, when it is refused. */
  command(change: LiveChange): Promise<InForce> {
    const made = this.#turn.then(() => this.#makeLive(change));
    this.#turn = made.catch(() => undefined);
    return made;
  }

  /**
   * The state directory is this process's from now on: what its last writer left there is put in force here. Rejects when
   * that cannot be done; then what is in force stays.
   */
  takeOver(): Promise<void> {
    // In turn: a command before it finds the state locked, one after it sees what the last writer left.
    const taken = this.#turn.then(async () => this.#makeTaken(await this.#store.takeOver()));
    this.#turn = taken.catch(() => undefined);
    return taken;
  }

  async #makeTaken(standing: Standing): Promise<void> {
    const inForce = this.#inForce;
    if (inForce === null) throw new CommandError('not-ready', 'no configuration is in force yet');
    this.#generation = Math.max(this.#generation, standing.generation + 1);
    const { config, loaded, rollback } = inForce;
    const { live, dropped } = carryLive(standing.live, null, config);
    const adopted = adoptedAfter(standing.adopted, live, config);
    const publication = { generation: ++this.#generation, config, live, lists: loaded.lists };
    const snapshot = await this.#install(publication);
    this.#standing = standing;
    const texts = { files: loaded.reading.files, lists: loaded.lists, ...(isEmpty(adopted) ? {} : { adopted }) };
    if (rollback === null) await this.#store.accept(texts, this.#nowMs(), FILE_ACTOR);
    const revision = rollback?.revision ?? this.#store.numberOf(texts);
    this.#become(publication, snapshot, revision, { adopted, freeze: standing.freeze, rollback, loaded });
    for (const sentence of dropped) this.#log('warning', sentence);
    const from = standing.revision;
    const entry = { ...FILE_ACTOR, what: 'configuration', object: '', from, to: revision, reason: 'taken over' };
    await this.#store.saveStanding(this.#standingNow(from === revision ? [] : [entry]));
  }

  async #makeConfiguration(change: ConfigurationChange): Promise<Outcome> {
    const loaded = await change.load();
    const { config } = loaded;
    if (change.rollback === undefined && change.isRolledBack !== true && change.isLastGood !== true)
      this.#fileHash = hashOfFiles(loaded.reading.files);
    if (config === null) {
      const errors = loaded.issues.filter((issue) => issue.severity === 'error');
      return this.#refuse(change, errors.map(formatIssue));
    }
    const inForce = this.#inForce;
    if (inForce !== null && this.#isInForce(inForce, change, loaded)) {
      this.#reloads.ok++;
      this.#error = null;
      return { ok: true, generation: inForce.generation, revision: inForce.revision };
    }
    const { texts, standing, dropped } = this.#standingAfter(change, loaded, config);
    const publication = { generation: ++this.#generation, config, live: standing.live, lists: loaded.lists };
    const snapshot = await this.#install(publication);
    if (inForce !== null) this.#reloads.ok++;
    if (change.isLastGood !== true) this.#error = null;
    const revision = standing.rollback?.revision ?? this.#store.numberOf(texts);
    const { generation } = this.#become(publication, snapshot, revision, { ...standing, loaded });
    for (const issue of loaded.issues) this.#log('warning', formatIssue(issue));
    for (const sentence of dropped) this.#log('warning', sentence);
    this.#log('info', `generation ${generation} is in force (revision ${revision})`);
    await this.#record(change, texts, this.#entriesOf(change, inForce, dropped));
    return { ok: true, generation, revision };
  }

  /** Is that what is in force already? A rollback stays until the file says something else. */
  #isInForce(inForce: InForce, change: ConfigurationChange, { reading }: LoadedConfiguration): boolean {
    if (change.rollback !== undefined) return false;
    if (inForce.rollback !== null) return hashOfFiles(reading.files) === inForce.rollback.insteadOf;
    return isSameReading(inForce.loaded.reading, reading);
  }

  #standingAfter(change: ConfigurationChange, loaded: LoadedConfiguration, config: Config) {
    const { rollback } = change;
    const { reading, lists } = loaded;
    const before = this.#inForce?.config ?? this.#before;
    const carried = carryLive(this.#standing.live, before, config);
    const recorded = rollback?.revision.adopted ?? (rollback === undefined ? this.#standing.adopted : {});
    const adopted = adoptedAfter(recorded, rollback === undefined ? carried.live : null, config);
    const live = rollback === undefined ? carried.live : liveWithAdopted(carried.live, this.#standing.adopted, adopted);
    const standing = {
      live,
      adopted,
      freeze: this.#standing.freeze,
      rollback: this.#rollbackAfter(change),
    };
    const texts: RevisionTexts = { files: reading.files, lists, ...(isEmpty(adopted) ? {} : { adopted }) };
    return { texts, standing, dropped: carried.dropped };
  }

  #rollbackAfter({ rollback, isRolledBack }: ConfigurationChange): Rollback | null {
    // Begun in an earlier life, and the file has not changed since.
    if (isRolledBack === true) {
      this.#fileHash = this.#standing.rollback?.insteadOf ?? '';
      return this.#standing.rollback;
    }
    return rollback === undefined ? null : { revision: rollback.revision.revision, insteadOf: this.#fileHash };
  }

  /** The workers route by it already: what cannot be recorded is told, and stays in force. */
  async #record(change: ConfigurationChange, texts: RevisionTexts, entries: readonly Unnumbered[]): Promise<void> {
    try {
      if (change.rollback === undefined && change.isRolledBack !== true)
        await this.#store.accept(texts, this.#nowMs(), FILE_ACTOR);
      await this.#store.saveStanding(this.#standingNow(entries));
    } catch (error) {
      if (change.rollback !== undefined) throw error;
      const isReadOnly = error instanceof CommandError && error.code === 'state-locked';
      this.#log(isReadOnly ? 'warning' : 'error', `what is in force could not be recorded: ${messageOf(error)}`);
    }
  }

  #entriesOf(change: ConfigurationChange, before: InForce | null, dropped: readonly string[]): Unnumbered[] {
    const now = this.#inForce!;
    const { actor, reason } = change.rollback ?? { actor: FILE_ACTOR, reason: '' };
    const entries: Unnumbered[] = [];
    const from = before?.revision ?? this.#standing.revision;
    if (from !== now.revision) {
      const what = change.rollback === undefined ? 'configuration' : 'rollback';
      entries.push({ ...actor, what, object: '', from, to: now.revision, reason });
    }
    for (const { what, object, from, to } of lostLive(this.#standing.live, now)) {
      const why = dropped.find((sentence) => sentence.includes(` ${object} `)) ?? '';
      entries.push({ ...actor, what, object, from, to, reason: why });
    }
    return entries;
  }

  /** Stored first, then installed: what was answered is never lost; what was not may have come to stand all the same. */
  async #makeLive({ actor, reason, edit }: LiveChange): Promise<InForce> {
    const inForce = this.#inForce;
    if (inForce === null) throw new CommandError('not-ready', 'no configuration is in force yet');
    const edited = edit(inForce);
    const { what, object, from, to } = edited;
    const live = edited.live ?? inForce.live;
    const standing = {
      live,
      adopted: edited.adopted ?? inForce.adopted,
      freeze: edited.freeze ?? inForce.freeze,
      rollback: inForce.rollback,
      loaded: inForce.loaded,
    };
    const entry = { ...actor, what, object, from, to, reason };
    const routesAnew = edited.live !== undefined;
    const generation = routesAnew ? ++this.#generation : inForce.generation;
    const publication = { generation, config: inForce.config, live, lists: inForce.loaded.lists };
    const snapshot = routesAnew ? this.#compile(publication) : inForce.snapshot;
    const revision = await this.#recordAdoption(inForce, standing.adopted, actor);
    const before = this.#standing;
    this.#become(publication, snapshot, revision, standing);
    try {
      await this.#store.saveStanding(this.#standingNow([entry]));
      if (routesAnew) await this.#fleet.install(publication, 0);
    } catch (error) {
      this.#inForce = inForce;
      this.#standing = before;
      const isStored = !(error instanceof CommandError);
      const undone = { ...entry, from: to, to: from, reason: `not taken: ${messageOf(error)}` };
      if (isStored) await this.#store.saveStanding(this.#standingNow([undone]));
      throw isStored ? new CommandError('install-refused', messageOf(error), { cause: error }) : error;
    }
    return this.#inForce as InForce;
  }

  /** Live weights that are adopted become part of a numbered revision. */
  async #recordAdoption(inForce: InForce, adopted: Standing['adopted'], actor: Actor): Promise<number> {
    if (adopted === inForce.adopted) return inForce.revision;
    const { reading, lists } = inForce.loaded;
    const texts = { files: reading.files, lists, ...(isEmpty(adopted) ? {} : { adopted }) };
    await this.#store.accept(texts, this.#nowMs(), actor);
    return this.#store.revision;
  }

  /** What is in force, to be stored, with the entries that it adds to the audit trail. */
  #standingNow(entries: readonly Unnumbered[]): Standing {
    const { generation, revision, live, adopted, freeze, rollback, objects } = this.#inForce!;
    const at = new Date(this.#nowMs()).toISOString();
    const first = this.#store.audit.last + 1;
    const audit = entries.map((entry, place) => ({ number: first + place, at, ...entry, generation }));
    this.#standing = { generation, revision, live, adopted, freeze, rollback, objects: storeRevisions(objects), audit };
    return this.#standing;
  }

  /** Compiled here first, so that what does not compile never reaches a worker. */
  async #install(publication: Publication): Promise<Snapshot> {
    const begunAtMs = performance.now();
    await this.#ports.lists?.prepare(publication.lists, nextTurn);
    const snapshot = this.#compile(publication);
    // What takes long here takes long there, several times over when workers share a core.
    await this.#fleet.install(publication, (performance.now() - begunAtMs) * COMPILE_PATIENCE);
    return snapshot;
  }

  #compile(publication: Publication): Snapshot {
    return compile(publication, this.#ports);
  }

  #become(
    { generation, config, live }: Publication,
    snapshot: Snapshot,
    revision: number,
    further: Pick<InForce, 'adopted' | 'freeze' | 'rollback' | 'loaded'>,
  ): InForce {
    const effective = applyLive(config, live);
    const earlier = this.#inForce?.objects ?? this.#restoredRevisions();
    const objects = nextRevisions(earlier, generation, effective);
    const { adopted, freeze, rollback, loaded } = further;
    this.#inForce = {
      generation,
      revision,
      config,
      live,
      effective,
      snapshot,
      objects,
      adopted,
      freeze,
      rollback,
      loaded,
    };
    return this.#inForce;
  }

  #restoredRevisions(): ObjectRevisions {
    if (this.#before === null) return NO_REVISIONS;
    return restoreRevisions(this.#standing.objects, applyLive(this.#before, this.#standing.live));
  }

  #refuse(change: ConfigurationChange, reasons: readonly string[]): Outcome {
    if (change.rollback !== undefined) return { ok: false, reasons };
    this.#error = reasons.slice(0, REASONS_SHOWN).join('\n');
    if (this.#inForce !== null) {
      this.#reloads.refused++;
      this.#log('error', `the changed configuration is refused, generation ${this.#inForce.generation} stays in force`);
      for (const reason of reasons) this.#log('error', reason);
    }
    return { ok: false, reasons };
  }
}

type Unnumbered = Omit<AuditEntry, 'number' | 'at' | 'generation'>;

function isEmpty(adopted: Standing['adopted']): boolean {
  return Object.keys(adopted).length === 0;
}

/** What was adopted holds while its live weights do; `live` null: whatever the live weights are. */
function adoptedAfter(adopted: Standing['adopted'], live: LiveState | null, { routes }: Config): Standing['adopted'] {
  const names = new Set(routes.map(({ name }) => name));
  const kept = Object.entries(adopted).filter(
    ([name]) => names.has(name) && (live === null || Object.hasOwn(live.weights, name)),
  );
  return Object.fromEntries(kept);
}

/** After a rollback what that revision had adopted lies over the file again, and what was adopted since does not. */
function liveWithAdopted(live: LiveState, since: Standing['adopted'], adopted: Standing['adopted']): LiveState {
  const others = Object.entries(live.weights).filter(([name]) => !Object.hasOwn(since, name));
  return { ...live, weights: { ...Object.fromEntries(others), ...adopted } };
}

interface LostLive {
  readonly what: 'weights' | 'switch';
  readonly object: string;
  readonly from: unknown;
  readonly to: unknown;
}

/** Live values that a change of the configuration replaced. */
function lostLive(before: LiveState, { live, effective }: InForce): LostLive[] {
  const lost: LostLive[] = [];
  for (const [object, from] of Object.entries(before.weights)) {
    if (live.weights[object] !== undefined) continue;
    const route = effective.routes.find(({ name }) => name === object);
    lost.push({ what: 'weights', object, from, to: route === undefined ? null : weightsOf(route.split) });
  }
  for (const [object, from] of Object.entries(before.switches)) {
    if (live.switches[object] !== undefined) continue;
    lost.push({ what: 'switch', object, from, to: effective.switches.find(({ name }) => name === object)?.on ?? null });
  }
  return lost;
}
