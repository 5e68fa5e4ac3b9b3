import { setTimeout as delay } from 'node:timers/promises';
import type { Log } from '../control/log.ts';
import type { Primary } from './primary.ts';
import type { StartedWorker } from './worker-process.ts';

export interface SupervisorOptions {
  readonly workers: number;
  readonly primary: Primary;
  readonly start: () => StartedWorker;
  readonly log: Log;
  /** Milliseconds of any clock that never goes back. */
  readonly nowMs: () => number;
}

/** What became of the workers so far. */
export interface WorkerLosses {
  /** Workers that ended without having been asked to. */
  readonly lost: number;
  /** Process id of the last of them; null: none. */
  readonly lastPid: number | null;
}

/** Where a worker stands; the next one in the same place takes over from it. */
interface Place {
  workerId: number;
  startedAtMs: number;
  /** Workers in this place that ended soon after their start, one after another. */
  quickLosses: number;
}

/** A worker that lived so long did not fail at its start. */
const SETTLED_AFTER_MS = 10_000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 10_000;

/** Keeps so many workers running: one that is gone is replaced at once, one that keeps falling over ever more slowly. */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #places: Place[] = [];
  readonly #closing = new AbortController();
  #lost = 0;
  #lastPid: number | null = null;
  #restart: Promise<void> = Promise.resolve();

  constructor(options: SupervisorOptions) {
    this.#options = options;
    options.primary.expect(options.workers);
  }

  start(): void {
    for (let at = 0; at < this.#options.workers; at++) {
      const place: Place = { workerId: 0, startedAtMs: 0, quickLosses: 0 };
      this.#places.push(place);
      this.#startIn(place);
    }
  }

  get losses(): WorkerLosses {
    return { lost: this.#lost, lastPid: this.#lastPid };
  }

  /** Replaces every worker by a new one, one after another, without losing a request: the new one routes before the old one goes. */
  restart(graceMs: () => number): Promise<void> {
    this.#restart = this.#restart.then(async () => {
      for (const place of this.#places) {
        if (this.#closing.signal.aborted) return;
        await this.#replace(place, graceMs());
      }
    });
    return this.#restart;
  }

  /** From now on nobody is replaced. */
  close(): void {
    this.#closing.abort();
  }

  async #replace(place: Place, graceMs: number): Promise<void> {
    const { primary, log } = this.#options;
    const before = place.workerId;
    primary.expect(this.#options.workers + 1);
    this.#startIn(place);
    const isComplete = await primary.untilComplete();
    primary.expect(this.#options.workers);
    if (!isComplete) log('error', `worker ${place.workerId} is not ready; worker ${before} goes all the same`);
    // Not waited for: what it has begun may take as long as the grace.
    void primary.retire(before, graceMs);
  }

  #startIn(place: Place): void {
    const { primary, start, nowMs } = this.#options;
    const worker = start();
    const kill = () => worker.kill();
    place.startedAtMs = nowMs();
    const id = primary.add(worker.link, {
      kill,
      onGone: (isExpected) => {
        // A link can close while the process lives on.
        kill();
        if (!isExpected && place.workerId === id) void this.#startAgain(place, worker.pid);
      },
    });
    place.workerId = id;
  }

  async #startAgain(place: Place, pid: number): Promise<void> {
    const { log, nowMs } = this.#options;
    this.#lost += 1;
    this.#lastPid = pid;
    const isQuick = nowMs() - place.startedAtMs < SETTLED_AFTER_MS;
    place.quickLosses = isQuick ? place.quickLosses + 1 : 1;
    // The first time by chance, perhaps; from the second on it looks like a habit.
    const pauseMs =
      place.quickLosses < 2 ? 0 : Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (place.quickLosses - 2));
    if (pauseMs > 0) log('warning', `the next worker in its place starts in ${pauseMs} ms`);
    try {
      await delay(pauseMs, undefined, { signal: this.#closing.signal });
    } catch {
      return;
    }
    if (!this.#closing.signal.aborted) this.#startIn(place);
  }
}
