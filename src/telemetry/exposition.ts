import { setImmediate as nextTurn } from 'node:timers/promises';
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { durationLines, head, labels } from './exposition-text.ts';
import { comparisonFamilies, mirrorFamilies, mirrorsAtOnce } from './mirror-exposition.ts';
import { STATUS_LABELS } from './request-cells.ts';
import type { Totals } from './totals.ts';

export const METRICS_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** What the exposition shows beside the totals. */
export interface ExpositionExtras {
  /** The generation in force. */
  readonly generation: number;
  readonly reloads: { readonly ok: number; readonly refused: number };
}

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
  const mirrors = mirrorsAtOnce(totals);
  yield* requestFamilies(totals);
  yield* mirrorFamilies(mirrors);
  yield* comparisonFamilies(totals);
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
  for (const { route, version, durationMicros, buckets } of totals.arms) {
    yield durationLines('graygate_request_duration_seconds', labels({ route, version }), durationMicros, buckets);
  }
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
