export interface Point {
  readonly x: number;
  readonly y: number;
  /** Lowest and highest of what was measured. */
  readonly low?: number;
  readonly high?: number;
}

/** One picture: how a cost grows with the work. x is logarithmic. */
export interface Chart {
  /** The file it is written to, `.svg` included. */
  readonly file: string;
  readonly title: string;
  readonly x: string;
  readonly y: string;
  /** Both scales logarithmic: a straight line of slope 1 is linear growth. */
  readonly isLogLog?: boolean;
  readonly series: readonly { readonly name: string; readonly points: readonly Point[] }[];
}

const WIDTH = 640;
const HEIGHT = 340;
const LEFT = 70;
const RIGHT = 170;
const TOP = 40;
const BOTTOM = 50;
const COLORS = ['#0b6e4f', '#c1440e', '#2a5caa', '#8a6d00', '#7a3e9d', '#555555'];

/** Draws the chart as a standalone SVG. */
export function drawChart(chart: Chart): string {
  const points = chart.series.flatMap((one) => one.points);
  const xs = logScale(
    points.map(({ x }) => x),
    LEFT,
    WIDTH - RIGHT,
  );
  const highs = points.map(({ y, high }) => Math.max(y, high ?? y));
  const lows = points.map(({ y, low }) => Math.min(y, low ?? y));
  const ys =
    chart.isLogLog === true
      ? logScale([...lows, ...highs], HEIGHT - BOTTOM, TOP)
      : linearScale(Math.max(...highs, 0), HEIGHT - BOTTOM, TOP);
  const body = [
    text(LEFT, TOP - 18, chart.title, 'start', 'font-weight="bold"'),
    ...xs.ticks.map((tick) => verticalLine(xs.at(tick), shortNumber(tick))),
    ...ys.ticks.map((tick) => horizontalLine(ys.at(tick), shortNumber(tick))),
    text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, chart.x, 'middle'),
    `<g transform="translate(16 ${(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)">${text(0, 0, chart.y, 'middle')}</g>`,
    ...chart.series.map((series, index) => drawSeries(series, index, xs, ys)),
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">
<title>${escaped(chart.title)}</title>
<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>
${body.join('\n')}
</svg>
`;
}

interface Scale {
  readonly ticks: readonly number[];
  at(value: number): number;
}

function logScale(values: readonly number[], from: number, to: number): Scale {
  const positive = values.filter((value) => value > 0);
  const low = Math.log10(Math.min(...positive));
  const high = Math.max(Math.log10(Math.max(...positive)), low + 0.1);
  const ticks: number[] = [];
  for (let power = Math.ceil(low - 1e-9); power <= high + 1e-9; power++) ticks.push(10 ** power);
  return { ticks, at: (value) => from + ((Math.log10(Math.max(value, 10 ** low)) - low) / (high - low)) * (to - from) };
}

function linearScale(highest: number, from: number, to: number): Scale {
  const rough = Math.max(highest, 1e-9) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((factor) => factor * power >= rough) ?? 10);
  const top = Math.ceil(highest / step) * step;
  const ticks = Array.from({ length: Math.round(top / step) + 1 }, (_, index) => index * step);
  return { ticks, at: (value) => from + (value / top) * (to - from) };
}

function drawSeries({ name, points }: Chart['series'][number], index: number, xs: Scale, ys: Scale): string {
  const color = COLORS[index % COLORS.length];
  const at = points.map(({ x, y, low, high }) => ({
    x: xs.at(x),
    y: ys.at(y),
    low: ys.at(low ?? y),
    high: ys.at(high ?? y),
  }));
  const legendY = TOP + 8 + index * 20;
  return [
    `<polyline fill="none" stroke="${color}" stroke-width="2" points="${at.map(({ x, y }) => `${round(x)},${round(y)}`).join(' ')}"/>`,
    ...at.map(({ x, low, high }) => line(x, low, x, high, color)),
    ...at.map(({ x, y }) => `<circle cx="${round(x)}" cy="${round(y)}" r="3" fill="${color}"/>`),
    `<rect x="${WIDTH - RIGHT + 14}" y="${legendY - 9}" width="10" height="10" fill="${color}"/>`,
    text(WIDTH - RIGHT + 30, legendY, name, 'start'),
  ].join('\n');
}

function verticalLine(x: number, label: string): string {
  return `${line(x, TOP, x, HEIGHT - BOTTOM, '#dddddd')}${text(x, HEIGHT - BOTTOM + 18, label, 'middle')}`;
}

function horizontalLine(y: number, label: string): string {
  return `${line(LEFT, y, WIDTH - RIGHT, y, '#dddddd')}${text(LEFT - 8, y + 4, label, 'end')}`;
}

function line(x1: number, y1: number, x2: number, y2: number, color = '#000000'): string {
  return `<line x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}" stroke="${color}"/>`;
}

function text(x: number, y: number, content: string, anchor: string, more = ''): string {
  return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}" ${more}>${escaped(content)}</text>`;
}

function escaped(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function shortNumber(value: number): string {
  if (value >= 1e6) return `${value / 1e6}M`;
  return value >= 1000 ? `${value / 1000}k` : String(Math.round(value * 1000) / 1000);
}
