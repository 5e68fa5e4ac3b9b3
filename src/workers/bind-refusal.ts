import type { ListenerAddress } from './listening-sockets.ts';

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the address is already in use',
  EACCES: 'this user may not use that port',
  EADDRNOTAVAIL: 'this machine has no such address',
  ENOTFOUND: 'the name cannot be resolved',
};

/** The sentence for a person when an installation failed: which listener could not be bound and which key to change. */
export function refusalSentence(error: unknown, listeners: readonly ListenerAddress[]): string {
  const { code, syscall, address, port, message } = error as NodeJS.ErrnoException & {
    address?: string;
    port?: number;
  };
  const reason = REASONS[code ?? ''];
  if (reason === undefined || (syscall !== 'listen' && syscall !== 'getaddrinfo')) return message ?? String(error);
  const bound = address === undefined ? null : `${address.includes(':') ? `[${address}]` : address}:${port}`;
  const listener = listeners.find((candidate) => candidate.address === bound);
  if (listener === undefined) return `a listener cannot listen on ${bound ?? 'its address'}: ${reason}`;
  return `listener ${listener.name} cannot listen on ${bound}: ${reason}; change listeners.${listener.name}.address, or stop what listens there`;
}
