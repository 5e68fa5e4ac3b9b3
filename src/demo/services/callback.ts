import type { IncomingMessage, RequestListener } from 'node:http';
import { answerJson } from '../json-answer.ts';

export type CallbackVersion = 'v1' | 'v2';

const MAX_BODY_BYTES = 64 * 1024;

/** The charging-pile `callback` service: takes JSON and form POSTs and says which version took them, and what it read. */
export function callbackService(version: CallbackVersion): RequestListener {
  return async (request, response) => {
    if (request.method !== 'POST') {
      answerJson(response, 405, { version, error: 'callbacks are POSTs' }, { allow: 'POST' });
      return;
    }
    const body = await readBody(request).catch(() => null);
    if (body === null) {
      answerJson(response, 413, { version, error: `at most ${MAX_BODY_BYTES} bytes` }, { connection: 'close' });
      return;
    }
    const received = readFields(request.headers['content-type'] ?? '', body);
    if (received === null) {
      answerJson(response, 400, { version, error: 'neither JSON nor a form' });
      return;
    }
    const pile = new URL(request.url ?? '/', 'http://callback').searchParams.get('pile');
    answerJson(response, 200, { version, accepted: true, pile, received });
  };
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MAX_BODY_BYTES) throw new RangeError('body too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The fields of a JSON document or a form; null: it is neither. */
function readFields(contentType: string, body: string): unknown {
  if (contentType.startsWith('application/x-www-form-urlencoded')) return Object.fromEntries(new URLSearchParams(body));
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}
