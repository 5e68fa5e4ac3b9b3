export interface Signals {
  /** SIGHUP. */
  readonly reload?: () => void;
}

/**
 * Resolves at the first SIGTERM or SIGINT. From then on a second one ends the process at once, and SIGHUP is ignored.
 */
export function untilStopSignal({ reload }: Signals): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let isStopping = false;
    const stop = (signal: NodeJS.Signals) => {
      if (isStopping) process.exit(0);
      isStopping = true;
      resolve(signal);
    };
    process.on('SIGTERM', stop);
    process.on('SIGINT', stop);
    process.on('SIGHUP', () => {
      if (!isStopping) reload?.();
    });
  });
}
