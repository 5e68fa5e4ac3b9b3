import { createServer, type IncomingMessage, METHODS } from 'node:http';
import { duplexPair } from 'node:stream';
import { expect, it } from 'vitest';
import { parseAuthority } from '../../src/http/authority.ts';
import { FieldIndex } from '../../src/http/field-index.ts';
import { REQUEST_FIELDS, RequestHead } from '../../src/http/request-head.ts';
import { canonicalTarget } from '../../src/http/target.ts';
import { fuzzRuns, fuzzSeed, mutated, SEED_REQUESTS, seededDice } from '../support/mutation.ts';

/** Our reading of a request head against llhttp's, as node:http uses it: wherever we are the laxer one is a fault of ours. */

const POLICY = { dotSegments: 'keep', encodedSlash: 'keep', mergeSlashes: false } as const;
const INDEX = new FieldIndex(REQUEST_FIELDS);
const LIMITS = { headerCount: 1000, targetBytes: 16_384 };

interface Reading {
  readonly method: string;
  readonly target: string;
  readonly length: string;
  readonly coding: string;
}

/** What we make of the head that ends at the first empty line; a string says why it is refused. */
function ourReading(text: string): Reading | string {
  const bytes = Buffer.from(text, 'latin1');
  const start = text.startsWith('\r\n') ? 2 : 0;
  const end = bytes.indexOf('\r\n\r\n', start, 'latin1');
  if (end <= start) return 'no head';
  const head = new RequestHead(INDEX);
  const error = head.parse(bytes, start, end + 2, INDEX, LIMITS, 'keep');
  if (error !== null) return error;
  if (parseAuthority(head.host) === null) return 'bad-host';
  const target = canonicalTarget(head.rawTarget, POLICY, head.method);
  if (typeof target === 'string') return target;
  if (target.authority !== null && parseAuthority(target.authority) === null) return 'bad-target';
  if (head.expect === 'other') return 'bad-expect';
  return {
    method: head.method,
    target: head.rawTarget,
    length: head.contentLength < 0 ? '' : String(head.contentLength),
    coding: head.isChunked ? 'chunked' : '',
  };
}

/** What node:http makes of the same octets, up to the empty line. */
function theirReading(text: string): Promise<Reading | string> {
  return new Promise((resolve) => {
    const server = createServer({ requireHostHeader: false });
    const [client, socket] = duplexPair();
    const done = (reading: Reading | string): void => {
      resolve(reading);
      client.destroy();
      socket.destroy();
    };
    server.on('clientError', (error: NodeJS.ErrnoException) => done(error.code ?? error.message));
    const accept = (request: IncomingMessage): void => {
      const { 'content-length': length = '', 'transfer-encoding': coding = '' } = request.headers;
      done({
        method: request.method!,
        target: request.url!,
        length: length === '' ? '' : String(Number(length)),
        coding: coding.toLowerCase(),
      });
    };
    server.on('request', accept);
    server.on('upgrade', accept);
    server.on('checkExpectation', accept);
    server.on('checkContinue', accept);
    socket.on('error', () => {});
    client.on('error', () => {});
    client.on('close', () => done('closed'));
    server.emit('connection', socket);
    client.write(Buffer.from(text, 'latin1'), () => setImmediate(() => setImmediate(() => done('undecided'))));
  });
}

/** A method that llhttp does not know is refused by it whatever else is right: that is not what is compared here. */
function withKnownMethod(text: string, method: string): string {
  return METHODS.includes(method) ? text : text.replace(method, 'POST');
}

it('we accept no head that llhttp refuses, and read the same in what both accept', { timeout: 60_000 }, async () => {
  const seed = fuzzSeed();
  console.log(`GRAYGATE_FUZZ_SEED=${seed}`);
  const dice = seededDice(seed);
  const differing: string[] = [];
  let accepted = 0;
  for (let run = fuzzRuns(6_000); run > 0; run--) {
    const text = mutated(SEED_REQUESTS[dice.below(SEED_REQUESTS.length)]!, dice);
    const ours = ourReading(text);
    if (typeof ours === 'string') continue;
    accepted++;
    const head = text.slice(0, text.indexOf('\r\n\r\n', 2) + 4);
    const theirs = await theirReading(withKnownMethod(head, ours.method));
    const expected = METHODS.includes(ours.method) ? ours : { ...ours, method: 'POST' };
    if (JSON.stringify(theirs) !== JSON.stringify(expected))
      differing.push(`${JSON.stringify(head)}: ours ${JSON.stringify(ours)}, theirs ${JSON.stringify(theirs)}`);
  }
  expect(accepted).toBeGreaterThan(100);
  expect(differing).toEqual([]);
});
