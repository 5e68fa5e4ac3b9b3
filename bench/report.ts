import { cpus } from 'node:os';
import type { Contender, Round, Skipped } from './contest.ts';

/** Everything one scenario brought, as it is written to bench/results. */
export interface Outcome {
  readonly scenario: string;
  readonly about: string;
  readonly when: string;
  readonly machine: string;
  readonly pinning: string;
  readonly origin: string;
  readonly load: string;
  readonly secondsPerRound: number;
  readonly entries: readonly Entry[];
  readonly skipped: readonly Skipped[];
}

export interface Entry {
  readonly name: string;
  readonly version: string;
  readonly work: string;
  readonly configuration: string;
  readonly rounds: readonly Round[];
}

/** A ratio that graygate is held to in this scenario. */
interface Goal {
  readonly peer: string;
  readonly atMost: number;
}

const GOALS: readonly Goal[] = [
  { peer: 'nginx + lua', atMost: 1.15 },
  { peer: '@fastify/http-proxy', atMost: 0.25 },
];

export function describeMachine(): string {
  const all = cpus();
  return `${all.length} x ${all[0]?.model.trim() ?? 'unknown processor'}`;
}

export function entryOf({ peer, configuration }: Contender, rounds: readonly Round[]): Entry {
  return { name: peer.name, version: peer.version(), work: peer.work, configuration, rounds };
}

/** The outcome as Markdown: medians, in brackets lowest and highest round, cheapest first. */
export function formatMarkdown(outcome: Outcome): string {
  const sorted = outcome.entries.toSorted((a, b) => cpuOf(a) - cpuOf(b));
  const reference = outcome.entries.find(({ name }) => name === 'nginx + lua');
  const rows = sorted.map((entry) => formatRow(entry, reference));
  const rounds = outcome.entries[0]?.rounds.length ?? 0;
  return `## ${outcome.scenario}: ${outcome.about}

${outcome.machine}; ${outcome.pinning}; origin ${outcome.origin}; load ${outcome.load}, ${rounds} interleaved rounds of ${outcome.secondsPerRound} s; median [lowest-highest].

| proxy | CPU us/request | vs nginx + lua | requests/s | core busy | p50 ms | p99 ms | RSS MB | errors |
|---|---|---|---|---|---|---|---|---|
${rows.join('\n')}

${[...sorted.map(({ name, version, work }) => `- ${name} (${version}): ${work}`), ...outcome.skipped.map(({ name, why }) => `- ${name}: skipped, ${why}`)].join('\n')}
${formatDisturbance(outcome.entries)}${formatGoals(outcome.entries)}`;
}

/** Above this part of its core a proxy counts as saturated. */
const SATURATED = 0.8;

/** With cores to itself the run saturates at least the slowest proxy; where it does not, something else used the machine. */
function formatDisturbance(entries: readonly Entry[]): string {
  const busiest = Math.max(...entries.map(({ rounds }) => median(rounds.map(({ busy }) => busy))));
  if (busiest >= SATURATED) return '';
  return `
NOT at saturation: no proxy had its core to itself (${Math.round(busiest * 100)} % at most). Something else used the machine; repeat this on an idle one.
`;
}

function formatRow(entry: Entry, reference: Entry | undefined): string {
  const { rounds } = entry;
  const values = (pick: (round: Round) => number) => rounds.map(pick);
  const cells = [
    entry.name,
    withRange(values((round) => round.cpuMicrosPerRequest)),
    reference === undefined ? '' : `${(cpuOf(entry) / cpuOf(reference)).toFixed(2)}x`,
    Math.round(median(values((round) => round.requestsPerSecond))).toLocaleString('en'),
    `${Math.round(median(values((round) => round.busy)) * 100)} %`,
    (median(values((round) => round.p50Micros)) / 1000).toFixed(2),
    withRange(values((round) => round.p99Micros / 1000)),
    Math.round(median(values((round) => round.residentBytes)) / 2 ** 20),
    rounds.reduce((sum, { errors }) => sum + errors, 0),
  ];
  return `| ${cells.join(' | ')} |`;
}

function formatGoals(entries: readonly Entry[]): string {
  const own = entries.find(({ name }) => name === 'graygate');
  if (own === undefined) return '';
  const lines = GOALS.flatMap(({ peer, atMost }) => {
    const other = entries.find(({ name }) => name === peer);
    if (other === undefined) return [];
    const ratio = cpuOf(own) / cpuOf(other);
    return [
      `- CPU vs ${peer}: ${ratio.toFixed(2)}x, at most ${atMost}x wanted: ${ratio <= atMost ? 'reached' : 'MISSED'}`,
    ];
  });
  return `\n${lines.join('\n')}\n`;
}

function cpuOf(entry: Entry): number {
  return median(entry.rounds.map(({ cpuMicrosPerRequest }) => cpuMicrosPerRequest));
}

function withRange(values: readonly number[]): string {
  return `${median(values).toFixed(2)} [${Math.min(...values).toFixed(2)}-${Math.max(...values).toFixed(2)}]`;
}

/** The middle value, or the mean of the two in the middle. NaN for no values. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const low = sorted[Math.ceil(middle) - 1] ?? Number.NaN;
  const high = sorted[Math.floor(middle)] ?? Number.NaN;
  return (low + high) / 2;
}
