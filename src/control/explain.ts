import { type Explanation, explain } from '../core/explain.ts';
import type { RandomSource } from '../core/ports.ts';
import type { Snapshot } from '../core/snapshot.ts';
import { DecisionRun } from '../core/splitting/decide.ts';
import type { EndpointReport } from '../telemetry/reports.ts';
import { CommandError } from './command-error.ts';
import { type RequestSample, viewOfSample, type WireRules } from './request-sample.ts';

export interface ExplainContext {
  readonly snapshot: Snapshot;
  /** As the workers see them; empty: nothing is known, so every endpoint counts as usable. */
  readonly endpoints: readonly EndpointReport[];
  readonly random: RandomSource;
  readonly wire: WireRules;
}

/** What would become of this request, decided by the code that routes, on the snapshot in force. */
export function explainSample(sample: RequestSample, context: ExplainContext): Explanation {
  const { snapshot, wire, random } = context;
  const listener = snapshot.listeners[0];
  if (listener === undefined) throw new CommandError('invalid-request', 'the configuration has no listener');
  const view = viewOfSample(sample, listener, wire);
  const explanation = explain(snapshot, new DecisionRun(random), view);
  return { ...explanation, version: answeringVersion(explanation, context) };
}

/** The fallback, when the version that is meant has no usable endpoint and the fallback has one. */
function answeringVersion(
  { route: name, intended }: Explanation,
  { snapshot, endpoints }: ExplainContext,
): string | null {
  const route = snapshot.routes.find((candidate) => candidate.name === name);
  if (route === undefined || intended === null || route.fallback === null) return intended;
  const service = route.service.name;
  const fallback = route.fallback.name;
  const fallbackActs = isDown(service, intended, endpoints) && !isDown(service, fallback, endpoints);
  return fallbackActs ? fallback : intended;
}

function isDown(service: string, version: string, endpoints: readonly EndpointReport[]): boolean {
  const own = endpoints.filter((endpoint) => endpoint.service === service && endpoint.version === version);
  return own.length > 0 && own.every((endpoint) => !endpoint.usable);
}
