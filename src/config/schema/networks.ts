import { parseCidr } from '../../core/matching/cidr.ts';
import { parseEndpointUrl } from '../endpoint-url.ts';
import { VALUES_NOT_SUPPORTED_YET } from '../not-supported-yet.ts';
import { parseSocketAddress } from '../socket-address.ts';
import { problem } from './problem.ts';
import { scalar } from './scalars.ts';

/** `10.0.0.0/8`, `2001:db8::/32`, or a bare address. */
export const cidr = scalar({ type: 'string' }, (written) => {
  if (parseCidr(written) !== null) return { value: written };
  return {
    refused: problem('bad-cidr', `"${written}" is not a network`, 'write 10.0.0.0/8, 2001:db8::/32 or an address'),
  };
});

/** `HOST:PORT`; port 0 asks for a free one. */
export const socketAddress = scalar({ type: 'string', pattern: ':\\d{1,5}$' }, (written) => {
  if (parseSocketAddress(written) !== null) return { value: written };
  return {
    refused: problem('bad-address', `"${written}" is not an address to listen on`, 'write 0.0.0.0:8080 or [::]:8080'),
  };
});

export const endpointUrl = scalar({ type: 'string', pattern: '^(http://|unix:/|\\$\\{)' }, (written) => {
  const url = parseEndpointUrl(written);
  if (url === null)
    return {
      refused: problem(
        'bad-url',
        `"${written}" is not an endpoint`,
        'write http://HOST:PORT, without a path, or unix:/PATH',
      ),
    };
  const later: readonly string[] = VALUES_NOT_SUPPORTED_YET.endpointScheme;
  if (url.tls && later.includes('https'))
    return { refused: problem('not-supported-yet', 'https endpoints are not supported by this version yet') };
  return { value: written };
});

const HOST_LABELS = /^(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*$/;
const IPV6_HOST = /^\[[0-9a-f:.]+\]$/;

/** `a.example`, `*.example.com`, `*`, an address; read in lower case, without the dot that may end a name. */
export const hostPattern = scalar({ type: 'string' }, (written) => {
  const pattern = written.toLowerCase().replace(/(?<=[^.])\.$/, '');
  const rest = pattern.startsWith('*.') ? pattern.slice(2) : pattern;
  if (pattern === '*' || HOST_LABELS.test(rest) || IPV6_HOST.test(pattern)) return { value: pattern };
  return { refused: problem('bad-host', `"${written}" is not a host pattern`, hostHint(written)) };
});

function hostHint(written: string): string {
  if (/:\d+$/.test(written)) return 'hosts are matched without their port';
  if (/[^\u0000-\u007f]/.test(written)) return 'write the name as it travels, in its xn-- form';
  return 'write a.example, *.example.com or *';
}
