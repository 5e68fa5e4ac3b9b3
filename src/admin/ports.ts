import type { GatewayControl } from '../control/gateway-control.ts';
import type { DifferencesView, MirrorView } from '../control/mirror-view.ts';
import type { RequestSample } from '../control/request-sample.ts';
import type { Status } from '../control/status.ts';
import type { DecisionRecord } from '../telemetry/decision-ring.ts';
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
  status(): Promise<Status>;
  /** Rejects with a `CommandError` when a listener would refuse such a request. The answer is sent as it is. */
  explain(sample: RequestSample): Promise<object>;
  /** The exposition: one text, or chunks of it. */
  metrics(): Promise<string> | AsyncIterable<string>;
  mirrors(): Promise<readonly MirrorView[]>;
  /** Rejects with a `CommandError` when the answers of that version are not compared on that route. */
  differences(route: string, version: string): Promise<DifferencesView>;
  /** Forgets what comparing came to, so that it begins anew. */
  forgetDifferences(route: string, version: string): Promise<void>;
  traffic(): Promise<readonly TrafficRow[]>;
  /** The last few real decisions, newest first. */
  decisions(): Promise<readonly DecisionRecord[]>;
  /** Everything that changes what is in force at run time. */
  readonly control: ControlPort;
  /** Replaces every worker process without losing a request. */
  restartWorkers(): Promise<void>;
  /** Told of errors that a caller only sees as `internal`. */
  onInternalError(error: unknown, requestId: string): void;
  /** Milliseconds since the epoch: the time an explained request is taken to come in at, unless it says. */
  nowMs(): number;
}

export type ControlPort = Pick<GatewayControl, keyof GatewayControl>;

export interface AdminTokens {
  readonly viewer: string | null;
  readonly operator: string | null;
}
