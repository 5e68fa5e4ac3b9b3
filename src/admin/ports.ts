import type { RequestSample } from '../control/request-sample.ts';
import type { ListenerReport } from '../telemetry/reports.ts';
import type { MirrorTotal } from '../telemetry/totals.ts';
import type { TrafficRow } from '../telemetry/traffic-window.ts';

/** What the admin server is handed by whoever composes the gateway. It knows no other part. */
export interface AdminOptions {
  /** `host:port`; port 0 asks for a free one. */
  readonly address: string;
  /** null, or both null: no tokens; then the address must be loopback and every caller is operator. */
  readonly tokens: AdminTokens | null;
  readonly metricsMode: 'token' | 'open';
  /** Graygate's own version. */
  readonly version: string;
  /** Every listener is bound, every worker has a snapshot, and nothing drains. */
  isReady(): boolean;
  status(): Promise<StatusView>;
  /** Rejects with a `CommandError` when a listener would refuse such a request. The answer is sent as it is. */
  explain(sample: RequestSample): Promise<object>;
  /** The exposition: one text, or chunks of it. */
  metrics(): Promise<string> | AsyncIterable<string>;
  mirrors(): Promise<readonly Readonly<MirrorTotal>[]>;
  traffic(): Promise<readonly TrafficRow[]>;
  /** Told of errors that a caller only sees as `internal`. */
  onInternalError(error: unknown, requestId: string): void;
  /** Milliseconds since the epoch: the time an explained request is taken to come in at, unless it says. */
  nowMs(): number;
}

export interface AdminTokens {
  readonly viewer: string | null;
  readonly operator: string | null;
}

/** The answer of `GET /api/status`. */
export interface StatusView {
  readonly generation: number;
  readonly revision: number;
  readonly config: { readonly file: string; readonly error: string | null };
  readonly workers: readonly { readonly id: number; readonly pid: number; readonly generation: number }[];
  readonly listeners: readonly ListenerReport[];
  readonly routes: readonly RouteView[];
  readonly services: Readonly<Record<string, ServiceView>>;
  readonly switches: Readonly<Record<string, SwitchView>>;
  readonly releases: unknown;
}

export interface RouteView {
  readonly name: string;
  readonly service: string;
  readonly stable: string;
  /** Relative weights in force. */
  readonly split: Readonly<Record<string, number>>;
  readonly source: 'file' | 'live' | 'release';
  /** What is in force is not what the file says. */
  readonly drift: boolean;
  readonly revision: number;
  /** The last 60 s. */
  readonly observed: Readonly<Record<string, { readonly requests: number; readonly share: number }>>;
}

export interface ServiceView {
  readonly versions: Readonly<Record<string, { readonly endpoints: readonly EndpointView[] }>>;
}

export interface EndpointView {
  readonly url: string;
  readonly usable: boolean;
  readonly reason: string;
}

export interface SwitchView {
  readonly on: boolean;
  readonly revision: number;
}
