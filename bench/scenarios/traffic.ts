/** One request as it goes over the wire, without Host and framing. */
export interface WireRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** ASCII; null: no body. */
  readonly body: string | null;
}

/** Who belongs to the canary, whatever the hash of the user says. */
export type CanaryRule =
  | { readonly kind: 'header'; readonly name: string; readonly value: string }
  /** A top-level field of a JSON body. */
  | { readonly kind: 'body'; readonly field: string; readonly values: readonly string[] };

/** One kind of traffic, the same for every peer: what is asked, who asks, and which version ought to answer. */
export interface Traffic {
  /** The header whose hash decides between stable and canary. */
  readonly userHeader: string;
  readonly rule: CanaryRule;
  readonly canaryPercent: number;
  readonly connections: number;
  /** Distinct requests of the load, sent in turn. */
  readonly users: number;
  /** Every so-manieth request of the load is one that the rule catches. */
  readonly ruleEvery: number;
  /** The request that a user makes; `caught`: so that the rule sends it to the canary. */
  readonly requestOf: (user: string, index: number, caught: boolean) => WireRequest;
  /** Where the origin tells what was stamped on a request. */
  readonly seenPath: string;
}

const BROWSER_HEADERS = {
  'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
  accept: 'application/json, text/html;q=0.9',
  'accept-language': 'en-GB,en;q=0.8',
  cookie: 'session=5f0c1e9a7b3d; theme=light',
};

interface HeaderRuledTraffic {
  readonly pathOf?: (index: number) => string;
  readonly seenPath?: string;
  readonly moreHeaders?: Readonly<Record<string, string>>;
  readonly connections?: number;
  readonly users?: number;
  /** Given: a POST of so many bytes of JSON. */
  readonly bodyBytes?: number;
}

/** A browser's requests, a rule on a header and a sticky 90/10 split by the user's id. */
export function headerRuledTraffic(options: HeaderRuledTraffic = {}): Traffic {
  const { pathOf = () => '/api/orders/42?page=1&size=20', moreHeaders = {}, bodyBytes } = options;
  const rule = { kind: 'header', name: 'x-beta', value: '1' } as const;
  const body = bodyBytes === undefined ? null : jsonOfBytes(bodyBytes);
  return {
    userHeader: 'x-user',
    rule,
    canaryPercent: 10,
    connections: options.connections ?? 64,
    users: options.users ?? 200,
    ruleEvery: 20,
    seenPath: options.seenPath ?? '/seen',
    requestOf: (user, index, caught) => ({
      method: body === null ? 'GET' : 'POST',
      path: pathOf(index),
      headers: {
        ...BROWSER_HEADERS,
        ...moreHeaders,
        ...(body !== null && { 'content-type': 'application/json' }),
        'x-user': user,
        ...(caught && { [rule.name]: rule.value }),
      },
      body,
    }),
  };
}

/** The requests of the load, in the order in which they are sent. */
export function loadRequests({ users, ruleEvery, requestOf }: Traffic): readonly WireRequest[] {
  return Array.from({ length: users }, (_, index) =>
    requestOf(`user-${1000 + index}`, index, (index + 1) % ruleEvery === 0),
  );
}

/** The bytes of a request, its Host and length included. */
export function requestBytes({ method, path, headers, body }: WireRequest): Buffer {
  const fields = { host: 'bench.test', ...headers, ...(body !== null && { 'content-length': String(body.length) }) };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body ?? ''}`, 'latin1');
}

/** A JSON object of exactly so many bytes (at least 20), filled up with padding. */
export function jsonOfBytes(bytes: number, fields: Readonly<Record<string, string>> = {}): string {
  const empty = JSON.stringify({ ...fields, padding: '' });
  return JSON.stringify({ ...fields, padding: 'x'.repeat(Math.max(0, bytes - empty.length)) });
}
