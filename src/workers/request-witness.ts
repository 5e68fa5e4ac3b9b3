import { decisionCookies } from '../config/decision-cookies.ts';
import type { Config } from '../config/model.ts';
import type { Log } from '../control/log.ts';
import { AccessLog } from '../telemetry/access-log.ts';
import { DecisionRing } from '../telemetry/decision-ring.ts';

export interface RequestWitnessOptions {
  /** Uniform in [0, 1): chooses the sample of the log. */
  readonly draw: () => number;
  /** Where the operator is told that lines are lost; by default stderr. */
  readonly log?: Log | undefined;
}

/** What a worker keeps of single requests: its access log, as the configuration in force has it, and a few decisions. */
export class RequestWitness {
  readonly decisions = new DecisionRing();
  readonly #options: RequestWitnessOptions;
  #accessLog: AccessLog | null = null;
  /** Stdout belongs to the lines that say where the gateway listens until those are out. */
  #isHeld = true;
  #droppedBefore = 0;
  #droppedTold = 0;

  constructor(options: RequestWitnessOptions) {
    this.#options = options;
  }

  /** Follows a configuration that comes into force; returns the log to write from here on, null for none. */
  follow(config: Config): AccessLog | null {
    this.decisions.cookies = new Set(decisionCookies(config));
    const settings = config.accessLog;
    const current = this.#accessLog;
    if (settings !== null && current !== null && settings.to === current.to) {
      current.only = settings.only;
      return current;
    }
    if (current !== null) this.#letGo(current);
    const { draw, log = logOnStderr } = this.#options;
    this.#accessLog = settings === null ? null : new AccessLog(settings, { draw, notify: log, isHeld: this.#isHeld });
    return this.#accessLog;
  }

  /** What is lost while it is closed no longer shows here; a line or two, when its disk is full. */
  #letGo(accessLog: AccessLog): void {
    this.#droppedBefore += accessLog.dropped;
    void accessLog.close();
  }

  /** Stdout is the access log's from here on. */
  release(): void {
    this.#isHeld = false;
    this.#accessLog?.release();
  }

  /** Files have been rotated: the path is opened anew. */
  reopen(): void {
    this.#accessLog?.reopen();
  }

  /** Lines lost since the last call. */
  takeDropped(): number {
    const dropped = this.#droppedBefore + (this.#accessLog?.dropped ?? 0);
    const fresh = dropped - this.#droppedTold;
    this.#droppedTold = dropped;
    return fresh;
  }

  async close(): Promise<void> {
    await this.#accessLog?.close();
  }
}

const logOnStderr: Log = (level, text) => process.stderr.write(`${new Date().toISOString()} ${level} ${text}\n`);
