import type { PlaceDatabases, RegexEngine } from '../core/ports.ts';
import { checkConfiguration } from './check.ts';
import type { ConfigIssue } from './issue.ts';
import { IssueCollector } from './issue-collector.ts';
import type { Config } from './model.ts';
import { mergeFiles } from './source/merge-files.ts';
import type { SourceNode } from './source/source-node.ts';
import { readYaml, type YamlFile } from './source/yaml-source.ts';
import { validate } from './validate.ts';

export interface ConfigInput {
  /** One file, or those of a directory in name order. */
  readonly files: readonly { readonly path: string; readonly text: string }[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Reads a file that the configuration names, by the path as written. */
  readFile(path: string): string | { readonly error: string };
}

/** What the configuration needs from outside. */
export interface ConfigPorts {
  readonly regex: RegexEngine;
  /** Left out where no place is asked for. */
  readonly places?: PlaceDatabases;
}

export interface ParseResult {
  /** null when there is any error. */
  readonly config: Config | null;
  /** Every problem, sorted by place. */
  readonly issues: readonly ConfigIssue[];
  /** Texts of the list files, by the path as written. */
  readonly lists: Readonly<Record<string, string>>;
  /** Values that came from the environment or from files: never to be shown. */
  readonly secrets: readonly string[];
  /** The list and secret files that the configuration names, as written. */
  readonly watched: readonly string[];
}

/** Text to validated, checked configuration. Every problem in one run; never throws, whatever it is given. */
export function parseConfiguration(input: ConfigInput, ports: ConfigPorts): ParseResult {
  const issues = new IssueCollector();
  const watched = new Set<string>();
  const files = input.files.map(({ path, text }, file) =>
    readYaml(path, text, { file, references: input, issues, watched }),
  );
  const lists = new Map<string, string>();
  const config = configOf(files, issues, {
    readFile: (path) => input.readFile(path),
    ...ports,
    lists,
    watched,
  });
  return {
    config: issues.hasErrors ? null : config,
    issues: issues.issues(files),
    lists: Object.fromEntries(lists),
    secrets: issues.secrets,
    watched: [...watched],
  };
}

type Surroundings = Pick<ConfigInput, 'readFile'> &
  ConfigPorts & { readonly lists: Map<string, string>; readonly watched: Set<string> };

function configOf(files: readonly YamlFile[], issues: IssueCollector, around: Surroundings): Config | null {
  const roots: SourceNode[] = [];
  for (const { root } of files) if (root !== null) roots.push(root);
  // A file that cannot be read may hold what all others name: more would only be noise.
  if (roots.length < files.length) return null;
  const whole = mergeFiles(roots, issues);
  const { config, source, isPartial } = validate(whole, issues);
  if (config !== null) checkConfiguration({ config, source, isPartial, whole, issues, ...around });
  return config;
}
