import type { z } from 'zod';
import type { SourceLocator, SourceNode, SourcePath } from '../source/source-node.ts';
import { CONSEQUENCE, type Problem, problem, readProblems } from './problem.ts';

type Issue = z.core.$ZodIssue;

/** An issue without unions: of the alternatives, the one that was meant is the one whose shape was written. */
export function leafIssues(issue: Issue): Issue[] {
  if (issue.code !== 'invalid_union') return [issue];
  const meant = issue.errors.filter(
    (alternative) => !alternative.some((each) => each.path.length === 0 && isWrongShape(each)),
  );
  const chosen = meant[0];
  if (chosen === undefined) return [{ ...issue, message: '' }];
  return chosen.flatMap((each) => leafIssues({ ...each, path: [...issue.path, ...each.path] }));
}

function isWrongShape(issue: Issue): boolean {
  if (issue.code === 'invalid_union')
    return issue.errors.every((alternative) =>
      alternative.some((each) => each.path.length === 0 && isWrongShape(each)),
    );
  return issue.code === 'invalid_type' || (issue.code === 'invalid_value' && readProblems(issue.message).length === 0);
}

/** What to say about an issue. `path` is the issue's, in the words of the file. */
export function describeIssue(issue: Issue, path: SourcePath, locator: SourceLocator): Problem[] {
  if (issue.message === CONSEQUENCE) return [];
  const own = readProblems(issue.message);
  if (own.length > 0) return own;
  const key = String(path.at(-1) ?? 'the file');
  const node = locator.node(path);
  if (node === undefined) return [problem('missing-key', `${key} is missing`)];
  if (node.kind === 'scalar' && node.isEmpty) return [{ ...problem('no-value', `${key} has no value`), part: 'key' }];
  return [problem('wrong-type', `${label(key)} is ${shapeOf(node)}, not ${expectedShapes(issue)}`)];
}

function label(key: string): string {
  return /^\d+$/.test(key) ? 'this entry' : key;
}

function shapeOf(node: SourceNode): string {
  return node.kind === 'scalar' ? 'a text' : `a ${node.kind}`;
}

const SHAPES: Readonly<Record<string, string>> = {
  string: 'a text',
  array: 'a list',
  object: 'a map',
  record: 'a map',
};

function expectedShapes(issue: Issue): string {
  return [...new Set(shapesOf(issue))].join(' or ');
}

function shapesOf(issue: Issue): string[] {
  switch (issue.code) {
    case 'invalid_type':
      return [SHAPES[issue.expected] ?? issue.expected];
    case 'invalid_value':
      return ['a text'];
    case 'invalid_union':
      return issue.errors.flatMap((alternative) =>
        alternative.filter((each) => each.path.length === 0).flatMap(shapesOf),
      );
    default:
      return [issue.code];
  }
}
