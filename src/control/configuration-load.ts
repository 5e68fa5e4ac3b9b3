import type { ConfigIssue } from '../config/issue.ts';
import type { Config } from '../config/model.ts';
import { parseConfiguration } from '../config/parse.ts';
import type { SourceReading } from './source-reading.ts';

/** A reading, parsed and checked. */
export interface LoadedConfiguration {
  readonly reading: SourceReading;
  /** null when there is an error among the issues. */
  readonly config: Config | null;
  readonly issues: readonly ConfigIssue[];
  /** Texts of the list files, by the path as written. */
  readonly lists: Readonly<Record<string, string>>;
}

export function loadConfiguration(
  reading: SourceReading,
  env: Readonly<Record<string, string | undefined>>,
): LoadedConfiguration {
  if (reading.error !== null) return unreadable(reading, reading.error);
  const { config, issues, lists } = parseConfiguration({ files: reading.files, env, readFile: reading.readFile });
  const isRefused = issues.some((issue) => issue.severity === 'error');
  return { reading, config: isRefused ? null : config, issues, lists };
}

function unreadable(reading: SourceReading, message: string): LoadedConfiguration {
  const issue: ConfigIssue = {
    severity: 'error',
    code: 'unreadable-file',
    message,
    hint: null,
    file: reading.path,
    line: 1,
    column: 1,
  };
  return { reading, config: null, issues: [issue], lists: {} };
}
