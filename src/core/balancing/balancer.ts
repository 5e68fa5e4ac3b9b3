import type { RandomSource } from '../ports.ts';

/** Chooses among the endpoints of one version. Built when a snapshot is installed, asked per try; endpoints are their places. */
export interface Balancer {
  /**
   * The place of the endpoint to use; -1 when none is usable. `inFlight` is what an endpoint has under way; `key` is the hash
   * key as bytes, null without one.
   */
  next(
    isUsable: (endpoint: number) => boolean,
    inFlight: (endpoint: number) => number,
    key: string | null,
    random: RandomSource,
  ): number;
}

/** An endpoint as a balancer sees it. `url` is its stable identity, `weight` is above 0. */
export interface BalancedEndpoint {
  readonly url: string;
  readonly weight: number;
}
