import { createServer } from 'node:net';
import { CommandError } from '../control/command-error.ts';

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
    probe.once('error', (error: NodeJS.ErrnoException) => reject(refusal(port, flag, error)));
    probe.listen({ port, host: '127.0.0.1', exclusive: true }, () => probe.close(() => resolve()));
  });
}

function refusal(port: number, flag: string, error: NodeJS.ErrnoException): CommandError {
  const address = `port ${port} on 127.0.0.1`;
  const hint = `choose another one with ${flag} PORT`;
  if (error.code === 'EADDRINUSE')
    return new CommandError('address-in-use', `${address} is already in use: stop what listens there, or ${hint}`);
  const why = error.code === 'EACCES' ? 'needs more rights than this user has' : `cannot be used (${error.message})`;
  return new CommandError('install-refused', `${address} ${why}: ${hint}`);
}
