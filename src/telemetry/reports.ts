/** Gauges that a data plane reports beside its counters. */

export interface ListenerReport {
  readonly name: string;
  readonly address: string;
  readonly port: number;
}

export interface PoolReport {
  readonly service: string;
  readonly version: string;
  readonly active: number;
  readonly idle: number;
  readonly pending: number;
}

export interface EndpointReport {
  readonly service: string;
  readonly version: string;
  readonly url: string;
  readonly usable: boolean;
  /** Why it is not usable: `ejected`, `unhealthy`, `draining`, `unresolved`; '' when usable. */
  readonly reason: string;
  /** The addresses behind a name; absent where the configuration has none to look up. */
  readonly addresses?: readonly AddressReport[];
}

/** An endpoint that active checks hold for unhealthy; `address`: the one behind a name, '' where there is none to look up. */
export interface UnhealthyEndpoint {
  readonly service: string;
  readonly version: string;
  readonly url: string;
  readonly address: string;
}

export interface AddressReport {
  readonly address: string;
  readonly usable: boolean;
  readonly reason: string;
}

/** Open connections of one client address on one listener. */
export interface ClientCount {
  readonly listener: string;
  readonly client: string;
  readonly count: number;
}
