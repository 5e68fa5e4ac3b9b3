import { setTimeout as delay } from 'node:timers/promises';
import { Histogram } from './histogram.ts';
import type { LoadResult } from './load.ts';
import { type ConnectionListener, LoadConnection } from './load-connection.ts';
import { Pacer } from './pacer.ts';
import { intendedMs } from './schedule.ts';

export interface LoadOrder {
  readonly port: number;
  readonly connections: number;
  readonly seconds: number;
  /** Requests per second, whatever the answers do (open loop); null: every connection asks again at once (closed loop). */
  readonly rate: number | null;
}

/** How long an answer may be missing after the last request was due. */
const GRACE_MS = 2_000;
/** Connections that may be under way to being open at once. */
const OPENING_AT_ONCE = 256;

/** One run of load over kept-alive connections, with the latency of every request. */
export class LoadRun implements ConnectionListener {
  readonly #order: LoadOrder;
  readonly #requests: readonly Buffer[];
  readonly #connections: LoadConnection[] = [];
  readonly #latency = new Histogram();
  readonly #lateness = new Histogram();
  #free: LoadConnection[] = [];
  #freeFrom = 0;
  /** Due requests that found no free connection: when they ought to have left. */
  #waiting: number[] = [];
  #waitingFrom = 0;
  /** Requests that were due, sent or not. */
  #due = 0;
  #sent = 0;
  #failed = 0;
  #badStatuses = 0;
  #isRunning = false;

  constructor(order: LoadOrder, requests: readonly Buffer[]) {
    this.#order = order;
    this.#requests = requests;
  }

  /** Resolves when every connection is open. */
  async open(): Promise<void> {
    while (this.#connections.length < this.#order.connections) {
      if (this.#connections.length - this.#free.length < OPENING_AT_ONCE)
        this.#connections.push(new LoadConnection(this.#order.port, this));
      else await delay(1);
    }
    while (this.#free.length < this.#order.connections) await delay(1);
  }

  /** Sends for the ordered time and waits for what is still under way. */
  async run(): Promise<LoadResult> {
    this.#isRunning = true;
    const startedAt = performance.now();
    if (this.#order.rate === null) await this.#runClosed();
    else await this.#runOpen(this.#order.rate);
    const durationMicros = (performance.now() - startedAt) * 1000;
    this.#isRunning = false;
    await this.#settle();
    return {
      requests: this.#latency.total,
      durationMicros,
      errors: this.#failed + this.#badStatuses + this.#unanswered,
      p50Micros: this.#latency.quantile(0.5),
      p99Micros: this.#latency.quantile(0.99),
      p999Micros: this.#latency.quantile(0.999),
      maxMicros: this.#latency.max,
      lateP99Micros: this.#order.rate === null ? null : this.#lateness.quantile(0.99),
    };
  }

  close(): void {
    for (const connection of this.#connections) connection.close();
  }

  opened(connection: LoadConnection): void {
    this.#giveWork(connection);
  }

  answered(connection: LoadConnection, status: number): void {
    this.#latency.record((performance.now() - connection.intendedAt) * 1000);
    if (status < 200 || status > 399) this.#badStatuses += 1;
    this.#giveWork(connection);
  }

  failed(): void {
    this.#failed += 1;
  }

  get #unanswered(): number {
    return this.#due - this.#latency.total - this.#failed;
  }

  async #runClosed(): Promise<void> {
    for (let count = this.#free.length; count > 0; count--) {
      const connection = this.#takeFree();
      if (connection !== undefined) this.#sendNow(connection);
    }
    await delay(this.#order.seconds * 1000);
  }

  #runOpen(rate: number): Promise<void> {
    const total = Math.round(rate * this.#order.seconds);
    const startAt = performance.now() + 5;
    const sendDue = (now: number): number | null => {
      while (this.#due < total) {
        const dueAt = startAt + intendedMs(this.#due, rate);
        if (dueAt > now) return dueAt;
        this.#due += 1;
        this.#lateness.record((now - dueAt) * 1000);
        const connection = this.#takeFree();
        if (connection === undefined) this.#waiting.push(dueAt);
        else this.#send(connection, dueAt);
      }
      return null;
    };
    return new Promise((resolve) => new Pacer(sendDue, resolve).start());
  }

  async #settle(): Promise<void> {
    const until = performance.now() + GRACE_MS;
    while (this.#unanswered > 0 && performance.now() < until) await delay(5);
  }

  /** A free connection sends what waits, asks again (closed loop), or waits in turn behind the others. */
  #giveWork(connection: LoadConnection): void {
    const dueAt = this.#waiting[this.#waitingFrom];
    if (dueAt !== undefined) {
      this.#waitingFrom += 1;
      this.#send(connection, dueAt);
    } else if (this.#isRunning && this.#order.rate === null) this.#sendNow(connection);
    else this.#free.push(connection);
  }

  /** In turn, so that every connection is used. One that broke meanwhile comes back when it is open again. */
  #takeFree(): LoadConnection | undefined {
    for (;;) {
      const connection = this.#free[this.#freeFrom];
      if (connection === undefined) return undefined;
      this.#freeFrom += 1;
      if (this.#freeFrom > 4096 && this.#freeFrom * 2 > this.#free.length) {
        this.#free = this.#free.slice(this.#freeFrom);
        this.#freeFrom = 0;
      }
      if (connection.isOpen) return connection;
    }
  }

  /** In a closed loop a request is due when its connection is free. */
  #sendNow(connection: LoadConnection): void {
    this.#due += 1;
    this.#send(connection, performance.now());
  }

  #send(connection: LoadConnection, intendedAt: number): void {
    connection.intendedAt = intendedAt;
    connection.send(this.#requests[this.#sent % this.#requests.length] as Buffer);
    this.#sent += 1;
  }
}
