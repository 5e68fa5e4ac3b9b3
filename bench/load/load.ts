import { spawnSync } from 'node:child_process';
import type { Traffic } from '../scenarios/traffic.ts';
import { autocannonLoad } from './autocannon.ts';
import { closedLoop } from './own-client.ts';
import { wrk } from './wrk.ts';

/** What one run of load saw from the client's side. */
export interface LoadResult {
  readonly requests: number;
  readonly durationMicros: number;
  /** Statuses other than 2xx and 3xx, broken connections and timeouts. */
  readonly errors: number;
  readonly p50Micros: number;
  readonly p99Micros: number;
  readonly p999Micros: number;
  readonly maxMicros: number;
  /** How late an open-loop client itself was; null where the answers set the pace. */
  readonly lateP99Micros: number | null;
}

/** A kind of load: as much as the connections carry, or a rate. */
export interface Load {
  readonly name: string;
  /** Resolves when the load is ready to begin, with its connections open where the tool allows that. */
  prepare(target: LoadTarget): Promise<PreparedLoad>;
}

export interface LoadTarget {
  readonly port: number;
  readonly traffic: Traffic;
  /** The requests of the traffic, as writeRequestsFile leaves them. */
  readonly requestsFile: string;
  readonly seconds: number;
}

export interface PreparedLoad {
  run(): Promise<LoadResult>;
  /** Closes the connections. */
  close(): Promise<void>;
}

export type LoadName = 'wrk' | 'own' | 'autocannon';

/** wrk where it is installed, our own client in a closed loop elsewhere; or the one asked for. */
export function saturatingLoad(wanted: LoadName | undefined): Load {
  const hasWrk = spawnSync('wrk', ['-v']).error === undefined;
  if (wanted === 'wrk' && !hasWrk) throw new Error('wrk is not installed (apt-get install wrk)');
  if (wanted === 'autocannon') return autocannonLoad;
  return wanted === 'own' || !hasWrk ? closedLoop : wrk;
}
