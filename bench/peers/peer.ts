import type { Scenario } from '../scenarios/scenario.ts';

/** A proxy that is measured, graygate itself among them. */
export interface Peer {
  readonly name: string;
  /** What it does for each request, for the report. */
  readonly work: string;
  /** What the verification may expect of it. */
  readonly routes: {
    /** Splits by a hash of the user's id. */
    readonly split: boolean;
    /** Sends whoever carries the rule's header to the canary. */
    readonly rule: boolean;
    /** Stamps X-Forwarded-For and Via. */
    readonly stamps: boolean;
  };
  /** Part of the run that must end within a minute. */
  readonly quick: boolean;
  /** null: it can run here. Else one sentence on how to get it. */
  missing(): string | null;
  version(): string;
  /** Writes what it needs and says how to start it. */
  prepare(site: Site): Promise<Launch>;
}

/** Where a peer runs and what is behind it. */
export interface Site {
  /** Of this run and this peer alone. */
  readonly directory: string;
  readonly port: number;
  readonly stablePort: number;
  readonly canaryPort: number;
  readonly scenario: Scenario;
}

export interface Launch {
  readonly command: string;
  readonly args: readonly string[];
  /** Its configuration, for whoever wants to see that the comparison is fair. */
  readonly configuration: string;
}
