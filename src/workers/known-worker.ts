import type { Link } from './link.ts';
import { type ListenerAddress, socketKey } from './listening-sockets.ts';
import type { FromWorker, ToWorker } from './messages.ts';

/** What is done about a worker from outside its link. */
export interface WorkerLife {
  /** Ends its process. A worker within this process cannot be ended. */
  readonly kill?: () => void;
  /** Told once, when it is gone; `isExpected`: it was asked to go. */
  readonly onGone?: (isExpected: boolean) => void;
}

/** How a worker answered. `isSilence`: it did not, within the time. */
export type Answer =
  | { readonly ok: true }
  | { readonly ok: false; readonly message: string; readonly isSilence?: boolean };

interface Waiting {
  /** `prepare GENERATION`, `install GENERATION`, `report ID`, `drain`, `end`. */
  readonly what: string;
  readonly settle: (answer: Answer) => void;
}

/** One worker as the primary knows it. */
export class KnownWorker {
  readonly id: number;
  readonly link: Link<ToWorker, FromWorker>;
  readonly life: WorkerLife;
  /** 0 until it has said so itself. */
  pid = 0;
  generation = 0;
  /** What it is ready to swap to. */
  prepared = 0;
  /** It is being given what was in force when it came. */
  isComing = false;
  /** It finishes what it has begun; its place is no longer its own. */
  isLeaving = false;
  /** Keys of the listening sockets that it was given. */
  readonly sockets = new Set<string>();
  readonly #waiting = new Set<Waiting>();

  constructor(id: number, link: Link<ToWorker, FromWorker>, life: WorkerLife) {
    this.id = id;
    this.link = link;
    this.life = life;
  }

  get canBeKilled(): boolean {
    return this.life.kill !== undefined;
  }

  kill(): void {
    this.life.kill?.();
  }

  /** Its copies of all other sockets are closed by itself when it swaps, or discards what it had prepared. */
  keepSockets(listeners: readonly ListenerAddress[]): void {
    const wanted = new Set(listeners.map(socketKey));
    for (const key of this.sockets) if (!wanted.has(key)) this.sockets.delete(key);
  }

  wait(what: string, timeoutMs: number): Promise<Answer> {
    return new Promise((resolve) => {
      const settle = (answer: Answer) => {
        clearTimeout(timer);
        this.#waiting.delete(waiting);
        resolve(answer);
      };
      const waiting: Waiting = { what, settle };
      const silence: Answer = { ok: false, isSilence: true, message: `worker ${this.id} did not answer` };
      const timer = setTimeout(() => settle(silence), timeoutMs);
      this.#waiting.add(waiting);
    });
  }

  /** Answers those who wait for `what`; null: for anything. */
  settle(what: string | null, answer: Answer): void {
    for (const waiting of [...this.#waiting]) if (what === null || waiting.what === what) waiting.settle(answer);
  }
}
