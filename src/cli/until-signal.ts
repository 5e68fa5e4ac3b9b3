export interface Signals {
  /** SIGHUP. Without it a hang-up ends the process, as the system has it. */
  readonly reload?: () => void;
}

/** Ctrl-C reaches the whole group of processes, and npm passes it on once more: within this time it is the same one. */
const ECHO_MS = 250;

/** Resolves at the first SIGTERM or SIGINT. From then on a second one ends the process at once, and SIGHUP is ignored. */
export function untilStopSignal({ reload }: Signals): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let first: { readonly signal: NodeJS.Signals; readonly atMs: number } | null = null;
    const stop = (signal: NodeJS.Signals) => {
      const atMs = performance.now();
      if (first === null) {
        first = { signal, atMs };
        resolve(signal);
      } else if (signal !== first.signal || atMs - first.atMs > ECHO_MS) {
        process.exit(0);
      }
    };
    process.on('SIGTERM', stop);
    process.on('SIGINT', stop);
    if (reload === undefined) return;
    process.on('SIGHUP', () => {
      if (first === null) reload();
    });
  });
}
