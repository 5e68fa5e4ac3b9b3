import { brotliDecompressSync, gunzipSync, inflateSync, zstdDecompressSync } from 'node:zlib';

/** Of one body, undone: what grows beyond stays as it came. */
const MAX_DECODED_BYTES = 1_048_576;
const LIMIT = { maxOutputLength: MAX_DECODED_BYTES };

const DECODERS: Readonly<Record<string, (bytes: Uint8Array) => Buffer>> = {
  gzip: (bytes) => gunzipSync(bytes, LIMIT),
  'x-gzip': (bytes) => gunzipSync(bytes, LIMIT),
  deflate: (bytes) => inflateSync(bytes, LIMIT),
  br: (bytes) => brotliDecompressSync(bytes, LIMIT),
  zstd: (bytes) => zstdDecompressSync(bytes, LIMIT),
};

/** A body with its Content-Encoding undone (RFC 9110 8.4); as it came where that cannot be done. */
export function decodedBody(body: Uint8Array, contentEncoding: string): Uint8Array {
  const name = contentEncoding.trim().toLowerCase();
  const decode = Object.hasOwn(DECODERS, name) ? DECODERS[name] : undefined;
  if (decode === undefined || body.length === 0) return body;
  try {
    return decode(body);
  } catch {
    return body;
  }
}
