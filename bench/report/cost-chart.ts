import { median } from '../statistics.ts';
import type { Chart, Point } from './chart.ts';
import type { Measured } from './findings.ts';

/** What was measured at one place of the x axis, for one line of the chart. */
export interface CostPoint {
  readonly x: number;
  readonly series: string;
  readonly measured: Measured;
}

/** Processor time per request against the amount of something. */
export function costChart(
  frame: Pick<Chart, 'file' | 'title' | 'x' | 'isLogLog'>,
  points: readonly CostPoint[],
): readonly Chart[] {
  const names = [...new Set(points.map(({ series }) => series))];
  if (points.length === 0) return [];
  const series = names.map((name) => ({
    name,
    points: points.filter((one) => one.series === name).map(({ x, measured }) => pointOf(x, measured)),
  }));
  return [{ ...frame, y: 'CPU us per request', series }];
}

function pointOf(x: number, { rounds }: Measured): Point {
  const costs = rounds.map((round) => round.cpuMicrosPerRequest);
  return { x, y: median(costs), low: Math.min(...costs), high: Math.max(...costs) };
}
