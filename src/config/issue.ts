/**
 * A problem found in a configuration: data, collected and shown all at once, never thrown one by one.
 */
export interface ConfigIssue {
  readonly severity: 'error' | 'warning';
  /** Stable and machine-readable, kebab-case: `unknown-key`, `dangling-version`. Listed in docs/errors.md. */
  readonly code: string;
  readonly message: string;
  readonly hint: string | null;
  readonly file: string;
  /** Both count from 1. */
  readonly line: number;
  readonly column: number;
}

/** `FILE:LINE:COL error|warning CODE message (hint: ...)` */
export function formatIssue(issue: ConfigIssue): string {
  const hint = issue.hint === null ? '' : ` (hint: ${issue.hint})`;
  return `${issue.file}:${issue.line}:${issue.column} ${issue.severity} ${issue.code} ${issue.message}${hint}`;
}
