import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { REFUSALS } from '../../src/admin/failure.ts';
import { ISSUE_CODES } from '../../src/config/issue-codes.ts';
import { OUTCOMES } from '../../src/control/command-error.ts';
import { ERRORS } from '../../src/proxy/failures.ts';

/** docs/errors.md lists every code that anybody can meet, and none that nobody can. */

const textOf = (path: string): string => readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8');
const DOCUMENT = textOf('docs/errors.md');

/** Rows of the first table behind `heading`, cells by column, the code without its ticks. */
function tableBehind(heading: string): string[][] {
  const [, behind = ''] = DOCUMENT.split(`${heading}\n`);
  const lines = behind.split('\n');
  const from = lines.findIndex((line) => line.startsWith('|')) + 2;
  const rows = lines.slice(
    from,
    lines.findIndex((line, at) => at >= from && !line.startsWith('|')),
  );
  return rows.map((row) =>
    row
      .slice(2, -2)
      .split(' | ')
      .map((cell, at) => (at === 0 ? cell.slice(1, -1) : cell)),
  );
}

const sorted = (codes: readonly string[]): string[] => codes.toSorted();
const codesOf = (rows: readonly string[][]): string[] => sorted(rows.map(([code]) => code!));

test('every row says what happened and what to do', () => {
  const rows = [
    '## Answers to clients',
    '## Problems in a configuration',
    '## Commands and the admin API',
    'The admin port alone:',
  ].flatMap(tableBehind);
  expect(rows.length).toBeGreaterThan(100);
  expect(rows.filter((row) => row.some((cell) => cell.trim() === ''))).toEqual([]);
});

test('answers to clients, with their status', () => {
  const statuses = Object.entries(ERRORS).map(([code, { status }]) => [code, `${status}`]);
  const rows = tableBehind('## Answers to clients').map((row) => row.slice(0, 2));
  // The one code that no client is ever told.
  expect(rows.toSorted()).toEqual([...statuses, ['client-gone', '499']].toSorted());
});

test('problems in a configuration, with their meaning', () => {
  const meanings = tableBehind('## Problems in a configuration').map(([code, , meaning]) => [code, meaning]);
  expect(meanings.toSorted()).toEqual(Object.entries(ISSUE_CODES).toSorted());
});

test('refusals of commands, with their status and exit code', () => {
  const outcomes = Object.entries(OUTCOMES).map(([code, { httpStatus, exitCode }]) => [
    code,
    `${httpStatus}`,
    `${exitCode}`,
  ]);
  const rows = tableBehind('## Commands and the admin API').map((row) => row.slice(0, 3));
  expect(rows.toSorted()).toEqual(outcomes.toSorted());
});

test('refusals of the admin port', () => {
  const own = Object.values(REFUSALS).map(({ code }) => code);
  const malformed = [...textOf('src/admin/admin-server.ts').matchAll(/\? '([a-z-]+)'/g)].map(([, code]) => code!);
  const codes = [...new Set([...own, ...malformed])].filter(
    (code) => !Object.hasOwn(OUTCOMES, code) && !/\d/.test(code),
  );
  expect(codesOf(tableBehind('The admin port alone:'))).toEqual(sorted(codes));
});
