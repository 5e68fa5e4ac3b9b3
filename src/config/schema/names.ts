import { type Problem, problem } from './problem.ts';
import { scalar } from './scalars.ts';

const MAX_NAME_LENGTH = 200;
/** RFC 9110, 5.6.2. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const VERSION = /^[A-Za-z0-9][A-Za-z0-9._~+-]{0,99}$/;
const TEXT_TYPES = { type: ['string', 'number', 'boolean'] };

/** Fields that say how a message is framed or carried: the gateway writes them itself (RFC 9110, 7.6.1; RFC 9112, 6). */
const MANAGED_HEADERS: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'via',
  'x-gray-lane',
  'x-gray-mirror',
  'x-gray-rule',
  'x-gray-version',
]);

/** Why a text cannot be the name of a listener, a service, a route, a rule or a switch; null: it can. */
export function refusedName(name: string): Problem | null {
  if (name === '') return problem('bad-name', 'the name is empty');
  if (name.length > MAX_NAME_LENGTH)
    return problem('bad-name', `the name is longer than ${MAX_NAME_LENGTH} characters`);
  if (/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u.test(name) || name.trim() !== name) {
    return problem('bad-name', 'the name has control characters, or blanks around it');
  }
  return null;
}

/** Versions travel in headers and cookies, so their names are plainer. */
export function refusedVersionName(name: string): Problem | null {
  if (VERSION.test(name)) return null;
  return problem('bad-name', `"${name}" cannot name a version`, 'letters, digits and . _ ~ + - ; at most 100');
}

export function refusedHeaderName(name: string): Problem | null {
  return TOKEN.test(name) ? null : problem('bad-header-name', `"${name}" is not a header name`);
}

export function refusedWrittenHeader(name: string): Problem | null {
  if (!MANAGED_HEADERS.has(name.toLowerCase())) return refusedHeaderName(name);
  return problem('managed-header', `${name} is written by the gateway itself`);
}

export function refusedCookieName(name: string): Problem | null {
  return TOKEN.test(name) ? null : problem('bad-cookie-name', `"${name}" is not a cookie name`);
}

export function refusedQueryName(name: string): Problem | null {
  return name === '' ? problem('bad-name', 'a query parameter needs a name') : null;
}

function named(refuse: (name: string) => Problem | null, value: (name: string) => string = (name) => name) {
  return scalar(TEXT_TYPES, (written) => {
    const refused = refuse(written);
    return refused === null ? { value: value(written) } : { refused };
  });
}

export const name = named(refusedName);
/** Header names are compared in lower case. */
export const headerName = named(refusedHeaderName, (written) => written.toLowerCase());
export const writtenHeaderName = named(refusedWrittenHeader, (written) => written.toLowerCase());
export const cookieName = named(refusedCookieName);
export const queryName = named(refusedQueryName);

export const headerValue = scalar(TEXT_TYPES, (written) => {
  if (!/[\r\n\0]/.test(written)) return { value: written };
  return { refused: problem('bad-header-value', 'a header value cannot hold CR, LF or NUL') };
});

export const methodName = scalar(TEXT_TYPES, (written) => {
  if (TOKEN.test(written)) return { value: written };
  return { refused: problem('bad-method', `"${written}" is not a method`, 'write GET, POST, ...') };
});
