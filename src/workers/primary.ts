import type { Log } from '../control/log.ts';
import type { RecentDecisions } from '../telemetry/decision-ring.ts';
import type { ClientCount, ListenerReport, UnhealthyEndpoint } from '../telemetry/reports.ts';
import type { Totals } from '../telemetry/totals.ts';
import type { TrafficWindow } from '../telemetry/traffic-window.ts';
import { refusalSentence } from './bind-refusal.ts';
import { ClientCounts } from './client-counts.ts';
import { KnownWorker, type WorkerLife } from './known-worker.ts';
import type { Link } from './link.ts';
import { type ListeningSockets, socketKey } from './listening-sockets.ts';
import type { FromWorker, Installation, ToWorker, WorkerReport } from './messages.ts';

/** What a worker is at this moment. */
export interface WorkerState {
  readonly id: number;
  readonly pid: number;
  /** What it routes by; 0: nothing yet. */
  readonly generation: number;
}

export interface PrimaryOptions {
  readonly totals: Totals;
  readonly window: TrafficWindow;
  /** Keeps the decisions that workers report; without it they are let go. */
  readonly decisions?: RecentDecisions;
  readonly log: Log;
  /** null: the workers open their own. */
  readonly sockets?: ListeningSockets | null;
  /** A worker that has not answered an installation by then is ended, for another to take its place. */
  readonly answerTimeoutMs?: number;
}

const REPORT_EVERY_MS = 1_000;
const COLLECT_TIMEOUT_MS = 1_000;
const ANSWER_TIMEOUT_MS = 2_000;
/** There is no other to take the place of a worker in this process. */
const PATIENCE_MS = 30_000;
/** A process that was just started loads its program first. */
const START_TIMEOUT_MS = 20_000;
const CLOSE_TIMEOUT_MS = 2_000;
/** How long a change waits for workers that take the place of others. */
const REPLACEMENT_TIMEOUT_MS = 10_000;

/** The primary's side: knows the workers, tells them all the same, gathers what they count. */
export class Primary {
  readonly #totals: Totals;
  readonly #window: TrafficWindow;
  readonly #decisions: RecentDecisions | null;
  readonly #log: Log;
  readonly #sockets: ListeningSockets | null;
  readonly #answerTimeoutMs: number | null;
  readonly #workers = new Map<number, KnownWorker>();
  readonly #clients = new ClientCounts();
  readonly #timer: NodeJS.Timeout;
  #inForce: Installation | null = null;
  #unhealthy: readonly UnhealthyEndpoint[] = [];
  /** How many workers there are when none is missing. */
  #wanted = 0;
  #listeners: readonly ListenerReport[] = [];
  /** Those who wait until no worker is missing. */
  #awaiting: (() => void)[] = [];
  #lastWorkerId = 0;
  #lastReportId = 0;
  #isAnnounced = false;
  #isClosing = false;

  constructor({ totals, window, decisions, log, sockets, answerTimeoutMs }: PrimaryOptions) {
    this.#totals = totals;
    this.#window = window;
    this.#decisions = decisions ?? null;
    this.#log = log;
    this.#sockets = sockets ?? null;
    this.#answerTimeoutMs = answerTimeoutMs ?? null;
    this.#timer = setInterval(() => void this.collect(), REPORT_EVERY_MS);
    this.#timer.unref();
  }

  /** From now on a change is done only when so many workers route by it. */
  expect(workers: number): void {
    this.#wanted = workers;
  }

  /** Takes a worker in; returns its id. One that comes while a configuration is in force is given that at once. */
  add(link: Link<ToWorker, FromWorker>, life: WorkerLife = {}): number {
    const worker = new KnownWorker(++this.#lastWorkerId, link, life);
    this.#workers.set(worker.id, worker);
    const elsewhere = this.#clients.join(worker.id);
    link.onClose(() => this.#lose(worker));
    link.onMessage((message) => this.#receive(worker, message));
    if (elsewhere.length > 0) link.send({ kind: 'elsewhere', counts: elsewhere });
    if (this.#unhealthy.length > 0) link.send({ kind: 'health', unhealthy: this.#unhealthy });
    if (this.#isAnnounced) link.send({ kind: 'announced' });
    if (this.#inForce !== null) void this.#bringIn(worker, this.#inForce);
    return worker.id;
  }

  /**
   * Resolves once every worker routes by it. Rejects with the first refusal, with all of them as before. Every worker
   * prepares it first and none swaps until all have, so that both old and new answer for as short a time as possible.
   * `allowanceMs`: what preparing it may take beyond the ordinary.
   */
  async install(installation: Installation, allowanceMs = 0): Promise<readonly ListenerReport[]> {
    const { listeners } = installation.config;
    try {
      await this.#sockets?.open(listeners);
    } catch (error) {
      throw new Error(refusalSentence(error, listeners), { cause: error });
    }
    try {
      await this.#prepareAll(installation, allowanceMs);
    } catch (error) {
      this.#sockets?.keepOnly(this.#inForce?.config.listeners ?? []);
      throw error;
    }
    this.#inForce = installation;
    for (const worker of this.#workers.values())
      if (worker.prepared !== installation.generation && !worker.isComing) void this.#bringIn(worker, installation);
    await this.#swapAll(installation);
    this.#sockets?.keepOnly(listeners);
    if (!(await this.untilComplete(REPLACEMENT_TIMEOUT_MS + allowanceMs)))
      this.#log('error', `generation ${installation.generation} is in force, and a worker is missing`);
    return this.listeners();
  }

  /** Tells every worker, and every later one, which endpoints active checks hold for unhealthy. */
  tellHealth(unhealthy: readonly UnhealthyEndpoint[]): void {
    this.#unhealthy = unhealthy;
    for (const { link } of this.#workers.values()) link.send({ kind: 'health', unhealthy });
  }

  /** The lines that say where the gateway listens are out: from here on workers may write their access log to stdout. */
  announced(): void {
    this.#isAnnounced = true;
    for (const { link } of this.#workers.values()) link.send({ kind: 'announced' });
  }

  /** Has every worker open its access log anew, after files were rotated. */
  reopenLogs(): void {
    for (const { link } of this.#workers.values()) link.send({ kind: 'reopen-logs' });
  }

  /** Brings the totals up to date: every worker has reported, or did not within a second. */
  async collect(): Promise<void> {
    await Promise.all([...this.#workers.values()].map((worker) => this.#collectFrom(worker)));
  }

  /** Lets every worker finish what it has begun, at most for `graceMs`, and takes the last reports. */
  async drain(graceMs: number): Promise<void> {
    this.#isClosing = true;
    const drained = [...this.#workers.values()].map((worker) => this.#drainOne(worker, graceMs));
    // Otherwise clients would wait in a queue that nobody accepts from.
    this.#sockets?.close();
    await Promise.all(drained);
    await this.collect();
  }

  /** Lets one worker finish and go; another has its place already. Resolves when it is gone. */
  async retire(id: number, graceMs: number): Promise<void> {
    const worker = this.#workers.get(id);
    if (worker === undefined) return;
    worker.isLeaving = true;
    await this.#drainOne(worker, graceMs);
    await this.#collectFrom(worker);
    await this.#end(worker);
  }

  /** Ends every worker now; resolves when all have let go of their sockets. */
  async close(): Promise<void> {
    this.#isClosing = true;
    clearInterval(this.#timer);
    await Promise.all([...this.#workers.values()].map((worker) => this.#end(worker)));
    this.#sockets?.close();
  }

  workers(): readonly WorkerState[] {
    return this.#staying().map(({ id, pid, generation }) => ({ id, pid, generation }));
  }

  /** Does every worker, and at least one, have a snapshot? */
  isRouting(): boolean {
    const staying = this.#staying();
    return staying.length > 0 && staying.every(({ generation }) => generation > 0);
  }

  /** Resolves when no worker is missing and all route by what is in force, or when the time is up; tells which. */
  untilComplete(timeoutMs = REPLACEMENT_TIMEOUT_MS): Promise<boolean> {
    if (this.#isComplete()) return Promise.resolve(true);
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), timeoutMs);
      this.#awaiting.push(() => {
        clearTimeout(timer);
        resolve(true);
      });
    });
  }

  /** The sockets that carry users' traffic; the same in every worker. */
  listeners(): readonly ListenerReport[] {
    return this.#listeners;
  }

  #staying(): KnownWorker[] {
    return [...this.#workers.values()].filter((worker) => !worker.isLeaving);
  }

  #receive(worker: KnownWorker, message: FromWorker): void {
    switch (message.kind) {
      case 'online':
        worker.pid = message.pid;
        break;
      case 'prepared':
        worker.prepared = message.generation;
        worker.settle(`prepare ${message.generation}`, { ok: true });
        break;
      case 'installed':
        worker.generation = message.generation;
        if (!worker.isLeaving) this.#listeners = message.listeners;
        worker.settle(`install ${message.generation}`, { ok: true });
        if (this.#isComplete()) for (const resolve of this.#awaiting.splice(0)) resolve();
        break;
      case 'refused':
        worker.settle(`prepare ${message.generation}`, { ok: false, message: message.message });
        worker.settle(`install ${message.generation}`, { ok: false, message: message.message });
        break;
      case 'clients':
        this.#clients.set(worker.id, message.counts);
        this.#tellElsewhere(message.counts, worker);
        break;
      case 'report':
        this.#take(worker, message.report);
        worker.settle(`report ${message.id}`, { ok: true });
        break;
      case 'drained':
        worker.settle('drain', { ok: true });
        break;
      default:
        message satisfies never;
    }
  }

  #take(worker: KnownWorker, report: WorkerReport): void {
    this.#totals.add(worker.id, report);
    this.#window.add(report.requests);
    this.#decisions?.add(report.decisions ?? []);
  }

  #tellElsewhere(clients: readonly ClientCount[], besides: KnownWorker | null): void {
    for (const other of this.#workers.values()) {
      if (other === besides) continue;
      other.link.send({ kind: 'elsewhere', counts: this.#clients.elsewhere(other.id, clients) });
    }
  }

  async #prepareAll(installation: Installation, allowanceMs: number): Promise<void> {
    const { generation } = installation;
    const workers = [...this.#workers.values()];
    if (workers.length === 0) throw new Error('there is no worker to install it');
    const answers = await Promise.all(
      workers.map((worker) => {
        const timeoutMs = (worker.pid === 0 ? START_TIMEOUT_MS : this.#patienceWith(worker)) + allowanceMs;
        const answer = worker.wait(`prepare ${generation}`, timeoutMs);
        this.#giveSockets(worker, installation);
        worker.link.send({ kind: 'prepare', installation });
        return answer;
      }),
    );
    let refusal: string | null = null;
    for (const [at, worker] of workers.entries()) {
      const answer = answers[at]!;
      if (answer.ok || !this.#workers.has(worker.id)) continue;
      if (answer.isSilence === true) this.#giveUp(worker, `did not prepare generation ${generation} in time`);
      const another = answer.isSilence === true && worker.canBeKilled;
      if (!another && !worker.isLeaving) refusal ??= answer.message;
    }
    if (refusal === null) return;
    for (const worker of workers) {
      worker.prepared = 0;
      worker.link.send({ kind: 'discard', generation });
      worker.keepSockets(this.#inForce?.config.listeners ?? []);
    }
    throw new Error(refusal);
  }

  #patienceWith(worker: KnownWorker): number {
    return this.#answerTimeoutMs ?? (worker.canBeKilled ? ANSWER_TIMEOUT_MS : PATIENCE_MS);
  }

  /** Those that were taken in meanwhile have it, or get it, as what is in force. */
  async #swapAll({ generation, config }: Installation): Promise<void> {
    const workers = [...this.#workers.values()].filter((worker) => worker.prepared === generation);
    await Promise.all(
      workers.map(async (worker) => {
        const swapped = worker.wait(`install ${generation}`, this.#patienceWith(worker));
        worker.link.send({ kind: 'swap', generation });
        const answer = await swapped;
        worker.keepSockets(config.listeners);
        if (!answer.ok && this.#workers.has(worker.id))
          this.#giveUp(worker, `did not take generation ${generation}: ${answer.message}`);
      }),
    );
  }

  /** A worker that comes late is given what is in force, until that has stood still. */
  async #bringIn(worker: KnownWorker, installation: Installation): Promise<void> {
    const { generation } = installation;
    worker.isComing = true;
    const installed = worker.wait(`install ${generation}`, START_TIMEOUT_MS);
    this.#giveSockets(worker, installation);
    worker.link.send({ kind: 'install', installation });
    const answer = await installed;
    if (!this.#workers.has(worker.id)) return;
    if (!answer.ok) {
      this.#giveUp(worker, `could not take generation ${generation}: ${answer.message}`);
      return;
    }
    worker.keepSockets(installation.config.listeners);
    const now = this.#inForce;
    if (now !== null && now.generation > worker.generation && worker.prepared !== now.generation)
      await this.#bringIn(worker, now);
    else worker.isComing = false;
  }

  #giveSockets(worker: KnownWorker, { config }: Installation): void {
    for (const listener of config.listeners) {
      const key = socketKey(listener);
      const socket = this.#sockets?.socket(key) ?? null;
      if (socket === null || worker.sockets.has(key)) continue;
      worker.sockets.add(key);
      worker.link.send({ kind: 'socket', key }, socket);
    }
  }

  /** Ends a worker that does not do its part; whoever looks after the workers starts another. */
  #giveUp(worker: KnownWorker, why: string): void {
    this.#log('error', `worker ${worker.id} (process ${worker.pid}) ${why}`);
    worker.kill();
  }

  async #collectFrom(worker: KnownWorker): Promise<void> {
    const id = ++this.#lastReportId;
    const answer = worker.wait(`report ${id}`, COLLECT_TIMEOUT_MS);
    worker.link.send({ kind: 'collect', id });
    await answer;
  }

  async #drainOne(worker: KnownWorker, graceMs: number): Promise<void> {
    const answer = worker.wait('drain', graceMs + COLLECT_TIMEOUT_MS);
    worker.link.send({ kind: 'drain', graceMs });
    await answer;
  }

  async #end(worker: KnownWorker): Promise<void> {
    worker.isLeaving = true;
    const answer = worker.wait('end', CLOSE_TIMEOUT_MS);
    worker.link.send({ kind: 'stop' });
    if (!(await answer).ok) worker.kill();
  }

  #isComplete(): boolean {
    const now = this.#inForce?.generation;
    const complete = this.#staying().filter(({ generation }) => generation === now);
    return complete.length >= this.#wanted;
  }

  #lose(worker: KnownWorker): void {
    if (!this.#workers.delete(worker.id)) return;
    this.#totals.forgetWorker(worker.id);
    const clients = this.#clients.leave(worker.id);
    if (clients.length > 0) this.#tellElsewhere(clients, null);
    const isExpected = this.#isClosing || worker.isLeaving;
    if (!isExpected) this.#log('error', `worker ${worker.id} (process ${worker.pid}) is gone`);
    worker.settle(null, { ok: false, isSilence: false, message: 'the worker is gone' });
    worker.life.onGone?.(isExpected);
  }
}
