import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type HostileCase, type Played, type PlayedAll, playAll } from '../support/hostile-lane.ts';
import { type HostileAnswer, playAnswers } from '../support/hostile-upstream.ts';

/**
 * Request-smuggling and parser vectors collected by others, replayed through a running gateway to a recording origin. They
 * are not part of the project: the folder is named by GRAYGATE_CASES, and without it these tests are skipped.
 */
const FOLDER = join(process.env['GRAYGATE_CASES'] ?? '../shared/cases', 'http');
const isThere = existsSync(FOLDER);
if (!isThere) console.log(`corpora skipped: no folder ${FOLDER}`);

interface LlhttpVector {
  readonly id: string;
  readonly mode: string;
  readonly raw_latin1: string;
  readonly error: { readonly reason: string } | null;
  readonly messages_complete: number;
}

/** Vectors whose recorded verdict is not about what is right here, with the reason. */
const OWN_READING: ReadonlyMap<string, string> = new Map([
  [
    'request/connection#Setting flag/CRLF between requests, implicit `keep-alive`',
    'ran into the text around it: the verdict is about that text',
  ],
  [
    'request/invalid#ICE protocol, but not really/HTTP protocol and ANNOUNCE method',
    'any token is a method: unknown ones are forwarded',
  ],
]);

function expectClean({ wrong, passed, refused }: PlayedAll): void {
  expect(wrong).toEqual([]);
  expect(passed).toBeGreaterThan(0);
  expect(refused).toBeGreaterThan(0);
}

function casesOf<T>(file: string): readonly T[] {
  return JSON.parse(readFileSync(join(FOLDER, file), 'utf8')).cases;
}

/** A field that any server might take for Transfer-Encoding must not travel beside Content-Length. */
function noHiddenCoding({ requests }: Played): string {
  for (const { framing, fields } of requests) {
    const hidden = fields.find(([name]) => name.toLowerCase().replace(/[^a-z]/g, '') === 'transferencoding');
    if (framing !== 'chunked' && hidden !== undefined)
      return `a hidden transfer coding at the origin: ${hidden.join(': ')}`;
  }
  return requests.length > 1 ? `${requests.length} requests at the origin` : '';
}

function smuggled(place: number, lines: string, body: string, length: number | null): string {
  const declared = length === null ? '' : `Content-Length: ${length}\r\n`;
  return `POST /?cb=${place} HTTP/1.1\r\n${lines}\r\nHost: proxy.test\r\nContent-Type: application/x-www-form-urlencoded\r\n${declared}\r\n${body}`;
}

describe.skipIf(!isThere)('corpora', () => {
  it('mangled Transfer-Encoding lines smuggle nothing', { timeout: 120_000 }, async () => {
    const gadgets = casesOf<{ id: string; gadget_latin1: string }>('smuggler-te-gadgets.json');
    const cases = gadgets.flatMap(({ id, gadget_latin1 }, place): HostileCase[] => [
      { id: `${id} te.cl`, payload: smuggled(place, gadget_latin1, '0\r\n\r\nX', 6), judge: noHiddenCoding },
      { id: `${id} cl.te`, payload: smuggled(place, gadget_latin1, '1\r\nZ\r\nQ', 4), judge: noHiddenCoding },
    ]);
    expectClean(await playAll(cases));
  });

  it('permutations of framing lines and of chunks smuggle nothing', async () => {
    const rows = casesOf<{
      kind: string;
      id: string;
      header_lines_latin1: string;
      body_latin1: string;
      raw_latin1: string;
    }>('portswigger-permutations.json');
    const body = '5\r\nhello\r\n0\r\n\r\n';
    const cases = rows.flatMap((row, place): HostileCase[] => {
      const lines = row.header_lines_latin1;
      if (row.kind === 'te') {
        return [
          { id: `te ${row.id}`, payload: smuggled(place, lines, body, body.length), judge: noHiddenCoding },
          { id: `te alone ${row.id}`, payload: smuggled(place, lines, body, null), judge: noHiddenCoding },
        ];
      }
      if (row.kind === 'cl')
        return [{ id: `cl ${row.id}`, payload: smuggled(place, lines, row.body_latin1, null), judge: noHiddenCoding }];
      if (row.kind === 'chunk') return [{ id: `chunk ${row.id}`, payload: row.raw_latin1, judge: malformedChunks }];
      return [];
    });
    expectClean(await playAll(cases));
  });

  it('request vectors of a parser: what it refuses is refused here', async () => {
    const vectors = casesOf<LlhttpVector>('llhttp-vectors.json').filter(
      ({ mode, id }) => mode.startsWith('request') && !OWN_READING.has(id),
    );
    const cases = vectors.map(
      (vector): HostileCase => ({
        id: `${vector.mode} ${vector.id}`,
        payload: vector.raw_latin1,
        judge: ({ requests }) =>
          requests.length > vector.messages_complete
            ? `${requests.length} requests, not ${vector.messages_complete}`
            : '',
      }),
    );
    expectClean(await playAll(cases));
  });

  it('response vectors of a parser: each ends as one clean answer, a 5xx or a cut', async () => {
    const vectors = casesOf<LlhttpVector>('llhttp-vectors.json').filter(({ mode }) => mode.startsWith('response'));
    const answers = vectors.map(
      (vector): HostileAnswer => ({
        id: `${vector.mode} ${vector.id}`,
        octets: vector.raw_latin1,
        judge: (answer) => {
          const isClean = answer !== undefined && answer.status < 500;
          const isRefused = vector.messages_complete === 0 && vector.error !== null && !vector.mode.includes('lenient');
          return isClean && isRefused ? `a clean ${answer.status} where the parser says: ${vector.error?.reason}` : '';
        },
      }),
    );
    expect(await playAnswers(answers)).toEqual([]);
  });
});

/** Every row is malformed: nothing may arrive whole. */
function malformedChunks({ requests, answers }: Played): string {
  if (requests.length > 0) return 'malformed chunks arrived as a whole request';
  return answers.some(({ status }) => status < 400) ? 'malformed chunks got a good answer' : '';
}
