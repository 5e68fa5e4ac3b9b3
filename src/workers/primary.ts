import type { Log } from '../control/log.ts';
import type { ListenerReport, UnhealthyEndpoint } from '../telemetry/reports.ts';
import type { Totals } from '../telemetry/totals.ts';
import type { TrafficWindow } from '../telemetry/traffic-window.ts';
import type { Link } from './link.ts';
import type { FromWorker, Installation, ToWorker } from './messages.ts';

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
  readonly log: Log;
  /** A worker that has not answered an installation by then has refused it. */
  readonly installTimeoutMs?: number;
}

interface KnownWorker {
  readonly id: number;
  readonly link: Link<ToWorker, FromWorker>;
  pid: number;
  generation: number;
  listeners: readonly ListenerReport[];
}

type Answer = { readonly ok: true } | { readonly ok: false; readonly message: string };

interface Waiting {
  readonly worker: KnownWorker;
  /** `install GENERATION`, `report ID`, `drain`, `end`. */
  readonly what: string;
  settle(answer: Answer): void;
}

const REPORT_EVERY_MS = 1_000;
const COLLECT_TIMEOUT_MS = 1_000;
const INSTALL_TIMEOUT_MS = 30_000;
const CLOSE_TIMEOUT_MS = 2_000;
const GONE: Answer = { ok: false, message: 'the worker is gone' };

/** The primary's side: knows the workers, tells them all the same, gathers what they count. */
export class Primary {
  readonly #totals: Totals;
  readonly #window: TrafficWindow;
  readonly #log: Log;
  readonly #installTimeoutMs: number;
  readonly #workers = new Map<number, KnownWorker>();
  readonly #waiting = new Set<Waiting>();
  readonly #timer: NodeJS.Timeout;
  #inForce: Installation | null = null;
  #unhealthy: readonly UnhealthyEndpoint[] = [];
  #lastWorkerId = 0;
  #lastReportId = 0;
  #isClosing = false;

  constructor({ totals, window, log, installTimeoutMs }: PrimaryOptions) {
    this.#totals = totals;
    this.#window = window;
    this.#log = log;
    this.#installTimeoutMs = installTimeoutMs ?? INSTALL_TIMEOUT_MS;
    this.#timer = setInterval(() => void this.collect(), REPORT_EVERY_MS);
    this.#timer.unref();
  }

  /** Takes a worker in. One that comes while a configuration is in force is given that at once. */
  add(link: Link<ToWorker, FromWorker>): void {
    const worker: KnownWorker = { id: ++this.#lastWorkerId, link, pid: 0, generation: 0, listeners: [] };
    this.#workers.set(worker.id, worker);
    link.onClose(() => this.#lose(worker));
    link.onMessage((message) => this.#receive(worker, message));
    if (this.#unhealthy.length > 0) link.send({ kind: 'health', unhealthy: this.#unhealthy });
    if (this.#inForce !== null) link.send({ kind: 'install', installation: this.#inForce });
  }

  /** Resolves once every worker routes by it. Rejects with the first refusal, after all have gone back to what was in force. */
  async install(installation: Installation): Promise<readonly ListenerReport[]> {
    const workers = [...this.#workers.values()];
    if (workers.length === 0) throw new Error('there is no worker to install it');
    const answers = await Promise.all(workers.map((worker) => this.#tell(worker, installation)));
    const refusal = answers.find((answer, at) => !answer.ok && this.#workers.has(workers[at]!.id));
    if (refusal !== undefined && !refusal.ok) {
      await this.#goBack();
      throw new Error(refusal.message);
    }
    this.#inForce = installation;
    return this.listeners();
  }

  /** Tells every worker, and every later one, which endpoints active checks hold for unhealthy. */
  tellHealth(unhealthy: readonly UnhealthyEndpoint[]): void {
    this.#unhealthy = unhealthy;
    for (const { link } of this.#workers.values()) link.send({ kind: 'health', unhealthy });
  }

  /** Brings the totals up to date: every worker has reported, or did not within a second. */
  async collect(): Promise<void> {
    const id = ++this.#lastReportId;
    const reports = [...this.#workers.values()].map((worker) => {
      const answer = this.#wait(worker, `report ${id}`, COLLECT_TIMEOUT_MS);
      worker.link.send({ kind: 'collect', id });
      return answer;
    });
    await Promise.all(reports);
  }

  /** Lets every worker finish what it has begun, at most for `graceMs`, and takes the last reports. */
  async drain(graceMs: number): Promise<void> {
    const drained = [...this.#workers.values()].map((worker) => {
      const answer = this.#wait(worker, 'drain', graceMs + COLLECT_TIMEOUT_MS);
      worker.link.send({ kind: 'drain', graceMs });
      return answer;
    });
    await Promise.all(drained);
    await this.collect();
  }

  /** Ends every worker now; resolves when all have let go of their sockets. */
  async close(): Promise<void> {
    this.#isClosing = true;
    clearInterval(this.#timer);
    const ended = [...this.#workers.values()].map((worker) => {
      const answer = this.#wait(worker, 'end', CLOSE_TIMEOUT_MS);
      worker.link.send({ kind: 'stop' });
      return answer;
    });
    await Promise.all(ended);
  }

  workers(): readonly WorkerState[] {
    return [...this.#workers.values()].map(({ id, pid, generation }) => ({ id, pid, generation }));
  }

  /** Does every worker, and at least one, have a snapshot? */
  isRouting(): boolean {
    return this.#workers.size > 0 && this.workers().every(({ generation }) => generation > 0);
  }

  /** The sockets that carry users' traffic; the same in every worker. */
  listeners(): readonly ListenerReport[] {
    return this.#workers.values().next().value?.listeners ?? [];
  }

  #receive(worker: KnownWorker, message: FromWorker): void {
    switch (message.kind) {
      case 'online':
        worker.pid = message.pid;
        break;
      case 'installed':
        worker.generation = message.generation;
        worker.listeners = message.listeners;
        this.#settle(worker, `install ${message.generation}`, { ok: true });
        break;
      case 'refused':
        this.#settle(worker, `install ${message.generation}`, { ok: false, message: message.message });
        break;
      case 'report':
        this.#totals.add(worker.id, message.report);
        this.#window.add(message.report.requests);
        this.#settle(worker, `report ${message.id}`, { ok: true });
        break;
      case 'drained':
        this.#settle(worker, 'drain', { ok: true });
        break;
      default:
        message satisfies never;
    }
  }

  #tell(worker: KnownWorker, installation: Installation): Promise<Answer> {
    const answer = this.#wait(worker, `install ${installation.generation}`, this.#installTimeoutMs);
    worker.link.send({ kind: 'install', installation });
    return answer;
  }

  /** After one worker refused, those that had taken the installation give it back. */
  async #goBack(): Promise<void> {
    const before = this.#inForce;
    if (before === null) return;
    const ahead = [...this.#workers.values()].filter((worker) => worker.generation !== before.generation);
    const answers = await Promise.all(ahead.map((worker) => this.#tell(worker, before)));
    for (const answer of answers) {
      if (!answer.ok)
        this.#log('error', `a worker could not go back to generation ${before.generation}: ${answer.message}`);
    }
  }

  #wait(worker: KnownWorker, what: string, timeoutMs: number): Promise<Answer> {
    return new Promise((resolve) => {
      const settle = (answer: Answer) => {
        clearTimeout(timer);
        this.#waiting.delete(waiting);
        resolve(answer);
      };
      const waiting: Waiting = { worker, what, settle };
      const timer = setTimeout(() => settle({ ok: false, message: `worker ${worker.id} did not answer` }), timeoutMs);
      this.#waiting.add(waiting);
    });
  }

  /** Answers those who wait for `what` of this worker; null: for anything. */
  #settle(worker: KnownWorker, what: string | null, answer: Answer): void {
    for (const waiting of [...this.#waiting]) {
      if (waiting.worker === worker && (what === null || waiting.what === what)) waiting.settle(answer);
    }
  }

  #lose(worker: KnownWorker): void {
    if (!this.#workers.delete(worker.id)) return;
    this.#totals.forgetWorker(worker.id);
    if (!this.#isClosing) this.#log('error', `worker ${worker.id} (process ${worker.pid}) is gone`);
    this.#settle(worker, null, GONE);
  }
}
