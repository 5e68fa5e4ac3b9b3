import { createServer } from 'node:net';

/** A port that the demo was asked to use. */
export interface WantedPort {
  readonly port: number;
  /** The command-line flag that chooses another one. */
  readonly flag: string;
}

/** Rejects with one sentence, for the person at the terminal, when the port cannot be bound on 127.0.0.1. Port 0 is always free. */
export function assertPortIsFree({ port, flag }: WantedPort): Promise<void> {
  if (port === 0) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) => reject(new Error(explain(port, flag, error))));
    probe.listen({ port, host: '127.0.0.1', exclusive: true }, () => probe.close(() => resolve()));
  });
}

function explain(port: number, flag: string, error: NodeJS.ErrnoException): string {
  const hint = `choose another one with ${flag} PORT`;
  if (error.code === 'EADDRINUSE')
    return `port ${port} on 127.0.0.1 is already in use: stop what listens there, or ${hint}`;
  if (error.code === 'EACCES') return `port ${port} on 127.0.0.1 needs more rights than this user has: ${hint}`;
  return `port ${port} on 127.0.0.1 cannot be used (${error.code ?? error.message}): ${hint}`;
}
