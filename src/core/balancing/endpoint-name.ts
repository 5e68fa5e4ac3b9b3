import { parseAddress } from '../matching/address.ts';

/**
 * The name that stands for addresses to be looked up; null when the endpoint is an address, a unix socket, or `localhost`,
 * which is this one machine by whatever address it listens at.
 */
export function nameToLookUp({
  host,
  socketPath,
}: {
  readonly host: string;
  readonly socketPath: string;
}): string | null {
  if (socketPath !== '' || host.toLowerCase() === 'localhost' || parseAddress(host) !== null) return null;
  return host;
}
