import { canonicalAddress } from './ip-address.ts';

/** A chain longer than this is not a chain of proxies; the walk ends where it is. */
const MAX_HOPS = 32;

/**
 * The client's address: the peer; if that is trusted, the first untrusted address from the right of the whole
 * X-Forwarded-For list (several lines joined by commas). A malformed element ends the walk at the last good address; when
 * every element is trusted, it is the leftmost one. RFC 5952 text.
 */
export function clientFromForwardedFor(
  forwardedFor: string,
  peer: string,
  isTrusted: (address: string) => boolean,
): string {
  let client = canonicalAddress(peer) ?? peer;
  let end = forwardedFor.length;
  for (let hops = 0; hops < MAX_HOPS && end >= 0 && isTrusted(client); hops++) {
    const comma = end === 0 ? -1 : forwardedFor.lastIndexOf(',', end - 1);
    const address = elementAddress(forwardedFor.slice(comma + 1, end).replace(/^[ \t]+|[ \t]+$/g, ''));
    if (address === null) break;
    client = address;
    end = comma;
  }
  return client;
}

/** `192.0.2.1`, `192.0.2.1:8080`, `2001:db8::1`, `fe80::1%eth0`, `[2001:db8::1]`, `[2001:db8::1]:8080`; anything else is null. */
function elementAddress(element: string): string | null {
  const bracketed = /^\[([^\]]*)\](?::\d{1,5})?$/.exec(element);
  if (bracketed !== null) return bracketed[1]!.includes(':') ? addressWithoutZone(bracketed[1]!) : null;
  const withPort = /^([0-9.]+):\d{1,5}$/.exec(element);
  return addressWithoutZone(withPort === null ? element : withPort[1]!);
}

function addressWithoutZone(text: string): string | null {
  return canonicalAddress(text.includes(':') ? text.replace(/%[A-Za-z0-9._~-]+$/, '') : text);
}
