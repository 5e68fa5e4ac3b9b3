import { type IncomingMessage, request } from 'node:http';
import { duplexPair } from 'node:stream';
import { expect, it } from 'vitest';
import { ResponseHead } from '../../src/http/response-head.ts';
import { fuzzRuns, fuzzSeed, mutated, SEED_ANSWERS, seededDice } from '../support/mutation.ts';

/** Our reading of an upstream's head against llhttp's: an answer that it would refuse must not be believed here. */

interface Reading {
  readonly status: number;
  readonly length: string;
  readonly coding: string;
}

/** What we make of the head that ends at the first empty line; null when it is refused. */
function ourReading(text: string): Reading | null {
  const bytes = Buffer.from(text, 'latin1');
  const end = bytes.indexOf('\r\n\r\n', 0, 'latin1');
  const head = new ResponseHead();
  if (end < 0 || !head.parse(bytes, 0, end + 2)) return null;
  const { status, contentLength, isChunked } = head;
  // Framing fields of an interim answer: refused by whoever reads on.
  if (status < 200) return { status, length: '', coding: '' };
  return { status, length: contentLength < 0 ? '' : String(contentLength), coding: isChunked ? 'chunked' : '' };
}

/** What node:http makes of the same octets, up to the empty line; a string says why it refuses them. */
function theirReading(text: string): Promise<Reading | string> {
  return new Promise((resolve) => {
    const [upstream, socket] = duplexPair();
    const done = (reading: Reading | string): void => {
      resolve(reading);
      upstream.destroy();
      socket.destroy();
    };
    const asked = request({
      createConnection: () => socket as never,
      method: 'GET',
      headers: { host: 'a' },
    });
    const accept = (response: IncomingMessage): void => {
      const { 'content-length': length = '', 'transfer-encoding': coding = '' } = response.headers;
      response.on('error', () => {});
      done({
        status: response.statusCode!,
        length: length === '' ? '' : String(Number(length)),
        coding: coding.toLowerCase(),
      });
    };
    asked.on('response', accept);
    asked.on('information', ({ statusCode }) => done({ status: statusCode, length: '', coding: '' }));
    asked.on('upgrade', () => done({ status: 101, length: '', coding: '' }));
    asked.on('error', (error: NodeJS.ErrnoException) => done(error.code ?? error.message));
    upstream.on('error', () => {});
    upstream.resume();
    asked.end();
    upstream.write(Buffer.from(text, 'latin1'), () => setImmediate(() => setImmediate(() => done('undecided'))));
  });
}

/** Where llhttp says no and we need not, with the reason. */
const OWN_READING: readonly (readonly [pattern: RegExp, reason: string])[] = [
  [
    /content-length:[ \t]*(\d+)[ \t]*\r\n(?:.*\r\n)*content-length:[ \t]*\1[ \t]*\r\n/i,
    'the same length said twice is one length (RFC 9112 6.3)',
  ],
  [/^HTTP\/1\.[2-9] /, 'a higher minor version is read as 1.1 (RFC 9110 2.5)'],
];

it('we believe no head that llhttp refuses, and read the same in what both accept', { timeout: 60_000 }, async () => {
  const seed = fuzzSeed();
  console.log(`GRAYGATE_FUZZ_SEED=${seed}`);
  const dice = seededDice(seed);
  const differing: string[] = [];
  let accepted = 0;
  for (let run = fuzzRuns(6_000); run > 0; run--) {
    const text = mutated(SEED_ANSWERS[dice.below(SEED_ANSWERS.length)]!, dice);
    const ours = ourReading(text);
    if (ours === null) continue;
    accepted++;
    const head = text.slice(0, text.indexOf('\r\n\r\n') + 4);
    if (OWN_READING.some(([pattern]) => pattern.test(head))) continue;
    const theirs = await theirReading(head);
    if (JSON.stringify(theirs) !== JSON.stringify(ours))
      differing.push(`${JSON.stringify(head)}: ours ${JSON.stringify(ours)}, theirs ${JSON.stringify(theirs)}`);
  }
  expect(accepted).toBeGreaterThan(100);
  expect(differing).toEqual([]);
});
