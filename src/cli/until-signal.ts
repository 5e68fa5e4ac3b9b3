export interface Signals {
  /** SIGHUP. Without it a hang-up ends the process, as the system has it. */
  readonly reload?: () => void;
  /** SIGUSR2. */
  readonly restartWorkers?: () => void;
}

/** Ctrl-C reaches the whole group of processes, and npm passes it on once more: within this time it is the same one. */
const ECHO_MS = 250;

/** Resolves at the first SIGTERM or SIGINT. From then on a second one ends the process at once, and SIGHUP is ignored. */
export function untilStopSignal({ reload, restartWorkers }: Signals): Promise<NodeJS.Signals> {
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
    const onSignal = (signal: NodeJS.Signals, act: (() => void) | undefined) => {
      if (act === undefined) return;
      process.on(signal, () => {
        if (first === null) act();
      });
    };
    onSignal('SIGHUP', reload);
    onSignal('SIGUSR2', restartWorkers);
  });
}
