import { resolve } from 'node:path';
import type { ConfigIssue } from '../config/issue.ts';
import type { Config } from '../config/model.ts';
import { parseConfiguration } from '../config/parse.ts';
import type { PlaceDatabases, RegexEngine } from '../core/ports.ts';
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

/** What a configuration is filled in and checked with. */
export interface LoadContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly regex: RegexEngine;
  /** Left out where no place is asked for. */
  readonly places?: PlaceDatabases;
}

export function loadConfiguration(reading: SourceReading, { env, ...ports }: LoadContext): LoadedConfiguration {
  if (reading.error !== null) return unreadable(reading, reading.error);
  const { files, readFile } = reading;
  const { config, issues, lists } = parseConfiguration({ files, env, readFile }, ports);
  return { reading, config: config === null ? null : withLogPath(config, reading.baseDirectory), issues, lists };
}

/** Whoever writes the log need not know where the configuration lies. */
function withLogPath(config: Config, baseDirectory: string): Config {
  const { accessLog } = config;
  if (accessLog === null || accessLog.to === 'stdout') return config;
  return { ...config, accessLog: { ...accessLog, to: resolve(baseDirectory, accessLog.to) } };
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
