import type { Origin } from '../origin/origin.ts';
import type { Bench } from '../scenarios/scenario.ts';
import type { Traffic } from '../scenarios/traffic.ts';

/** How something was measured, in one sentence. */
export function nameOfSetting({ plan }: Bench, origin: Origin, { connections }: Traffic): string {
  return `Origin ${origin.kind}; ${connections} connections; saturating load by ${plan.load.name}; interleaved rounds of ${plan.secondsPerRound} s.`;
}
