import { readdirSync, readFileSync } from 'node:fs';

const NANOS_PER_TICK = 10_000_000; // USER_HZ is 100 on Linux, whatever the kernel's own tick is.

/** Processor time that a process and all its descendants have used so far: user + system, in microseconds. */
export function cpuMicrosOfTree(root: number): number {
  return processesOfTree(root).reduce((sum, pid) => sum + cpuNanosOf(pid), 0) / 1000;
}

/** The same with what the root's children had used that have ended since. */
export function cpuMicrosOfTreeAndEnded(root: number): number {
  return cpuMicrosOfTree(root) + ((statOf(root)?.endedTicks ?? 0) * NANOS_PER_TICK) / 1000;
}

/** Resident memory of a process and all its descendants, in bytes. Shared pages count once per process. */
export function residentBytesOfTree(root: number): number {
  return processesOfTree(root).reduce((sum, pid) => {
    const kib = /^VmRSS:\s+(\d+) kB/m.exec(textOf(`/proc/${pid}/status`))?.[1] ?? '0';
    return sum + Number(kib) * 1024;
  }, 0);
}

/** The scheduler's own account where the kernel keeps one, to the nanosecond; else the ticks of 10 ms that ps shows. */
function cpuNanosOf(pid: number): number {
  let nanos = 0;
  for (const thread of namesIn(`/proc/${pid}/task`))
    nanos += Number(textOf(`/proc/${pid}/task/${thread}/schedstat`).split(' ')[0]);
  return nanos > 0 ? nanos : (statOf(pid)?.ticks ?? 0) * NANOS_PER_TICK;
}

/** A process and all its descendants. */
export function processesOfTree(root: number): readonly number[] {
  const children = new Map<number, number[]>();
  for (const name of namesIn('/proc')) {
    const pid = Number(name);
    const stat = Number.isInteger(pid) ? statOf(pid) : null;
    if (stat === null) continue;
    children.set(stat.parent, [...(children.get(stat.parent) ?? []), pid]);
  }
  const tree = [root];
  for (const pid of tree) tree.push(...(children.get(pid) ?? []));
  return tree;
}

/** proc(5): after the name in parentheses come state, ppid, ... and utime, stime, cutime, cstime as fields 14 to 17. */
function statOf(pid: number): { parent: number; ticks: number; endedTicks: number } | null {
  const text = textOf(`/proc/${pid}/stat`);
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  if (fields.length <= 14) return null;
  const [utime = 0, stime = 0, cutime = 0, cstime = 0] = fields.slice(11, 15).map(Number);
  return { parent: Number(fields[1]), ticks: utime + stime, endedTicks: cutime + cstime };
}

/** '' when the process has gone meanwhile. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
