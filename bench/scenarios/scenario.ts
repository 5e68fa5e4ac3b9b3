import type { Load } from '../load/load.ts';
import type { Findings } from '../report/findings.ts';
import type { TimeBox } from '../time-box.ts';

/** A question that the bench answers by measuring. */
export interface Scenario {
  readonly name: string;
  readonly about: string;
  /** Its part of the time, about the seconds that it takes when there is enough. */
  readonly weight: number;
  /** Part of the run that must end within a minute. */
  readonly quick: boolean;
  run(bench: Bench): Promise<Findings>;
}

/** What a scenario works with. */
export interface Bench {
  readonly plan: Plan;
  /** Of this scenario alone, removed after it. */
  readonly directory: string;
  readonly box: TimeBox;
  /** Progress, for who waits. */
  say(line: string): void;
}

export interface Plan {
  readonly isQuick: boolean;
  /** Names of peers; null: all. */
  readonly peers: readonly string[] | null;
  readonly rounds: number;
  readonly secondsPerRound: number;
  readonly warmupSeconds: number;
  readonly load: Load;
  /** Where graygate's profiles go; null: none are made. */
  readonly profileDirectory: string | null;
}
