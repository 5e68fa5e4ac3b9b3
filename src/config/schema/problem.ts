import type { IssueCode } from '../issue-codes.ts';

/** What a schema has to say about a value; travels through zod as the text of its message. */
export interface Problem {
  readonly code: IssueCode;
  readonly message: string;
  readonly hint: string | null;
  /** Which end of the path is at fault: the value, or the key before it. */
  readonly part: 'value' | 'key';
  /** One step further: a key of the map that the issue is about. */
  readonly key: string | null;
}

const SIGN = '\u0001problem:';

/** The message of an issue that only follows from another one: it stops the reading, and is not shown. */
export const CONSEQUENCE = '\u0001consequence';

export function problem(code: IssueCode, message: string, hint: string | null = null): Problem {
  return { code, message, hint, part: 'value', key: null };
}

/** Problems as the message of one zod issue. */
export function asMessage(...problems: readonly Problem[]): string {
  return problems.map((each) => SIGN + JSON.stringify(each)).join('');
}

/** The problems in a message; none when zod wrote it. */
export function readProblems(message: string): Problem[] {
  if (!message.startsWith(SIGN)) return [];
  return message
    .split(SIGN)
    .slice(1)
    .map((part) => JSON.parse(part) as Problem);
}
