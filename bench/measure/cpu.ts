import { readdirSync, readFileSync } from 'node:fs';

const MICROS_PER_TICK = 10_000; // USER_HZ is 100 on Linux, whatever the kernel's own tick is.

/** Processor time that a process and all its descendants have used so far: user + system, in microseconds. */
export function cpuMicrosOfTree(root: number): number {
  return processTree(root).reduce((sum, pid) => sum + (readStat(pid)?.ticks ?? 0) * MICROS_PER_TICK, 0);
}

/** Resident memory of a process and all its descendants, in bytes. Shared pages count once per process. */
export function residentBytesOfTree(root: number): number {
  return processTree(root).reduce((sum, pid) => {
    const kib = /^VmRSS:\s+(\d+) kB/m.exec(readText(`/proc/${pid}/status`))?.[1] ?? '0';
    return sum + Number(kib) * 1024;
  }, 0);
}

function processTree(root: number): readonly number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    const stat = Number.isInteger(pid) ? readStat(pid) : null;
    if (stat === null) continue;
    children.set(stat.parent, [...(children.get(stat.parent) ?? []), pid]);
  }
  const tree = [root];
  for (const pid of tree) tree.push(...(children.get(pid) ?? []));
  return tree;
}

/** proc(5): after the name in parentheses come state, ppid, ... and utime, stime as fields 14 and 15. */
function readStat(pid: number): { parent: number; ticks: number } | null {
  const text = readText(`/proc/${pid}/stat`);
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return fields.length > 12 ? { parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) } : null;
}

/** '' when the process has gone meanwhile. */
function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
