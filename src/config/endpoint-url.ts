import { parseAddress } from '../core/matching/address.ts';

/** What an endpoint's text says. */
export interface EndpointUrl {
  readonly tls: boolean;
  /** A name or an address without brackets; '' for a unix socket. */
  readonly host: string;
  readonly port: number;
  /** '' unless it is a unix socket. */
  readonly socketPath: string;
}

const HTTP = /^(https?):\/\/(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_.])?)(?::(\d{1,5}))?\/?$/;
const UNIX = /^unix:(\/[^\u0000-\u001f\u007f]+)$/;
/** sun_path holds 108 bytes, the closing NUL included. */
const MAX_SOCKET_PATH_BYTES = 107;

/** Reads `http://HOST[:PORT]`, `https://HOST[:PORT]` or `unix:/PATH`; null when it is none of them. */
export function parseEndpointUrl(text: string): EndpointUrl | null {
  const unix = UNIX.exec(text);
  if (unix !== null) {
    const socketPath = unix[1]!;
    const isShort = new TextEncoder().encode(socketPath).length <= MAX_SOCKET_PATH_BYTES;
    return isShort ? { tls: false, host: '', port: 0, socketPath } : null;
  }
  const http = HTTP.exec(text);
  if (http === null) return null;
  const tls = http[1] === 'https';
  const host = http[2]!.replace(/^\[|\]$/g, '');
  const port = http[3] === undefined ? (tls ? 443 : 80) : Number(http[3]);
  if (port < 1 || port > 65535) return null;
  if (http[2]!.startsWith('[') ? !isIpv6(host) : !isNameOrIpv4(host)) return null;
  return { tls, host, port, socketPath: '' };
}

/** Digits and dots alone are an address and nothing else: `10.0.0.256` is not a name. */
export function isNameOrIpv4(host: string): boolean {
  if (/^[0-9.]+$/.test(host)) return isIpv4(host);
  return (
    host.length <= 253 &&
    host.split('.').every((label, at, all) => (label === '' ? at === all.length - 1 && at > 0 : label.length <= 63))
  );
}

export function isIpv4(text: string): boolean {
  return !text.includes(':') && parseAddress(text) !== null;
}

export function isIpv6(text: string): boolean {
  return text.includes(':') && parseAddress(text) !== null;
}
