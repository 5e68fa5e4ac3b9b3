import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { drawChart } from './chart.ts';
import type { Report } from './findings.ts';
import { formatMarkdown } from './markdown.ts';

/** A configuration of ten thousand routes says no more than its beginning. */
const SHOWN_CONFIGURATION = 6_000;

/** Writes results.md, results.json and the charts; files that are there from an earlier run are replaced. */
export async function writeReport(directory: string, report: Report): Promise<void> {
  await mkdir(directory, { recursive: true });
  const shortened = (key: string, value: unknown) =>
    key === 'configuration' && typeof value === 'string' && value.length > SHOWN_CONFIGURATION
      ? `${value.slice(0, SHOWN_CONFIGURATION)}... (${value.length} characters)`
      : value;
  await writeFile(join(directory, 'results.md'), formatMarkdown(report));
  await writeFile(join(directory, 'results.json'), `${JSON.stringify(report, shortened, 1)}\n`);
  for (const chart of report.outcomes.flatMap(({ charts }) => charts))
    await writeFile(join(directory, chart.file), drawChart(chart));
}
