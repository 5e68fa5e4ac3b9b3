import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CHUNK_END, chunkHeader, LAST_CHUNK, lastChunk } from '../../../src/http/chunk-frame.ts';
import { ChunkedDecoder } from '../../../src/http/chunked.ts';

interface Outcome {
  readonly state: string;
  readonly error: string;
  readonly trailers: string;
  readonly payload: string;
  /** Octets of the input that belong to the message; -1 when it failed. */
  readonly consumed: number;
}

/** Decodes `text` cut at the given places. */
function decode(text: string, cuts: readonly number[] = [], decoder = new ChunkedDecoder()): Outcome {
  const bytes = Buffer.from(text, 'latin1');
  let payload = '';
  const sink = {
    data: (view: Uint8Array, from: number, to: number): void => {
      payload += Buffer.from(view.subarray(from, to)).toString('latin1');
    },
  };
  let at = 0;
  for (const end of [...cuts, bytes.length]) {
    while (at < end && decoder.state === 'open') at = decoder.decode(bytes, at, end, sink);
  }
  const { state, error, trailers } = decoder;
  return { state, error, trailers, payload, consumed: state === 'failed' ? -1 : at };
}

function everySplit(text: string): Outcome {
  const whole = decode(text);
  for (let cut = 0; cut <= text.length; cut++) expect(decode(text, [cut]), `cut at ${cut}`).toEqual(whole);
  expect(
    decode(
      text,
      Array.from(text, (_, place) => place),
    ),
    'octet by octet',
  ).toEqual(whole);
  return whole;
}

describe('a chunked message', () => {
  it.each([
    ['nothing but the last chunk', '0\r\n\r\n', ''],
    ['one chunk', '5\r\nhello\r\n0\r\n\r\n', 'hello'],
    ['several chunks', '5\r\nhello\r\n1\r\n \r\n5\r\nworld\r\n0\r\n\r\n', 'hello world'],
    [
      'upper and lower case digits, leading zeros',
      '0a\r\n0123456789\r\nA\r\n0123456789\r\n000\r\n\r\n',
      '01234567890123456789',
    ],
    ['line ends and digits within the data', '8\r\n\r\n0\r\n\r\n\r\r\n0\r\n\r\n', '\r\n0\r\n\r\n\r'],
    ['extensions by the grammar', '2;a;b=c;d="x\\"; y"\r\nhi\r\n0;last\r\n\r\n', 'hi'],
    ['sixteen digits', '0000000000000002\r\nhi\r\n0000000000000000\r\n\r\n', 'hi'],
  ])('is decoded alike at every split: %s', (_, text, payload) => {
    expect(everySplit(text)).toEqual({ state: 'done', error: '', trailers: '', payload, consumed: text.length });
  });

  it('ends where it ends: what follows is left alone', () => {
    const message = '2\r\nhi\r\n0\r\n\r\n';
    expect(everySplit(`${message}GET / HTTP/1.1\r\n`)).toMatchObject({ state: 'done', consumed: message.length });
  });

  it('hands out views, never copies', () => {
    const bytes = Buffer.from('3\r\nabc\r\n0\r\n\r\n', 'latin1');
    const spans: unknown[] = [];
    new ChunkedDecoder().decode(bytes, 0, bytes.length, {
      data: (view, from, to) => spans.push(view === bytes, from, to),
    });
    expect(spans).toEqual([true, 3, 6]);
  });

  it('is open until it is whole', () => {
    const text = '2;a=b\r\nhi\r\n0\r\nX: y\r\n\r\n';
    for (let length = 0; length < text.length; length++) expect(decode(text.slice(0, length)).state).toBe('open');
  });

  it('of up to 2^53 - 1 octets has no limit of its own', () => {
    expect(decode('1fffffffffffff\r\nx')).toMatchObject({ state: 'open', error: '', payload: 'x' });
  });
});

describe('a malformed chunked message is refused at every split', () => {
  it.each([
    ['an empty size', '\r\nhi\r\n', 'bad-chunk-size'],
    ['a sign', '+2\r\nhi\r\n', 'bad-chunk-size'],
    ['a minus', '-2\r\nhi\r\n', 'bad-chunk-size'],
    ['0x', '0x2\r\nhi\r\n', 'bad-chunk-size'],
    ['an underscore', '1_0\r\nhi\r\n', 'bad-chunk-size'],
    ['a blank before', ' 2\r\nhi\r\n', 'bad-chunk-size'],
    ['a blank after', '2 \r\nhi\r\n', 'bad-chunk-size'],
    ['a tab after', '2\t\r\nhi\r\n', 'bad-chunk-size'],
    ['a letter above f', '2g\r\nhi\r\n', 'bad-chunk-size'],
    ['a NUL', '2\0\r\nhi\r\n', 'bad-chunk-size'],
    ['seventeen digits', '00000000000000002\r\nhi\r\n', 'bad-chunk-size'],
    ['overflow', '20000000000000\r\nhi\r\n', 'bad-chunk-size'],
    ['64-bit wrap', 'fffffffffffffffe\r\nhi\r\n', 'bad-chunk-size'],
    ['a bare LF after the size', '2\nhi\r\n', 'bad-chunk-size'],
    ['a bare CR after the size', '2\rhi\r\n', 'bad-chunk-size'],
    ['CR CR LF', '2\r\r\nhi\r\n', 'bad-chunk-size'],
    ['data too long', '2\r\nhix\r\n', 'bad-chunk-end'],
    ['data too short', '3\r\nhi\r\n0\r\n\r\n', 'bad-chunk-end'],
    ['data followed by LF', '2\r\nhi\n0\r\n\r\n', 'bad-chunk-end'],
    ['data followed by CR', '2\r\nhi\r0\r\n\r\n', 'bad-chunk-end'],
    ['data followed by nothing', '2\r\nhi0\r\n\r\n', 'bad-chunk-end'],
    ['an empty extension', '2;\r\nhi\r\n', 'bad-chunk-extension'],
    ['a blank before an extension', '2 ;a\r\nhi\r\n', 'bad-chunk-size'],
    ['a blank in an extension', '2; a\r\nhi\r\n', 'bad-chunk-extension'],
    ['a bare LF in an extension', '2;a\nb\r\nhi\r\n', 'bad-chunk-extension'],
    ['a bare LF right in an extension', '2;\nhi\r\n', 'bad-chunk-extension'],
    ['a bare CR in an extension', '2;a\rb\r\nhi\r\n', 'bad-chunk-size'],
    ['an empty extension value', '2;a=\r\nhi\r\n', 'bad-chunk-extension'],
    ['an extension without a name', '2;=a\r\nhi\r\n', 'bad-chunk-extension'],
    ['a control octet in a quoted extension', '2;a="\0"\r\nhi\r\n', 'bad-chunk-extension'],
    ['CRLF in a quoted extension', '2;a="\r\n"\r\nhi\r\n', 'bad-chunk-extension'],
    ['text after a quoted extension', '2;a="b"c\r\nhi\r\n', 'bad-chunk-extension'],
    ['a trailer without a colon', '0\r\nabc\r\n\r\n', 'bad-trailer'],
    ['a trailer without a name', '0\r\n: a\r\n\r\n', 'bad-trailer'],
    ['a blank before the colon', '0\r\na : b\r\n\r\n', 'bad-trailer'],
    ['a folded trailer', '0\r\na: b\r\n c\r\n\r\n', 'bad-trailer'],
    ['a bare LF in trailers', '0\r\na: b\n\r\n', 'bad-trailer'],
    ['a bare LF at the end', '0\r\n\n', 'bad-trailer'],
    ['a bare CR in trailers', '0\r\na: b\rc\r\n\r\n', 'bad-trailer'],
    ['CR and no LF at the end', '0\r\n\rX', 'bad-trailer'],
    ['a NUL in a trailer', '0\r\na: \0\r\n\r\n', 'bad-trailer'],
  ])('%s', (_, text, error) => {
    expect(everySplit(text)).toMatchObject({ state: 'failed', error });
  });

  it('stays failed, and takes nothing more', () => {
    const decoder = new ChunkedDecoder();
    decode('x', [], decoder);
    const bytes = Buffer.from('0\r\n\r\n');
    expect(decoder.decode(bytes, 0, bytes.length, { data: () => {} })).toBe(0);
    expect(decoder.state).toBe('failed');
    decoder.reset();
    expect(decode('2\r\nok\r\n0\r\n\r\n', [], decoder)).toMatchObject({ state: 'done', error: '', payload: 'ok' });
  });
});

describe('bounds', () => {
  it('holds the extensions of all chunks together to 16 KiB', () => {
    const chunk = `1;${'e'.repeat(1023)}\r\nx\r\n`;
    expect(decode(`${chunk.repeat(16)}0\r\n\r\n`).state).toBe('done');
    expect(decode(`${chunk.repeat(16)}0;e\r\n\r\n`).error).toBe('chunk-extensions-too-large');
  });

  it('holds trailers to 16 KiB and 100 lines', () => {
    expect(decode(`0\r\n${'a: b\r\n'.repeat(100)}\r\n`).state).toBe('done');
    expect(decode(`0\r\n${'a: b\r\n'.repeat(101)}\r\n`).error).toBe('trailers-too-large');
    expect(decode(`0\r\na: ${'b'.repeat(16 * 1024)}\r\n\r\n`).error).toBe('trailers-too-large');
    expect(decode(`0\r\n${'a'.repeat(17 * 1024)}`).error).toBe('trailers-too-large');
  });
});

describe('trailers', () => {
  it('are handed on trimmed, spelling and order kept', () => {
    const text = '0\r\nGrpc-Status: 0\r\nx-sum:\t \xe9 b \t\r\nGrpc-Status:\r\n\r\n';
    expect(everySplit(text).trailers).toBe('Grpc-Status: 0\r\nx-sum: \xe9 b\r\nGrpc-Status: \r\n');
  });

  it.each([
    'Transfer-Encoding',
    'content-length',
    'Content-Type',
    'Content-Anything',
    'Host',
    'Authorization',
    'Cookie',
    'Set-Cookie',
    'Connection',
    'Keep-Alive',
    'Upgrade',
    'TE',
    'Trailer',
    'Proxy-Authorization',
    'X-Forwarded-For',
    'x-gray-version',
    'X_Forwarded_For',
    'If-Match',
    'Via',
  ])('named %s are dropped', (name) => {
    expect(decode(`0\r\n${name}: 1\r\nkept: 2\r\n\r\n`)).toMatchObject({ state: 'done', trailers: 'kept: 2\r\n' });
  });

  it('that Connection nominated are dropped', () => {
    const decoder = new ChunkedDecoder();
    decoder.reset(new Set(['x-hop']));
    expect(decode('0\r\nX-Hop: 1\r\nkept: 2\r\n\r\n', [], decoder).trailers).toBe('kept: 2\r\n');
  });
});

describe('writer and decoder', () => {
  it('agree on any payload, chunking and splitting', () => {
    const chunk = fc.uint8Array({ minLength: 1, maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString('latin1'));
    fc.assert(
      fc.property(
        fc.array(chunk, { maxLength: 8 }),
        fc.array(fc.nat(400), { maxLength: 6 }),
        fc.boolean(),
        (chunks, places, trailed) => {
          const frames = chunks.map((data) => chunkHeader(data.length) + data + CHUNK_END).join('');
          const trailers = trailed ? 'a: b\r\n' : '';
          const text = frames + lastChunk(trailers);
          const cuts = places.filter((place) => place < text.length).sort((a, b) => a - b);
          expect(decode(text, cuts)).toEqual({
            state: 'done',
            error: '',
            trailers,
            payload: chunks.join(''),
            consumed: text.length,
          });
        },
      ),
    );
    expect(lastChunk('')).toBe(LAST_CHUNK);
  });

  it('any octets at all end the same way however they are split', () => {
    const piece = fc.constantFrom(
      '0',
      '1',
      'a',
      '\r\n',
      '\r',
      '\n',
      ';',
      '=',
      '"',
      ':',
      ' ',
      '\0',
      'x',
      '\r\n\r\n',
      '0\r\n',
      '2\r\nhi\r\n',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 24 }), fc.array(fc.nat(60), { maxLength: 5 }), (pieces, places) => {
        const text = pieces.join('');
        const cuts = places.filter((place) => place < text.length).sort((a, b) => a - b);
        expect(decode(text, cuts)).toEqual(decode(text));
      }),
      { numRuns: 2_000 },
    );
  });
});
