import { BlockList, isIP } from 'node:net';
import { CommandError } from '../control/command-error.ts';

export interface BindAddress {
  /** A name or an address without brackets. */
  readonly host: string;
  readonly port: number;
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/** Takes `127.0.0.1:9900`, `localhost:0` or `[::1]:9900` apart. */
export function parseBindAddress(address: string): BindAddress {
  const parts = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(address);
  const host = parts?.[1] ?? parts?.[2];
  const port = Number(parts?.[3]);
  if (host === undefined || port > 65_535) {
    throw new CommandError('config-refused', `the admin address "${address}" is not HOST:PORT`);
  }
  return { host, port };
}

/** Loopback by its text alone; of names, only localhost is. */
export function isLoopback(host: string): boolean {
  const family = isIP(host);
  if (family === 0) return host.toLowerCase() === 'localhost';
  return LOOPBACK.check(host, family === 6 ? 'ipv6' : 'ipv4');
}

/** The host of a Host header: lower case, without port, brackets and a trailing dot. */
export function hostOfHeader(value: string): string {
  const bracketed = /^\[([^\]]*)\](?::\d*)?$/.exec(value);
  const host = bracketed ? bracketed[1]! : value.replace(/:\d*$/, '');
  return host.toLowerCase().replace(/\.$/, '');
}
