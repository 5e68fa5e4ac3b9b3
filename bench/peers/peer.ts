import type { OriginPorts } from '../origin/origin.ts';
import type { Traffic } from '../scenarios/traffic.ts';

/** A proxy that is measured, graygate itself among them. */
export interface Peer {
  readonly name: string;
  /** What it does for each request, for the report. */
  readonly work: string;
  /** What the verification may expect of it. */
  readonly routes: {
    /** Splits by a hash of the user's id. */
    readonly split: boolean;
    /** Sends whoever the rule catches to the canary. */
    readonly rule: boolean;
    /** Stamps X-Forwarded-For and Via. */
    readonly stamps: boolean;
  };
  /** null: it can run here. Else how to get it, a command where there is one. */
  missing(): string | null;
  version(): string;
  /** Writes what it needs and says how to start it. */
  prepare(site: Site): Promise<Launch>;
}

/** Where a peer runs, what is behind it and what it must be ready for. */
export interface Site {
  /** Of this run and this peer alone. */
  readonly directory: string;
  readonly port: number;
  readonly origin: OriginPorts;
  readonly traffic: Traffic;
  readonly setup: Setup;
}

/** What some scenarios change about a peer. Who cannot do it is not entered there. */
export interface Setup {
  /** Processes that take connections; 0: for graygate all in one process, as 1 for the others. */
  readonly workers: number;
  /** So many routes `/svc-N`, each with so many rules of which the last is the traffic's; null: one for everything. */
  readonly routes: { readonly count: number; readonly rules: number } | null;
  /** A port that gets a copy of every request. */
  readonly mirrorPort: number | null;
  /** Whether the answers to the copies are compared with the originals', by who can. */
  readonly comparesAnswers?: boolean;
  /** Where to leave a profile of the processor time, for who can make one. */
  readonly profileDirectory: string | null;
}

export interface Launch {
  readonly command: string;
  readonly args: readonly string[];
  /** Its configuration, for whoever wants to see that the comparison is fair. */
  readonly configuration: string;
  /** What takes the connections when there are several; default: processes. */
  readonly workers?: 'threads';
  /** A file of configuration that the running peer follows. */
  readonly file?: string;
}
