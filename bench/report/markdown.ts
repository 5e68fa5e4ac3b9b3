import type { Outcome, Report, Table, Verdict } from './findings.ts';
import { losses } from './losses.ts';
import { outcomeOf } from './verdicts.ts';

/** The report for people: the figures first, then what is lost, then every scenario in full. */
export function formatMarkdown(report: Report): string {
  const { when, machine, pinning, minutes, versions, outcomes, missing } = report;
  const lost = losses(outcomes);
  return `${[
    '# Results of the bench',
    `Written by \`npm run bench\` on ${when}, in ${minutes.toFixed(1)} minutes. ${machine}; ${pinning}. Ratios hold within a run; the figures themselves belong to this machine. In tables: the median round, in brackets the lowest and the highest.`,
    ...doubts(outcomes),
    bullets(versions),
    '## Figures',
    formatVerdicts(outcomes.flatMap(({ verdicts }) => verdicts)),
    '## What costs less than graygate',
    lost.length === 0 ? 'Nothing that was measured.' : bullets(lost),
    ...(missing.length === 0 ? [] : ['## Not run', bullets(missing.map(({ name, why }) => `${name}: ${why}`))]),
    ...outcomes.map(formatOutcome),
  ].join('\n\n')}\n`;
}

/** Said first, because it takes weight from everything that follows. */
function doubts(outcomes: readonly Outcome[]): readonly string[] {
  const rounds = outcomes.flatMap(({ measured }) => measured).flatMap((one) => one.rounds);
  const doubtful = rounds.filter((round) => round.isDoubtful).length;
  if (doubtful === 0) return [];
  const meaning = 'something else used the machine, or the client came late, also when the round was repeated';
  const advice = doubtful * 10 > rounds.length ? ' **Repeat this on an idle machine.**' : '';
  return [`Doubtful: ${doubtful} of ${rounds.length} rounds (${meaning}).${advice}`];
}

function formatOutcome(outcome: Outcome): string {
  const { scenario, about, setting, tables, charts, entries, skipped, notes } = outcome;
  return [
    `## ${scenario}`,
    `${about}. ${setting}`,
    ...charts.map(({ title, file }) => `![${title}](${file})`),
    ...tables.map(formatTable),
    bullets([
      ...entries.map(({ label, version, work }) => `${label} (${version}): ${work}`),
      ...skipped.map(({ name, why }) => `${name}: skipped, ${why}`),
      ...notes,
    ]),
  ].join('\n\n');
}

function formatVerdicts(verdicts: readonly Verdict[]): string {
  if (verdicts.length === 0) return 'None of the figures that graygate is held to was measured.';
  return formatTable({
    title: '',
    columns: ['what', 'measured', 'at least', 'aim', ''],
    rows: verdicts.map((verdict) => {
      const { what, value, unit, atMost, aim } = verdict;
      const [shown, least, aimed] = [value, atMost, aim].map((one) => quantity(one, unit)) as [string, string, string];
      return [what, shown, least, aimed, outcomeOf(verdict)];
    }),
  });
}

function formatTable({ title, columns, rows }: Table): string {
  const lines = [columns, columns.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
  return `${title === '' ? '' : `${title}:\n\n`}${lines.join('\n')}`;
}

function quantity(value: number, unit: Verdict['unit']): string {
  if (!Number.isFinite(value)) return '-';
  const digits = Number.isInteger(value) ? 0 : Math.abs(value) >= 100 ? 0 : 2;
  return unit === 'x' ? `${value.toFixed(2)}x` : `${value.toFixed(digits)} ${unit}`.trim();
}

function bullets(lines: readonly string[]): string {
  return lines.map((line) => `- ${line}`).join('\n');
}
