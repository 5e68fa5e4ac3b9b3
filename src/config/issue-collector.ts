import type { ConfigIssue } from './issue.ts';
import type { IssueCode } from './issue-codes.ts';
import type { Place } from './source/source-node.ts';

/** A file as far as positions go. */
export interface FilePositions {
  readonly path: string;
  /** Offsets at which lines begin, ascending. */
  readonly lineStarts: readonly number[];
}

interface Found {
  readonly severity: ConfigIssue['severity'];
  readonly code: IssueCode;
  readonly place: Place;
  readonly message: string;
  readonly hint: string | null;
}

/** Below this length a secret is likely to be part of an ordinary word, and hiding it would only garble the message. */
const SHORTEST_HIDDEN = 4;

/** Gathers the problems of one run. Positions are resolved, and secrets blotted out, when all are known. */
export class IssueCollector {
  readonly #found: Found[] = [];
  readonly #broken = new Set<string>();
  readonly #said = new Set<string>();
  readonly #secrets = new Map<string, string>();
  #errors = 0;

  get hasErrors(): boolean {
    return this.#errors > 0;
  }

  error(code: IssueCode, place: Place, message: string, hint: string | null = null): void {
    if (this.#broken.has(placeKey(place))) return;
    if (this.#add({ severity: 'error', code, place, message, hint })) this.#errors++;
  }

  warning(code: IssueCode, place: Place, message: string, hint: string | null = null): void {
    this.#add({ severity: 'warning', code, place, message, hint });
  }

  /** What stands in two places by an alias, or was read twice, is still one problem. */
  #add(found: Found): boolean {
    const key = `${placeKey(found.place)} ${found.code} ${found.message}`;
    if (this.#said.has(key)) return false;
    this.#said.add(key);
    this.#found.push(found);
    return true;
  }

  /** Nothing more is said about this place: what stands there is not what was meant. */
  silence(place: Place): void {
    this.#broken.add(placeKey(place));
  }

  /** From now on `value` is shown as `written`. */
  hide(value: string, written: string): void {
    if (value.length > 0) this.#secrets.set(value, written);
  }

  get secrets(): readonly string[] {
    return [...this.#secrets.keys()];
  }

  /** Every problem, sorted by file, line, column. */
  issues(files: readonly FilePositions[]): ConfigIssue[] {
    const sorted = [...this.#found].sort(
      (one, other) =>
        one.place.file - other.place.file || one.place.at - other.place.at || compareText(one.code, other.code),
    );
    return sorted.map(({ severity, code, place, message, hint }) => {
      const file = files[place.file];
      const { line, column } = positionOf(file?.lineStarts ?? [], place.at);
      return {
        severity,
        code,
        message: this.#hidden(message),
        hint: hint === null ? null : this.#hidden(hint),
        file: file?.path ?? '',
        line,
        column,
      };
    });
  }

  #hidden(text: string): string {
    let shown = text;
    for (const [value, written] of this.#secrets) {
      if (value.length >= SHORTEST_HIDDEN) shown = shown.replaceAll(value, written);
      else shown = shown.replaceAll(`"${value}"`, `"${written}"`);
    }
    return shown;
  }
}

function placeKey(place: Place): string {
  return `${place.file}:${place.at}`;
}

function compareText(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

/** Line and column, both from 1, of an offset. */
function positionOf(lineStarts: readonly number[], at: number): { line: number; column: number } {
  let low = 0;
  let high = lineStarts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (lineStarts[middle]! <= at) low = middle + 1;
    else high = middle;
  }
  return { line: Math.max(1, low), column: at - (lineStarts[low - 1] ?? 0) + 1 };
}
