import { compile } from '../../src/config/compile.ts';
import { type ConfigIssue, formatIssue } from '../../src/config/issue.ts';
import type { Config, LiveState } from '../../src/config/model.ts';
import { type ParseResult, parseConfiguration } from '../../src/config/parse.ts';
import type { Snapshot } from '../../src/core/snapshot.ts';
import { conditionPorts } from './condition-ports.ts';

export interface TextOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Texts of the files that the configuration names. */
  readonly named?: Readonly<Record<string, string>>;
}

/** Parses texts as if they were the files `a.yaml`, `b.yaml` ... of a directory. */
export function parseTexts(texts: readonly string[], { env = {}, named = {} }: TextOptions = {}): ParseResult {
  const files = texts.map((text, at) => ({ path: `${String.fromCharCode(97 + at)}.yaml`, text }));
  const readFile = (path: string): string | { readonly error: string } =>
    named[path] ?? { error: 'there is no such file' };
  return parseConfiguration({ files, env, readFile }, conditionPorts);
}

export function parseText(text: string, options: TextOptions = {}): ParseResult {
  return parseTexts([text], options);
}

/** The configuration of a text that has no errors. */
export function configOf(text: string, options: TextOptions = {}): Config {
  const { config, issues } = parseText(text, options);
  if (config === null) throw new Error(issues.map(formatIssue).join('\n'));
  return config;
}

export function snapshotOf(text: string, options: TextOptions & { readonly live?: LiveState } = {}): Snapshot {
  const { config, issues, lists } = parseText(text, options);
  if (config === null) throw new Error(issues.map(formatIssue).join('\n'));
  return compile({ generation: 1, config, live: options.live ?? { weights: {}, switches: {} }, lists }, conditionPorts);
}

/** `LINE:COL code` of each issue of a severity, warnings marked so. */
export function placesOf(issues: readonly ConfigIssue[]): string[] {
  return issues.map(
    ({ line, column, code, severity }) => `${line}:${column} ${code}${severity === 'warning' ? ' (warning)' : ''}`,
  );
}

/**
 * For tables: a text in which `§` stands before each place where something is wrong. Gives the text without the marks, and
 * the places.
 */
export function marked(text: string): { readonly text: string; readonly places: readonly string[] } {
  const places: string[] = [];
  let plain = '';
  for (const [at, part] of text.split('§').entries()) {
    if (at > 0) places.push(`${plain.split('\n').length}:${plain.length - plain.lastIndexOf('\n')}`);
    plain += part;
  }
  return { text: plain, places };
}

/** A configuration around a part: a service `app` with v1, v2 and v3, one listener, and what is given. */
export function around(parts: { readonly routes?: string; readonly more?: string }): string {
  return `version: 1
listeners: [{ name: edge, address: "127.0.0.1:0" }]
services:
  app:
    versions:
      v1: { endpoints: ["http://127.0.0.1:9001"] }
      v2: { endpoints: ["http://127.0.0.1:9002"] }
      v3: { endpoints: ["http://127.0.0.1:9003"] }
${parts.more ?? ''}
routes:
${parts.routes ?? '  - { name: all, service: app, split: { v1: 1 } }'}
`;
}
