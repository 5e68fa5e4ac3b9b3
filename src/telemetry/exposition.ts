import { setImmediate as nextTurn } from 'node:timers/promises';
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { bucketOf } from './duration-histogram.ts';
import { MIRROR_DROP_REASONS } from './mirror-cells.ts';
import { STATUS_LABELS } from './request-cells.ts';
import type { ArmTotal, MirrorTotal, Totals } from './totals.ts';

export const METRICS_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/**
 * Edges of the exposed duration histogram in microseconds, 1 ms to 59 s. Each is an edge of the buckets that are counted
 * (hence 1.024 ms and not 1 ms), so that every count below an edge is exact.
 */
export const DURATION_EDGES_MICROS = [
  1024, 2560, 5120, 10_240, 24_576, 49_152, 98_304, 245_760, 491_520, 983_040, 2_621_440, 5_242_880, 10_485_760,
  29_360_128, 58_720_256,
] as const;

/** What the exposition shows beside the totals. */
export interface ExpositionExtras {
  /** The generation in force. */
  readonly generation: number;
  readonly reloads: { readonly ok: number; readonly refused: number };
}

const EDGE_BUCKETS = DURATION_EDGES_MICROS.map(bucketOf);
const STATUS_CLASSES = STATUS_LABELS.slice(0, 5);
const CHUNK_CHARS = 64 * 1024;
const BREATH_MS = 4;

/** Metrics of this process are one set, whoever asks for them. */
let processRegistry: Registry | null = null;

/**
 * The whole exposition as chunks of text. The families that grow with the configuration are written here, because a registry
 * that holds every series as an object blocks the event loop for seconds at 200,000 cells; between chunks the loop runs.
 */
export async function* metricChunks(totals: Totals, extras: ExpositionExtras): AsyncGenerator<string> {
  let text = '';
  let since = performance.now();
  for (const piece of families(totals)) {
    text += piece;
    if (text.length < CHUNK_CHARS && performance.now() - since < BREATH_MS) continue;
    yield text;
    text = '';
    await nextTurn();
    since = performance.now();
  }
  yield text;
  yield await smallFamilies(extras);
  yield await processFamilies();
}

/** The whole exposition as one text. For very large configurations prefer `metricChunks`. */
export async function renderMetrics(totals: Totals, extras: ExpositionExtras): Promise<string> {
  const chunks: string[] = [];
  for await (const chunk of metricChunks(totals, extras)) chunks.push(chunk);
  return chunks.join('');
}

function* families(totals: Totals): Generator<string> {
  // Copied at once: the identities of a mirror's account hold within one exposition although its families are apart.
  const mirrors = totals.mirrors.map((mirror) => ({
    ...mirror,
    dropped: { ...mirror.dropped },
    statuses: [...mirror.statuses],
  }));
  yield* requestFamilies(totals);
  yield* mirrorFamilies(mirrors);
  yield* upstreamFamilies(totals);
  yield head('graygate_access_log_dropped_total', 'counter', 'Lines of the access log that could not be written.');
  yield `graygate_access_log_dropped_total ${totals.droppedLogLines}\n`;
}

function* requestFamilies(totals: Totals): Generator<string> {
  yield head('graygate_requests_total', 'counter', 'Requests that ended, by the version that was meant.');
  for (const { route, rule, version, counts } of totals.requests) {
    const start = `graygate_requests_total{${labels({ route, rule, version })},status="`;
    let lines = '';
    for (let at = 0; at < STATUS_LABELS.length; at++) lines += `${start}${STATUS_LABELS[at]}"} ${counts[at]}\n`;
    yield lines;
  }
  yield head(
    'graygate_request_duration_seconds',
    'histogram',
    'From the first byte of a request to the last of its response.',
  );
  for (const arm of totals.arms) yield durationLines(arm);
  yield head('graygate_requests_in_flight', 'gauge', 'Requests begun and not yet ended.');
  for (const { route, version, inFlight } of totals.arms) {
    yield `graygate_requests_in_flight{${labels({ route, version })}} ${inFlight}\n`;
  }
  yield head(
    'graygate_fallbacks_total',
    'counter',
    'Requests that another version answered for the one that was meant.',
  );
  for (const { route, from, to, count } of totals.fallbacks) {
    yield `graygate_fallbacks_total{${labels({ route, from, to })}} ${count}\n`;
  }
  yield head(
    'graygate_unknown_conditions_total',
    'counter',
    'Requests for which a condition could be neither true nor false, by reason.',
  );
  for (const { route, reason, count } of totals.unknowns) {
    yield `graygate_unknown_conditions_total{${labels({ route, reason })}} ${count}\n`;
  }
}

function durationLines({ route, version, durationMicros, buckets }: Readonly<ArmTotal>): string {
  const name = 'graygate_request_duration_seconds';
  const arm = labels({ route, version });
  let lines = '';
  let below = 0;
  let bucket = 0;
  for (let edge = 0; edge < EDGE_BUCKETS.length; edge++) {
    if (buckets) for (; bucket <= EDGE_BUCKETS[edge]!; bucket++) below += buckets[bucket]!;
    lines += `${name}_bucket{${arm},le="${DURATION_EDGES_MICROS[edge]! / 1e6}"} ${below}\n`;
  }
  if (buckets) for (; bucket < buckets.length; bucket++) below += buckets[bucket]!;
  return `${lines}${name}_bucket{${arm},le="+Inf"} ${below}\n${name}_sum{${arm}} ${durationMicros / 1e6}\n${name}_count{${arm}} ${below}\n`;
}

const MIRROR_COUNTERS = [
  ['eligible', 'eligible', 'Requests for which a version was chosen where this mirror stands.'],
  ['not_sampled', 'notSampled', 'Left out by the percentage.'],
  ['sent', 'sent', 'Copies that left.'],
  ['answered', 'answered', 'Copies that the shadow answered.'],
  ['timed_out', 'timedOut', 'Copies that the shadow did not answer in time.'],
  ['failed', 'failed', 'Copies that ended in an error.'],
] as const;

function* mirrorFamilies(mirrors: readonly MirrorTotal[]): Generator<string> {
  for (const [word, field, help] of MIRROR_COUNTERS) {
    const name = `graygate_mirror_${word}_total`;
    yield head(name, 'counter', help);
    for (const total of mirrors) yield `${name}{${mirrorLabels(total)}} ${total[field]}\n`;
  }
  yield head('graygate_mirror_dropped_total', 'counter', 'Copies that were not sent, by reason.');
  for (const total of mirrors) {
    const start = `graygate_mirror_dropped_total{${mirrorLabels(total)},reason="`;
    yield MIRROR_DROP_REASONS.map((reason) => `${start}${reason}"} ${total.dropped[reason] ?? 0}\n`).join('');
  }
  yield head('graygate_mirror_responses_total', 'counter', 'Answers of the shadow, by status class.');
  for (const total of mirrors) {
    const start = `graygate_mirror_responses_total{${mirrorLabels(total)},status="`;
    yield STATUS_CLASSES.map((status, at) => `${start}${status}"} ${total.statuses[at]}\n`).join('');
  }
  yield head('graygate_mirror_pending', 'gauge', 'Eligible requests whose copy is not yet decided.');
  for (const total of mirrors) yield `graygate_mirror_pending{${mirrorLabels(total)}} ${total.pending}\n`;
  yield head('graygate_mirror_in_flight', 'gauge', 'Copies sent and not yet ended.');
  for (const total of mirrors) yield `graygate_mirror_in_flight{${mirrorLabels(total)}} ${total.inFlight}\n`;
}

function* upstreamFamilies(totals: Totals): Generator<string> {
  yield head(
    'graygate_upstream_connections',
    'gauge',
    'Connections to a version; pending: requests that wait for one.',
  );
  for (const { service, version, ...states } of totals.pools()) {
    const start = `graygate_upstream_connections{${labels({ service, version })},state="`;
    for (const state of ['active', 'idle', 'pending'] as const) yield `${start}${state}"} ${states[state]}\n`;
  }
  yield head('graygate_endpoint_usable', 'gauge', '1 while no worker has set the endpoint aside.');
  for (const { service, version, url, usable } of totals.endpoints()) {
    yield `graygate_endpoint_usable{${labels({ service, version, endpoint: url })}} ${usable ? 1 : 0}\n`;
  }
}

function smallFamilies({ generation, reloads }: ExpositionExtras): Promise<string> {
  const registry = new Registry();
  const registers = [registry];
  new Gauge({ name: 'graygate_config_generation', help: 'The generation in force.', registers }).set(generation);
  const counter = new Counter({
    name: 'graygate_config_reloads_total',
    help: 'Attempts to take a changed configuration.',
    labelNames: ['result'],
    registers,
  });
  counter.inc({ result: 'ok' }, reloads.ok);
  counter.inc({ result: 'refused' }, reloads.refused);
  return registry.metrics();
}

function processFamilies(): Promise<string> {
  if (!processRegistry) {
    processRegistry = new Registry();
    collectDefaultMetrics({ register: processRegistry });
  }
  return processRegistry.metrics();
}

function head(name: string, type: 'counter' | 'gauge' | 'histogram', help: string): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
}

function mirrorLabels({ route, mirror }: MirrorTotal): string {
  return labels({ route, mirror });
}

function labels(values: Readonly<Record<string, string>>): string {
  let text = '';
  for (const name in values) text += `${text === '' ? '' : ','}${name}="${escapeLabel(values[name]!)}"`;
  return text;
}

/** Backslash, double quote and line feed, as the text format wants them. */
function escapeLabel(value: string): string {
  return /[\\"\n]/.test(value) ? value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n') : value;
}
