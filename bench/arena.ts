import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writeRequestsFile } from './load/requests-file.ts';
import { processesOfTree } from './measure/cpu.ts';
import { untilAnswered, verify } from './measure/verify.ts';
import { type Origin, startOrigin } from './origin/origin.ts';
import type { Launch, Peer, Setup } from './peers/peer.ts';
import type { Entry, Skipped } from './report/findings.ts';
import { freePort, type RunningProcess, startServer } from './running-process.ts';
import type { Bench } from './scenarios/scenario.ts';
import type { Traffic } from './scenarios/traffic.ts';

/** A peer that is to be measured, perhaps in several setups under several labels. */
export interface Entrant {
  readonly peer: Peer;
  readonly label?: string;
  readonly setup?: Partial<Setup>;
}

/** A peer that runs, was verified, and may be measured. */
export interface Contender {
  readonly label: string;
  readonly peer: Peer;
  readonly port: number;
  readonly process: RunningProcess;
  readonly launch: Launch;
}

const PLAIN: Setup = { workers: 0, routes: null, mirrorPort: null, profileDirectory: null };

/** An origin and the proxies before it, verified, all running and all idle but the one that is measured. */
export class Arena {
  readonly contenders: Contender[] = [];
  readonly skipped: Skipped[] = [];
  readonly origin: Origin;
  /** Rounds taken again lately, one after the other, that were disturbed again. */
  repeatedInVain = 0;
  readonly #bench: Bench;
  readonly #requestsFiles = new Map<Traffic, Promise<string>>();

  private constructor(bench: Bench, origin: Origin) {
    this.#bench = bench;
    this.origin = origin;
  }

  /** `readsBodies`: the requests of this arena have bodies. */
  static async open(bench: Bench, { readsBodies = false } = {}): Promise<Arena> {
    return new Arena(bench, await startOrigin(bench.directory, readsBodies));
  }

  get entries(): readonly Entry[] {
    return this.contenders.map(({ label, peer, launch }) => ({
      label,
      version: peer.version(),
      work: peer.work,
      configuration: launch.configuration.replaceAll(this.#bench.directory, 'DIRECTORY'),
    }));
  }

  /** Starts and verifies each. Who is missing, does not start or does not do the work is skipped with the reason. */
  async enter(entrants: readonly Entrant[], traffic: Traffic): Promise<void> {
    for (const entrant of entrants) {
      const label = entrant.label ?? entrant.peer.name;
      if (this.#bench.plan.peers?.includes(entrant.peer.name) === false) continue;
      const missing = entrant.peer.missing();
      if (missing !== null) this.#skip(label, `not installed; to have it: ${missing}`);
      else if (this.#bench.box.isOver) this.#skip(label, 'no time left');
      else await this.#enterOne(entrant, label, traffic);
    }
  }

  find(label: string): Contender | undefined {
    return this.contenders.find((one) => one.label === label);
  }

  /** The file of a traffic's requests, written when it is first asked for. */
  requestsFile(traffic: Traffic): Promise<string> {
    const known = this.#requestsFiles.get(traffic);
    if (known !== undefined) return known;
    const file = join(this.#bench.directory, `requests-${this.#requestsFiles.size}`);
    const written = writeRequestsFile(file, traffic).then(() => file);
    this.#requestsFiles.set(traffic, written);
    return written;
  }

  async close(): Promise<void> {
    await Promise.all(this.contenders.map((contender) => contender.process.stop()));
    await this.origin.stop();
  }

  async #enterOne({ peer, setup }: Entrant, label: string, traffic: Traffic): Promise<void> {
    const port = await freePort();
    const own = join(this.#bench.directory, label.replace(/\W+/g, '-'));
    await mkdir(own, { recursive: true });
    const full: Setup = { ...PLAIN, profileDirectory: this.#bench.plan.profileDirectory, ...setup };
    let process_: RunningProcess | undefined;
    try {
      const launch = await peer.prepare({ directory: own, port, origin: this.origin, traffic, setup: full });
      const role = full.workers > 0 ? 'proxies' : 'proxy';
      process_ = await startServer(role, launch.command, launch.args, port);
      if (full.workers > 1 && launch.workers !== 'threads' && processesOfTree(process_.pid).length === 1)
        throw new Error('it runs everything in one process');
      await untilAnswered(port, traffic);
      const wrong = await this.#verifyTwice(peer, port, traffic);
      if (wrong.length > 0) throw new Error(`failed the verification: ${wrong.join('; ')}`);
      this.contenders.push({ label, peer, port, process: process_, launch });
    } catch (error) {
      await process_?.stop();
      this.#skip(label, error instanceof Error ? error.message : String(error));
    }
  }

  /** On a machine that others use too, one that sheds load when it gets no time is not wrong for it. */
  async #verifyTwice(peer: Peer, port: number, traffic: Traffic): Promise<readonly string[]> {
    const wrong = await verify(peer, port, traffic, this.origin);
    return wrong.length === 0 ? wrong : verify(peer, port, traffic, this.origin);
  }

  #skip(name: string, why: string): void {
    this.skipped.push({ name, why });
    this.#bench.say(`${name}: skipped, ${why}`);
  }
}
