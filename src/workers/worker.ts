import { setImmediate as nextTurn } from 'node:timers/promises';
import { type CompilePorts, compile } from '../config/compile.ts';
import type { Config } from '../config/model.ts';
import type { Log } from '../control/log.ts';
import type { NameResolver, RandomSource } from '../core/ports.ts';
import type { ListenerSpec } from '../core/snapshot.ts';
import { DataPlane, type PreparedSnapshot } from '../proxy/data-plane.ts';
import { FallbackCells } from '../telemetry/fallback-cells.ts';
import { MirrorCells } from '../telemetry/mirror-cells.ts';
import { RequestCells } from '../telemetry/request-cells.ts';
import { UnknownCells } from '../telemetry/unknown-cells.ts';
import { refusalSentence } from './bind-refusal.ts';
import type { InheritedSockets } from './inherited-sockets.ts';
import type { Link, SocketHandle } from './link.ts';
import { socketKey } from './listening-sockets.ts';
import type { FromWorker, Installation, ToWorker } from './messages.ts';
import { RequestWitness } from './request-witness.ts';

export interface WorkerOptions extends CompilePorts {
  readonly link: Link<FromWorker, ToWorker>;
  readonly random: RandomSource;
  readonly names: NameResolver;
  /** How many workers share the gateway's limits. */
  readonly workers: number;
  readonly pid: number;
  /** Where the operator is told of what concerns this worker alone; by default stderr. */
  readonly log?: Log;
  /** Listening sockets that were open before this process. */
  readonly inherited?: InheritedSockets;
}

/** How often a change of the clients that are connected is told: a limit for each client is that much out of date, and the way there. */
const TELL_CLIENTS_EVERY_MS = 40;

/** The worker's side: owns a data plane and does what the primary says, one installation at a time. */
export class Worker {
  readonly #link: Link<FromWorker, ToWorker>;
  readonly #ports: CompilePorts;
  readonly #requestCells = new RequestCells();
  readonly #mirrorCells = new MirrorCells();
  readonly #fallbackCells = new FallbackCells();
  readonly #unknownCells = new UnknownCells();
  readonly #witness: RequestWitness;
  readonly #dataPlane: DataPlane;
  /** Listening sockets of the primary that no listener has taken yet. */
  readonly #sockets = new Map<string, SocketHandle>();
  readonly #clientsTimer: NodeJS.Timeout | null;
  #prepared: { readonly plan: PreparedSnapshot; readonly config: Config } | null = null;
  /** Everything has ended here; what is installed from now on concerns nobody. */
  #isOver = false;
  #generation = 0;
  #turn: Promise<void> = Promise.resolve();

  constructor({ link, random, names, workers, pid, log, inherited, ...ports }: WorkerOptions) {
    this.#link = link;
    this.#witness = new RequestWitness({ draw: () => random.next(), log });
    this.#ports = ports;
    this.#dataPlane = new DataPlane({
      random,
      names,
      requestCells: this.#requestCells,
      mirrorCells: this.#mirrorCells,
      fallbackCells: this.#fallbackCells,
      unknownCells: this.#unknownCells,
      workers,
      decisions: this.#witness.decisions,
      openedSocket: (spec) => this.#openedSocket(spec, inherited ?? null),
    });
    link.onMessage((message, socket) => this.#receive(message, socket));
    // Without a primary nobody could ever stop this data plane again.
    link.onClose(() => void this.#end());
    this.#clientsTimer = workers > 1 ? setInterval(() => this.#tellClients(), TELL_CLIENTS_EVERY_MS) : null;
    this.#clientsTimer?.unref();
    link.send({ kind: 'online', pid });
  }

  #receive(message: ToWorker, socket: SocketHandle | null): void {
    switch (message.kind) {
      case 'install':
        this.#inTurn(async () => {
          if (await this.#prepare(message.installation)) this.#swap(message.installation.generation);
        });
        break;
      case 'prepare':
        this.#inTurn(async () => {
          const { generation } = message.installation;
          if (await this.#prepare(message.installation)) this.#link.send({ kind: 'prepared', generation });
        });
        break;
      case 'swap':
        this.#inTurn(async () => this.#swap(message.generation));
        break;
      case 'discard':
        this.#inTurn(async () => this.#discard());
        break;
      case 'socket':
        if (socket !== null) this.#sockets.set(message.key, socket);
        break;
      case 'elsewhere':
        this.#dataPlane.setElsewhere(message.counts);
        break;
      case 'health':
        this.#dataPlane.setUnhealthy(message.unhealthy);
        break;
      case 'announced':
        this.#witness.release();
        break;
      case 'reopen-logs':
        this.#witness.reopen();
        break;
      case 'collect':
        this.#report(message.id);
        break;
      case 'drain':
        // Not in turn: what changes meanwhile holds for the requests that are still to come on open connections.
        void this.#drain(message.graceMs);
        break;
      case 'stop':
        // Not in turn either: it must also end a drain under way. The closed link tells the primary that it is done.
        void this.#end().finally(() => this.#link.close());
        break;
      default:
        message satisfies never;
    }
  }

  #inTurn(work: () => Promise<void>): void {
    this.#turn = this.#turn.then(work);
  }

  /** False: it was refused, and the primary was told. */
  async #prepare(installation: Installation): Promise<boolean> {
    this.#discard();
    const { generation } = installation;
    let listeners: readonly ListenerSpec[] = [];
    try {
      await this.#ports.lists?.prepare(installation.lists, nextTurn);
      const snapshot = compile(installation, this.#ports);
      listeners = snapshot.listeners;
      this.#prepared = { plan: await this.#dataPlane.prepare(snapshot), config: installation.config };
      return true;
    } catch (error) {
      this.#closeUntaken();
      this.#link.send({ kind: 'refused', generation, message: refusalSentence(error, listeners) });
      return false;
    }
  }

  #swap(generation: number): void {
    const prepared = this.#prepared;
    if (prepared === null) return;
    this.#prepared = null;
    try {
      const listeners = this.#isOver ? [] : this.#dataPlane.commit(prepared.plan);
      this.#generation = generation;
      if (!this.#isOver) this.#dataPlane.accessLog = this.#witness.follow(prepared.config);
      this.#link.send({ kind: 'installed', generation, listeners });
    } catch (error) {
      this.#link.send({
        kind: 'refused',
        generation,
        message: refusalSentence(error, prepared.plan.snapshot.listeners),
      });
    }
    this.#closeUntaken();
  }

  #discard(): void {
    const prepared = this.#prepared;
    if (prepared === null) return;
    this.#prepared = null;
    this.#dataPlane.discard(prepared.plan);
    this.#closeUntaken();
  }

  #openedSocket(
    listener: { readonly name: string; readonly address: string },
    inherited: InheritedSockets | null,
  ): { readonly handle: SocketHandle } | { readonly fd: number } | null {
    const key = socketKey(listener);
    const handle = this.#sockets.get(key);
    this.#sockets.delete(key);
    if (handle !== undefined) return { handle };
    const fd = inherited?.take(listener.name) ?? null;
    return fd === null ? null : { fd };
  }

  /** This process's own copies: the sockets stay open in the primary. */
  #closeUntaken(): void {
    for (const socket of this.#sockets.values()) (socket as { close(): void }).close();
    this.#sockets.clear();
  }

  #tellClients(): void {
    const counts = this.#dataPlane.takeClientCounts();
    if (counts.length > 0) this.#link.send({ kind: 'clients', counts });
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
        unknowns: this.#unknownCells.takeDelta(),
        pools: this.#dataPlane.pools(),
        endpoints: this.#dataPlane.endpoints(),
        decisions: this.#witness.decisions.take(),
        droppedLogLines: this.#witness.takeDropped(),
      },
    });
  }

  async #drain(graceMs: number): Promise<void> {
    await this.#dataPlane.drain(graceMs);
    this.#isOver = true;
    this.#link.send({ kind: 'drained' });
  }

  async #end(): Promise<void> {
    this.#isOver = true;
    if (this.#clientsTimer !== null) clearInterval(this.#clientsTimer);
    await this.#dataPlane.close();
    // Requests that are cut are logged, too: their sockets tell of it in the next turn.
    await nextTurn();
    await this.#witness.close();
  }
}
