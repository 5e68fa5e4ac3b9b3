import type { PlaceDatabases, RegexEngine } from '../../core/ports.ts';
import type { IssueCode } from '../issue-codes.ts';
import type { IssueCollector } from '../issue-collector.ts';
import type { Config, ServiceConfig } from '../model.ts';
import { SourceLocator, type SourceNode, type SourcePath, valueUnder } from '../source/source-node.ts';

/** What is checked, and what checking needs. */
export interface CheckInput {
  readonly config: Config;
  /** The source of `config`: without what the schema refused. */
  readonly source: SourceNode;
  /** Parts were left out, so that what seems to be missing may not be. */
  readonly isPartial: boolean;
  /** Everything that was written: what is broken there is missing from `config`, but not unknown. */
  readonly whole: SourceNode;
  readonly issues: IssueCollector;
  readonly regex: RegexEngine;
  /** Asked only when a condition needs to know a place. */
  readonly places?: PlaceDatabases | undefined;
  /** Receives the list files that were read. */
  readonly lists: Map<string, string>;
  /** Receives the list files that are named. */
  readonly watched: Set<string>;
  readFile(path: string): string | { readonly error: string };
}

/** One run of the check: the configuration, its places, and its names ready to be looked up. */
export class CheckContext {
  readonly input: CheckInput;
  readonly config: Config;
  readonly services: ReadonlyMap<string, ServiceConfig>;
  /** Names of services and switches, the broken ones too. */
  readonly declaredServices: ReadonlySet<string>;
  readonly declaredSwitches: ReadonlySet<string>;
  readonly #locator: SourceLocator;

  constructor(input: CheckInput) {
    this.input = input;
    this.config = input.config;
    this.services = new Map(input.config.services.map((service) => [service.name, service]));
    this.declaredServices = keysUnder(input.whole, 'services');
    this.declaredSwitches = keysUnder(input.whole, 'switches');
    this.#locator = new SourceLocator(input.source);
  }

  error(code: IssueCode, path: SourcePath, message: string, hint: string | null = null): void {
    this.input.issues.error(code, this.#locator.place(path, 'value'), message, hint);
  }

  warning(code: IssueCode, path: SourcePath, message: string, hint: string | null = null): void {
    this.input.issues.warning(code, this.#locator.place(path, 'value'), message, hint);
  }

  /** As `error`, at the key that the path ends with. */
  errorAtKey(code: IssueCode, path: SourcePath, message: string, hint: string | null = null): void {
    this.input.issues.error(code, this.#locator.place(path, 'key'), message, hint);
  }

  isWritten(path: SourcePath): boolean {
    return this.#locator.node(path) !== undefined;
  }
}

function keysUnder(source: SourceNode, section: string): Set<string> {
  const node = valueUnder(source, section);
  return new Set(node?.kind === 'map' ? node.entries.map((entry) => entry.key) : []);
}
