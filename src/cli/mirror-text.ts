import type { DifferencesView, DifferenceView, LatencyView, MirrorView } from '../control/mirror-view.ts';
import { columns } from './table.ts';

/** Fields that are shown; --json has them all. */
const MAX_SHOWN = 50;
const MAX_VALUE_CHARS = 40;

/** The mirrors of a route, and what their answers differ in, as a person reads it. */
export function mirrorText(mirrors: readonly MirrorView[], differences: readonly DifferencesView[]): string {
  return [...mirrors.map(accountText), ...differences.map(differencesText)].join('\n');
}

function accountText(mirror: MirrorView): string {
  const {
    route,
    rule,
    mirror: name,
    eligible,
    notSampled,
    sent,
    pending,
    answered,
    timedOut,
    failed,
    inFlight,
  } = mirror;
  const reasons = counted(mirror.dropped);
  const dropped = Object.values(mirror.dropped).reduce((sum, count) => sum + count, 0);
  const statuses = mirror.statuses
    .map((count, at) => ({ count, name: `${at + 1}xx` }))
    .filter(({ count }) => count > 0)
    .map(({ count, name: status }) => `${status} ${count}`);
  const rows = [
    [
      'eligible',
      `${eligible}`,
      `not sampled ${notSampled}, dropped ${dropped}${reasons}, sent ${sent}, pending ${pending}`,
    ],
    ['sent', `${sent}`, `answered ${answered}, timed out ${timedOut}, failed ${failed}, in flight ${inFlight}`],
    ['answered', `${answered}`, statuses.join(', ')],
  ];
  return `${route}${rule === '' ? '' : ` (rule ${rule})`} -> ${name}\n${columns(rows, '  ')}`;
}

function differencesText(view: DifferencesView): string {
  const { route, mirror, compared, same, different, skipped, verdict, differingFields, baseline, ignore } = view;
  const rows = [
    ['verdict', `${verdict}${differingFields > 0 ? `: ${differingFields} differing` : ''}`],
    ['compared', `${compared}: same ${same}, different ${different}; skipped${counted(skipped) || ' none'}`],
    ['baseline', baseline ?? 'none: noise counts as a difference'],
    ['primary', latencyText(view.latency.primary)],
    ['shadow', latencyText(view.latency.shadow)],
    [
      'ignored',
      [...ignore.file, ...ignore.live.map((field) => `${field} (live)`)].join(', ') || 'nothing but the defaults',
    ],
  ];
  const head = `answers of ${mirror} on ${route}\n${columns(rows, '  ')}`;
  const shown = view.differences.slice(0, MAX_SHOWN);
  if (shown.length === 0) return head;
  const left = view.differences.length - shown.length;
  const table = columns([
    ['REQUEST', 'FIELD', 'DIFFERS', 'NOISE', 'PRIMARY', 'SHADOW', ''],
    ...shown.map(differenceRow),
  ]);
  return `${head}\n${table}${left > 0 ? `${left} more: --json has them all\n` : ''}`;
}

function differenceRow({ method, path, field, count, noise, compared, real, samples }: DifferenceView): string[] {
  const [sample] = samples;
  return [
    `${method} ${path}`.trim(),
    field,
    `${count} of ${compared}`,
    `${noise}`,
    shown(sample?.primary ?? null),
    shown(sample?.shadow ?? null),
    real ? '' : 'noise',
  ];
}

/** Escaped as JSON is: nothing in it moves a cursor. */
function shown(value: string | null): string {
  if (value === null) return 'absent';
  const plain = value.replace(/[^\x20-\x7e…]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return plain.length > MAX_VALUE_CHARS ? `${plain.slice(0, MAX_VALUE_CHARS)}…` : plain;
}

function latencyText({ p50, p99, mean }: LatencyView): string {
  return p50 === null ? '-' : `p50 ${millis(p50)}, p99 ${millis(p99)}, mean ${millis(mean)}`;
}

function millis(value: number | null): string {
  return value === null ? '-' : `${Number(value.toPrecision(3))} ms`;
}

function counted(counts: Readonly<Record<string, number>>): string {
  const parts = Object.entries(counts).map(([reason, count]) => `${reason} ${count}`);
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
}
