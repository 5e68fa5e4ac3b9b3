import { describe, expect, it } from 'vitest';
import { configText, startGateway } from '../support/gateway.ts';
import { answeringOrigin, okAnswer, rawClient, scriptedOrigin } from '../support/raw-peer.ts';

/** A message means the same wherever TCP cuts it. Each cut piece is read before the next one is sent. */

const REQUESTS: readonly [string, string, string][] = [
  ['without a body', 'GET /a?b HTTP/1.1\r\nHost: gateway.test\r\nX-Own: 1\r\n\r\n', ''],
  [
    'by length',
    'POST /a HTTP/1.1\r\nHost: gateway.test\r\nContent-Length: 11\r\n\r\nhello\r\n\r\n12',
    'hello\r\n\r\n12',
  ],
  [
    'chunked',
    'POST /a HTTP/1.1\r\nHost: gateway.test\r\nTransfer-Encoding: chunked\r\n\r\n5;x=1\r\nhello\r\n6\r\n\r\n\r\n12\r\n0\r\n\r\n',
    'hello\r\n\r\n12',
  ],
];

describe('a request', () => {
  it.each(REQUESTS)('%s arrives alike at every cut', async (_, text, body) => {
    await using origin = await answeringOrigin((request) =>
      okAnswer(`${request.method}${request.target}:${request.body}`),
    );
    await using gateway = await startGateway(configText({ versions: { v1: origin.url } }));
    await using client = await rawClient(gateway.port());
    const method = text.slice(0, text.indexOf(' '));
    for (let cut = 1; cut < text.length; cut++) {
      client.methods.push(method);
      await client.sendCut(text, [cut]);
      expect((await client.answer()).body.toString(), `cut at ${cut}`).toBe(`${text.split(' ', 2).join('')}:${body}`);
    }
    client.methods.push(method);
    await client.sendCut(
      text,
      Array.from(text, (_octet, place) => place),
    );
    expect((await client.answer()).status).toBe(200);
    expect(origin.faults()).toEqual([]);
    expect(origin.requests()).toHaveLength(text.length);
  });

  it('pipelined with another arrives alike at every cut', async () => {
    await using origin = await answeringOrigin((request) => okAnswer(`${request.target}:${request.body}`));
    await using gateway = await startGateway(configText({ versions: { v1: origin.url } }));
    await using client = await rawClient(gateway.port());
    const text =
      'POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\nPOST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi';
    for (let cut = 1; cut < text.length; cut++) {
      client.methods.push('POST', 'POST');
      await client.sendCut(text, [cut]);
      await client.answer();
      expect(
        client
          .answers()
          .final.slice(-2)
          .map(({ body }) => body.toString()),
        `cut at ${cut}`,
      ).toEqual(['/a:x', '/b:hi']);
    }
  });
});

const ANSWERS: readonly [string, string, string][] = [
  ['by length', 'HTTP/1.1 200 OK\r\nContent-Length: 11\r\nX-Own: 1\r\n\r\nhello\r\n\r\n12', 'hello\r\n\r\n12'],
  [
    'chunked',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x="a;b"\r\nhello\r\n6\r\n\r\n\r\n12\r\n0\r\nX-T: 1\r\n\r\n',
    'hello\r\n\r\n12',
  ],
  ['without a body', 'HTTP/1.1 304 Not Modified\r\nETag: "x"\r\n\r\n', ''],
  [
    'behind interim ones',
    'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi',
    'hi',
  ],
];

describe('an answer', () => {
  it.each(ANSWERS)('%s arrives alike at every cut', async (_, text, body) => {
    let cut = 0;
    await using origin = await scriptedOrigin(async (connection) => {
      for (;;) {
        await connection.request();
        cut++;
        await connection.sendCut(text, cut < text.length ? [cut] : Array.from(text, (_octet, place) => place));
      }
    });
    await using gateway = await startGateway(configText({ versions: { v1: origin.url } }));
    await using client = await rawClient(gateway.port());
    for (let round = 1; round <= text.length; round++) {
      client.request('GET /');
      expect((await client.answer()).body.toString(), `cut at ${round}`).toBe(body);
    }
    expect(origin.connections).toHaveLength(1);
    expect(origin.failures).toEqual([]);
  });
});
