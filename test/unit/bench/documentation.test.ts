import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { allScenarios } from '../../../bench/scenarios/all.ts';

const DOCS = new URL('../../../docs/', import.meta.url);
const PAGE = readFileSync(new URL('bench.md', DOCS), 'utf8');

test('every file of the last run that the page links is there', () => {
  const links = [...PAGE.matchAll(/\]\((bench\/[^)]+)\)/g)].map(([, link]) => link ?? '');
  expect(links).toContain('bench/results.md');
  expect(links.filter((link) => !existsSync(new URL(link, DOCS)))).toEqual([]);
});

test('every scenario has its question on the page', () => {
  const named = new Set([...PAGE.matchAll(/^\| ([a-z0-9, -]+) \|/gm)].flatMap(([, names]) => names?.split(', ') ?? []));
  expect(allScenarios.map(({ name }) => name).filter((name) => !named.has(name))).toEqual([]);
});
