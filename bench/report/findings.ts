import type { Chart } from './chart.ts';

/** One measurement of one contender. */
export interface Round {
  /** User and system time of the proxy and all its processes, per request answered. */
  readonly cpuMicrosPerRequest: number;
  readonly requestsPerSecond: number;
  /** Part of one core that the proxy used: about 1 means that the proxy was the limit. */
  readonly busy: number;
  readonly p50Micros: number;
  readonly p99Micros: number;
  readonly p999Micros: number;
  readonly maxMicros: number;
  /** Of an open-loop client: how late it was itself; null in a closed loop. */
  readonly lateP99Micros: number | null;
  readonly residentBytes: number;
  readonly errors: number;
  /** Something else used the machine meanwhile, or the client came late, even when it was measured again. */
  readonly isDoubtful: boolean;
}

/** The rounds of one contender under one load. */
export interface Measured {
  readonly label: string;
  readonly load: string;
  readonly rounds: readonly Round[];
}

/** Who was measured, and with which configuration. */
export interface Entry {
  readonly label: string;
  readonly version: string;
  readonly work: string;
  readonly configuration: string;
}

/** Who was not, and why. */
export interface Skipped {
  readonly name: string;
  readonly why: string;
}

/** A figure that graygate is held to, and what was measured. */
export interface Verdict {
  readonly what: string;
  readonly value: number;
  readonly unit: 'x' | 'ms' | 's' | 'MB' | '';
  readonly atMost: number;
  readonly aim: number;
  /** Why a figure beyond its bound counts as within it: the difference is less than the run can tell. */
  readonly excuse?: string;
}

export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** What a scenario brought. */
export interface Findings {
  /** Origin, load, rounds: one sentence. */
  readonly setting: string;
  readonly entries: readonly Entry[];
  readonly skipped: readonly Skipped[];
  readonly measured: readonly Measured[];
  readonly tables: readonly Table[];
  readonly charts: readonly Chart[];
  readonly verdicts: readonly Verdict[];
  readonly notes: readonly string[];
}

/** The findings of one scenario, as they are written down. */
export interface Outcome extends Findings {
  readonly scenario: string;
  readonly about: string;
}

/** Everything one run of the bench brought. */
export interface Report {
  readonly when: string;
  readonly machine: string;
  readonly pinning: string;
  readonly versions: readonly string[];
  readonly minutes: number;
  readonly outcomes: readonly Outcome[];
  /** Scenarios that did not run, and why. */
  readonly missing: readonly Skipped[];
}
