/** Writing the chunked transfer coding (RFC 9112 7.1). Chunk data is never copied: header, data and end are written in turn. */

/** The line before a chunk's data; `length` in bytes, above 0 (a chunk of 0 ends the message). */
export function chunkHeader(length: number): string {
  return `${length.toString(16)}\r\n`;
}

/** Follows a chunk's data. */
export const CHUNK_END = '\r\n';

/** Ends a chunked message that has no trailers. */
export const LAST_CHUNK = '0\r\n\r\n';

/** Ends a chunked message; `trailers` are checked lines, each with its CRLF, as `ChunkedDecoder.trailers` gives them. */
export function lastChunk(trailers: string): string {
  return trailers === '' ? LAST_CHUNK : `0\r\n${trailers}\r\n`;
}
