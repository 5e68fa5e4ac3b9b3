import { compile } from '../config/compile.ts';
import type { RandomSource, RegexEngine } from '../core/ports.ts';
import type { ListenerSpec } from '../core/snapshot.ts';
import { DataPlane } from '../proxy/data-plane.ts';
import { FallbackCells } from '../telemetry/fallback-cells.ts';
import { MirrorCells } from '../telemetry/mirror-cells.ts';
import { RequestCells } from '../telemetry/request-cells.ts';
import { refusalSentence } from './bind-refusal.ts';
import type { Link } from './link.ts';
import type { FromWorker, Installation, ToWorker } from './messages.ts';

export interface WorkerOptions {
  readonly link: Link<FromWorker, ToWorker>;
  readonly random: RandomSource;
  readonly regex: RegexEngine;
  /** How many workers share the gateway's limits. */
  readonly workers: number;
  readonly pid: number;
}

/** The worker's side: owns a data plane and does what the primary says, one installation at a time. */
export class Worker {
  readonly #link: Link<FromWorker, ToWorker>;
  readonly #regex: RegexEngine;
  readonly #requestCells = new RequestCells();
  readonly #mirrorCells = new MirrorCells();
  readonly #fallbackCells = new FallbackCells();
  readonly #dataPlane: DataPlane;
  #generation = 0;
  #turn: Promise<void> = Promise.resolve();

  constructor({ link, random, regex, workers, pid }: WorkerOptions) {
    this.#link = link;
    this.#regex = regex;
    this.#dataPlane = new DataPlane({
      random,
      requestCells: this.#requestCells,
      mirrorCells: this.#mirrorCells,
      fallbackCells: this.#fallbackCells,
      workers,
    });
    link.onMessage((message) => this.#receive(message));
    // Without a primary nobody could ever stop this data plane again.
    link.onClose(() => void this.#dataPlane.close());
    link.send({ kind: 'online', pid });
  }

  #receive(message: ToWorker): void {
    switch (message.kind) {
      case 'install':
        this.#inTurn(() => this.#install(message.installation));
        break;
      case 'collect':
        this.#report(message.id);
        break;
      case 'drain':
        this.#inTurn(() => this.#drain(message.graceMs));
        break;
      case 'stop':
        // Not in turn: it must also end a drain under way. The closed link tells the primary that it is done.
        void this.#dataPlane.close().finally(() => this.#link.close());
        break;
      default:
        message satisfies never;
    }
  }

  #inTurn(work: () => Promise<void>): void {
    this.#turn = this.#turn.then(work);
  }

  async #install(installation: Installation): Promise<void> {
    const { generation } = installation;
    let listeners: readonly ListenerSpec[] = [];
    try {
      const snapshot = compile(installation, { regex: this.#regex });
      listeners = snapshot.listeners;
      const bound = await this.#dataPlane.install(snapshot);
      this.#generation = generation;
      this.#link.send({ kind: 'installed', generation, listeners: bound });
    } catch (error) {
      this.#link.send({ kind: 'refused', generation, message: refusalSentence(error, listeners) });
    }
  }

  #report(id: number): void {
    this.#link.send({
      kind: 'report',
      id,
      report: {
        generation: this.#generation,
        requests: this.#requestCells.takeDelta(),
        mirrors: this.#mirrorCells.takeDelta(),
        fallbacks: this.#fallbackCells.takeDelta(),
        pools: this.#dataPlane.pools(),
        endpoints: this.#dataPlane.endpoints(),
      },
    });
  }

  async #drain(graceMs: number): Promise<void> {
    await this.#dataPlane.drain(graceMs);
    this.#link.send({ kind: 'drained' });
  }
}
