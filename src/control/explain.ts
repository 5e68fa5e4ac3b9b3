import { type Explanation, explain } from '../core/explain.ts';
import type { RandomSource } from '../core/ports.ts';
import type { ListenerSpec, Snapshot } from '../core/snapshot.ts';
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
  const listener = listenerOf(sample, snapshot.listeners);
  const view = viewOfSample(sample, listener, wire);
  const explanation = explain(snapshot, new DecisionRun(replayed(sample, random)), view);
  return { ...explanation, version: answeringVersion(explanation, context) };
}

function listenerOf({ listener: name }: RequestSample, listeners: readonly ListenerSpec[]): ListenerSpec {
  const found = name === undefined || name === null ? listeners[0] : listeners.find((one) => one.name === name);
  if (found !== undefined) return found;
  const [first] = listeners;
  if (first === undefined) throw new CommandError('invalid-request', 'the configuration has no listener');
  const known = listeners.map((one) => one.name).join(', ');
  throw new CommandError('invalid-request', `there is no listener "${name}"; there are ${known}`);
}

/** What chance gave once it gives again. */
function replayed({ draw, visitorId }: RequestSample, random: RandomSource): RandomSource {
  return { next: () => draw ?? random.next(), visitorId: () => visitorId ?? random.visitorId() };
}

/** The fallback, when the version that is meant has no usable endpoint and the fallback has one. */
function answeringVersion(
  { route: name, intended }: Explanation,
  { snapshot, endpoints }: ExplainContext,
): string | null {
  const route = snapshot.routes.find((candidate) => candidate.name === name);
  if (route === undefined || intended === null) return intended;
  const service = route.service.name;
  const isDrained = snapshot.drained.has(`${service}/${intended}`);
  const fallback = (route.fallback ?? (isDrained ? route.stable : null))?.name;
  if (fallback === undefined) return intended;
  const fallbackActs = isDown(service, intended, endpoints) && !isDown(service, fallback, endpoints);
  return fallbackActs ? fallback : intended;
}

function isDown(service: string, version: string, endpoints: readonly EndpointReport[]): boolean {
  const own = endpoints.filter((endpoint) => endpoint.service === service && endpoint.version === version);
  return own.length > 0 && own.every((endpoint) => !endpoint.usable);
}
