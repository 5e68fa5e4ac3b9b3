import { parseArgs } from 'node:util';
import { type LoadName, saturatingLoad } from './load/load.ts';
import type { Plan, Scenario } from './scenarios/scenario.ts';

export const USAGE = `npm run bench -- [--quick] [--scenario NAME,NAME] [--peers NAME,NAME] [--minutes N] [--report DIRECTORY]
                 [--rounds N] [--seconds N] [--load wrk|own|autocannon] [--profile DIRECTORY]`;

/** The last scenario may end a little after its time; 15 minutes are what a full run may take. */
const FULL_MINUTES = 14;
const QUICK_SECONDS = 45;

/** What was asked for on the command line. */
export interface Order {
  readonly plan: Plan;
  readonly scenarios: readonly Scenario[];
  readonly minutes: number;
  /** Where the report goes; null: to a directory of its own under bench/results. */
  readonly reportDirectory: string | null;
}

/** Throws with a sentence for whoever asked when it makes no sense. */
export function readOrder(args: readonly string[], all: readonly Scenario[], peerNames: readonly string[]): Order {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      scenario: { type: 'string' },
      peers: { type: 'string' },
      minutes: { type: 'string' },
      report: { type: 'string' },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      load: { type: 'string' },
      profile: { type: 'string' },
    },
  });
  const { quick } = values;
  const names = values.scenario?.split(',');
  const scenarios = names?.map((name) => known(name, all, 'scenario')) ?? all.filter((one) => one.quick || !quick);
  const peers = values.peers?.split(',') ?? null;
  for (const name of peers ?? [])
    known(
      name,
      peerNames.map((peer) => ({ name: peer })),
      'peer',
    );
  return {
    scenarios,
    minutes: positive(values.minutes, '--minutes', quick ? (QUICK_SECONDS * scenarios.length) / 60 : FULL_MINUTES),
    reportDirectory: values.report ?? null,
    plan: {
      isQuick: quick,
      peers,
      rounds: positive(values.rounds, '--rounds', quick ? 3 : 5),
      secondsPerRound: positive(values.seconds, '--seconds', quick ? 1 : 2),
      warmupSeconds: quick ? 1 : 2,
      load: saturatingLoad(loadName(values.load)),
      profileDirectory: values.profile ?? null,
    },
  };
}

function known<T extends { readonly name: string }>(name: string, all: readonly T[], what: string): T {
  const found = all.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no ${what} ${name}; there are: ${all.map((one) => one.name).join(', ')}`);
  return found;
}

function positive(text: string | undefined, flag: string, otherwise: number): number {
  const value = text === undefined ? otherwise : Number(text);
  if (!(value > 0)) throw new Error(`${flag} must be a number above 0`);
  return value;
}

function loadName(text: string | undefined): LoadName | undefined {
  if (text === undefined || text === 'wrk' || text === 'own' || text === 'autocannon') return text;
  throw new Error('--load must be wrk, own or autocannon');
}
