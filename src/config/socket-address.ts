import { isIpv4, isIpv6, isNameOrIpv4 } from './endpoint-url.ts';

/** Where to listen. */
export interface SocketAddress {
  /** An address or a name, without brackets. */
  readonly host: string;
  readonly port: number;
}

/** Reads `HOST:PORT`, IPv6 in brackets; port 0 asks for a free one. null when it is something else. */
export function parseSocketAddress(text: string): SocketAddress | null {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
  if (match === null) return null;
  const port = Number(match[3]);
  if (port > 65535) return null;
  const ipv6 = match[1];
  if (ipv6 !== undefined) return isIpv6(ipv6) ? { host: ipv6, port } : null;
  const host = match[2]!;
  if (!/^[A-Za-z0-9._-]+$/.test(host) || !isNameOrIpv4(host)) return null;
  return { host, port };
}

/** Can only this machine reach it? */
export function isLoopback(host: string): boolean {
  if (isIpv4(host)) return host.startsWith('127.');
  if (isIpv6(host)) return /^[0:]*:0*1$/.test(host) || /^::ffff:127\./i.test(host);
  return host.toLowerCase() === 'localhost';
}
