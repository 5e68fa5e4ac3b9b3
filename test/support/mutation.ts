/** Seeded mutation of messages: the same seed makes the same cases, so that what a run found can be run again. */

export interface Dice {
  /** A whole number in [0, below). */
  below(below: number): number;
}

/** mulberry32: small, and good enough to choose places and pieces. */
export function seededDice(seed: number): Dice {
  let state = seed >>> 0;
  return {
    below(below) {
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 15), state | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
      return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
    },
  };
}

/** The seed of this run: GRAYGATE_FUZZ_SEED, else the time. Print it. */
export function fuzzSeed(): number {
  return Number(process.env['GRAYGATE_FUZZ_SEED'] ?? Date.now() % 2 ** 31);
}

/** How many cases: GRAYGATE_FUZZ_RUNS, else what is quick. */
export function fuzzRuns(quick: number): number {
  return Number(process.env['GRAYGATE_FUZZ_RUNS'] ?? quick);
}

const PIECES = [
  '\r',
  '\n',
  '\r\n',
  '\0',
  ':',
  ' ',
  '\t',
  ',',
  ';',
  '=',
  '"',
  '\\',
  '/',
  '%',
  '#',
  '?',
  '.',
  '-',
  '+',
  '_',
  '0',
  '1',
  '9',
  'a',
  'x',
  '\x0b',
  '\x0c',
  '\x7f',
  '\x80',
  '\xa0',
  '\xff',
  '\r\n\r\n',
  '\r\n ',
  '\n\n',
  '\r\r\n',
  ': ',
  ' :',
  'chunked',
  'identity',
  'close',
  'keep-alive',
  'upgrade',
  '0x',
  '100-continue',
  'HTTP/1.0',
  'HTTP/1.1',
  'HTTP/1.2',
  'GET ',
  'Transfer-Encoding: chunked\r\n',
  'Transfer-Encoding: x\r\n',
  'Content-Length: 0\r\n',
  'Content-Length: 5\r\n',
  'Host: b\r\n',
  'Connection: close\r\n',
  'Expect: 100-continue\r\n',
  'X_Y: z\r\n',
  ': v\r\n',
];

/** One to three small changes: octets left out, put in, exchanged, doubled; lines doubled or moved. */
export function mutated(text: string, dice: Dice): string {
  let result = text;
  for (let changes = 1 + dice.below(3); changes > 0; changes--) result = mutatedOnce(result, dice);
  return result;
}

function mutatedOnce(text: string, dice: Dice): string {
  const at = dice.below(text.length + 1);
  const piece = PIECES[dice.below(PIECES.length)]!;
  switch (dice.below(6)) {
    case 0:
      return text.slice(0, at) + text.slice(at + 1 + dice.below(3));
    case 1:
    case 2:
      return text.slice(0, at) + piece + text.slice(at);
    case 3:
      return text.slice(0, at) + piece + text.slice(at + 1);
    case 4: {
      const to = Math.min(text.length, at + 1 + dice.below(20));
      return text.slice(0, to) + text.slice(at);
    }
    default: {
      const lines = text.split('\r\n');
      const [line] = lines.splice(dice.below(lines.length), 1);
      lines.splice(dice.below(lines.length + 1), 0, line!, ...(dice.below(2) === 0 ? [line!] : []));
      return lines.join('\r\n');
    }
  }
}

/** Well-formed requests to begin from. */
export const SEED_REQUESTS: readonly string[] = [
  'GET / HTTP/1.1\r\nHost: a.example\r\n\r\n',
  'GET /path/to?x=1&y=%20 HTTP/1.1\r\nHost: a.example:8080\r\nAccept: */*\r\nCookie: a=b; c=d\r\nX-Own: some value\r\n\r\n',
  'GET http://a.example/x HTTP/1.1\r\nHost: a.example\r\nConnection: keep-alive, X-Hop\r\nX-Hop: 1\r\n\r\n',
  'POST /a HTTP/1.1\r\nHost: a.example\r\nContent-Type: application/json\r\nContent-Length: 5\r\n\r\nhello',
  'POST /a HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n3\r\n\r\n1\r\n0\r\nX-T: 1\r\n\r\n',
  'OPTIONS * HTTP/1.1\r\nHost: [::1]:80\r\nMax-Forwards: 1\r\n\r\n',
  'PUT /a HTTP/1.1\r\nHost: a.example\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi',
  'GET /ws HTTP/1.1\r\nHost: a.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  'HEAD /a HTTP/1.0\r\nHost: a.example\r\nConnection: keep-alive\r\n\r\n',
];

/** Well-formed answers to begin from. */
export const SEED_ANSWERS: readonly string[] = [
  'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Type: text/plain\r\n\r\nhello',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nSet-Cookie: a=b; Path=/\r\nSet-Cookie: c=d\r\n\r\n5\r\nhello\r\n0\r\nX-T: 1\r\n\r\n',
  'HTTP/1.1 304 Not Modified\r\nETag: "x"\r\nContent-Length: 5\r\n\r\n',
  'HTTP/1.1 204 No Content\r\nConnection: keep-alive, X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\n\r\n',
  'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi',
  'HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi',
  'HTTP/1.1 404 \r\nContent-Length: 0\r\n\r\n',
];
