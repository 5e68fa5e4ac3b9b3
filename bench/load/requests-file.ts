import { writeFile } from 'node:fs/promises';
import { loadRequests, requestBytes, type Traffic } from '../scenarios/traffic.ts';

/** Writes the requests of a load for another process: before each its length in bytes, on a line of its own. */
export async function writeRequestsFile(file: string, traffic: Traffic): Promise<void> {
  const requests = loadRequests(traffic).map(requestBytes);
  await writeFile(file, Buffer.concat(requests.flatMap((bytes) => [Buffer.from(`${bytes.length}\n`), bytes])));
}

export function parseRequestsFile(content: Buffer): readonly Buffer[] {
  const requests: Buffer[] = [];
  for (let at = 0; at < content.length; ) {
    const lineEnd = content.indexOf('\n', at);
    const length = Number(content.toString('latin1', at, lineEnd));
    requests.push(content.subarray(lineEnd + 1, lineEnd + 1 + length));
    at = lineEnd + 1 + length;
  }
  return requests;
}
