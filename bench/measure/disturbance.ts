import { readFileSync } from 'node:fs';
import { cpuMicrosOfTreeAndEnded } from './cpu.ts';

const MICROS_PER_TICK = 10_000;

interface MachineTimes {
  /** Of all cores together, by whomever. */
  readonly busyMicros: number;
  readonly stolenMicros: number;
  /** Of this process and everything it started. */
  readonly ownMicros: number;
  readonly atMicros: number;
}

/** What the machine did that was not the bench, while something was measured. In parts of one core. */
export interface Disturbance {
  /** Other programs' processor time. */
  readonly foreign: number;
  /** Time that the host of this virtual machine gave to somebody else. */
  readonly stolen: number;
}

/** A measurement with more of either than this is taken again, or counts as disturbed. */
const TOLERATED: Disturbance = { foreign: 0.1, stolen: 0.02 };

/** Starts watching; the function it returns says what was seen since. */
export function watchMachine(): () => Disturbance {
  const before = machineTimes();
  return () => {
    const now = machineTimes();
    const elapsed = Math.max(1, now.atMicros - before.atMicros);
    const foreign = now.busyMicros - before.busyMicros - (now.ownMicros - before.ownMicros);
    return {
      foreign: Math.max(0, foreign / elapsed),
      stolen: (now.stolenMicros - before.stolenMicros) / elapsed,
    };
  };
}

export function isDisturbed({ foreign, stolen }: Disturbance): boolean {
  return foreign > TOLERATED.foreign || stolen > TOLERATED.stolen;
}

/** proc(5): user nice system idle iowait irq softirq steal. */
function machineTimes(): MachineTimes {
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, stolen = 0] = firstLine('/proc/stat')
    .split(/\s+/)
    .slice(1)
    .map(Number);
  return {
    busyMicros: (user + nice + system + irq + softirq) * MICROS_PER_TICK,
    stolenMicros: stolen * MICROS_PER_TICK,
    ownMicros: cpuMicrosOfTreeAndEnded(process.pid),
    atMicros: performance.now() * 1000,
  };
}

function firstLine(path: string): string {
  try {
    return readFileSync(path, 'utf8').split('\n')[0] ?? '';
  } catch {
    return '';
  }
}
