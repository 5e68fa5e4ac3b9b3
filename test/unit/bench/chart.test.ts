import { expect, test } from 'vitest';
import { drawChart } from '../../../bench/report/chart.ts';

const CHART = {
  file: 'routes.svg',
  title: 'CPU & routes < 10,000',
  x: 'routes',
  y: 'us/request',
  series: [
    {
      name: 'graygate',
      points: [
        { x: 1, y: 10, low: 9, high: 12 },
        { x: 100, y: 20 },
      ],
    },
  ],
};

function circles(svg: string): readonly (readonly [number, number])[] {
  return [...svg.matchAll(/<circle cx="([\d.]+)" cy="([\d.]+)"/g)].map(([, x, y]) => [Number(x), Number(y)]);
}

test('x is logarithmic: equal factors are equal steps', () => {
  const points = [1, 10, 100].map((x) => ({ x, y: 5 }));
  const [one, ten, hundred] = circles(drawChart({ ...CHART, series: [{ name: 'a', points }] }));
  expect((hundred?.[0] ?? 0) - (ten?.[0] ?? 0)).toBeCloseTo((ten?.[0] ?? 0) - (one?.[0] ?? 0), 0);
});

test('y begins at nought: twice the cost is twice as high', () => {
  const svg = drawChart(CHART);
  const [low, high] = circles(svg).map(([, y]) => y);
  const ground = Number(/y="([\d.]+)" text-anchor="end" >0</.exec(svg)?.[1]) - 4;
  expect((ground - (high ?? 0)) / (ground - (low ?? 0))).toBeCloseTo(2, 1);
});

test('text is escaped, and no number is missing', () => {
  const svg = drawChart(CHART);
  expect(svg).toContain('CPU &amp; routes &lt; 10,000');
  expect(svg).not.toMatch(/NaN|undefined|Infinity/);
});

test('one point is drawn too', () => {
  const svg = drawChart({ ...CHART, isLogLog: true, series: [{ name: 'a', points: [{ x: 5, y: 3 }] }] });
  expect(circles(svg)).toHaveLength(1);
  expect(svg).not.toMatch(/NaN|Infinity/);
});
