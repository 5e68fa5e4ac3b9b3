/** Errors told apart by kind; past so many kinds only the count goes on. */
const MAX_KINDS = 100;

/**
 * Errors that nobody expected, in the code of one connection. The guard sits at every place where the event loop enters that
 * code (a socket's event, a deadline, an accept): the connection is destroyed, the fault counted, and told once per kind.
 */
export class Faults {
  count = 0;
  readonly #tell: (text: string) => void;
  readonly #kinds = new Set<string>();

  constructor(tell: (text: string) => void) {
    this.#tell = tell;
  }

  report(error: unknown): void {
    this.count += 1;
    const kind = kindOf(error);
    if (this.#kinds.has(kind) || this.#kinds.size >= MAX_KINDS) return;
    this.#kinds.add(kind);
    this.#tell(`a connection was destroyed by a fault in the gateway: ${textOf(error)}`);
  }
}

/** Name and place: the message may hold what a client sent. */
function kindOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  return `${error.name} ${/\n\s+at [^\n]*/.exec(error.stack ?? '')?.[0] ?? error.message}`;
}

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** One line on stderr, as the gateway's other messages to its operator; further lines of a text are indented. */
export function tellOnStderr(text: string): void {
  process.stderr.write(`${new Date().toISOString()} error ${text.replaceAll('\n', '\n  ')}\n`);
}
