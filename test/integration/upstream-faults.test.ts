import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { configText, startGateway } from '../support/gateway.ts';
import { answeringOrigin, closedPort, okAnswer, rawClient, scriptedOrigin } from '../support/raw-peer.ts';
import { fieldOf } from '../support/strict-message.ts';

/** What a client sees when the service fails: an honest status before the first octet of an answer, a cut after it. */

describe('before an answer', () => {
  it('a refused connection is 502, and the client may go on', async () => {
    await using gateway = await startGateway(
      configText({ versions: { v1: `http://127.0.0.1:${await closedPort()}` } }),
    );
    await using client = await rawClient(gateway.port());
    for (let round = 0; round < 2; round++) {
      client.request('GET /');
      expect((await client.answer()).status).toBe(502);
    }
  });

  it('a connection that does not come about in time is 504', async () => {
    await using hole = await BlackHole.open();
    const service = { pool: { connectTimeout: '200ms' } };
    await using gateway = await startGateway(
      configText({ versions: { v1: `http://127.0.0.1:${hole.port}` }, service }),
    );
    await using client = await rawClient(gateway.port());
    client.request('GET /');
    expect((await client.answer()).status).toBe(504);
  });

  it('an answer that does not begin in time is 504, and its connection is not used again', async () => {
    await using origin = await scriptedOrigin(async (connection) => {
      const { target } = await connection.request();
      if (target === '/good') connection.send(okAnswer('good'));
    });
    const service = { pool: { firstByte: '150ms' } };
    await using gateway = await startGateway(configText({ versions: { v1: origin.url }, service }));
    await using client = await rawClient(gateway.port());
    client.request('GET /hung');
    expect((await client.answer()).status).toBe(504);
    client.request('GET /good');
    expect((await client.answer()).body.toString()).toBe('good');
    expect(origin.connections).toHaveLength(2);
  });

  it("the route's timeout is 504 too", async () => {
    await using origin = await scriptedOrigin(() => {});
    await using gateway = await startGateway(configText({ versions: { v1: origin.url }, route: { timeout: '150ms' } }));
    await using client = await rawClient(gateway.port());
    client.request('GET /');
    expect((await client.answer()).status).toBe(504);
  });

  it.each([['closes'], ['resets']])(
    'an upstream that %s instead of answering a POST is 502, and is asked once',
    async (how) => {
      await using origin = await scriptedOrigin(async (connection) => {
        await connection.request();
        if (how === 'closes') connection.destroy();
        else connection.reset();
      });
      await using gateway = await startGateway(configText({ versions: { v1: origin.url } }));
      await using client = await rawClient(gateway.port());
      client.request('POST /', ['Content-Length: 2'], 'hi');
      expect((await client.answer()).status).toBe(502);
      expect(origin.requests()).toHaveLength(1);
    },
  );

  it.each([
    ['not HTTP', 'SSH-2.0-x\r\n\r\n'],
    ['HTTP/2', 'HTTP/2 200 OK\r\n\r\n'],
    ['a status of two digits', 'HTTP/1.1 20 OK\r\n\r\n'],
    ['status 099', 'HTTP/1.1 099 X\r\nContent-Length: 0\r\n\r\n'],
    ['status 999', 'HTTP/1.1 999 X\r\nContent-Length: 0\r\n\r\n'],
    ['a bad length', 'HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nhi'],
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nhi!'],
    ['chunked and a length', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['chunked not last', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n'],
    ['an unknown coding', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n0\r\n\r\n'],
    ['a bare CR in a value', 'HTTP/1.1 200 OK\r\nX: a\rb\r\nContent-Length: 0\r\n\r\n'],
    ['a NUL in a value', 'HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 0\r\n\r\n'],
    ['a line without colon', 'HTTP/1.1 200 OK\r\nX\r\nContent-Length: 0\r\n\r\n'],
    ['an empty name', 'HTTP/1.1 200 OK\r\n: x\r\nContent-Length: 0\r\n\r\n'],
    ['a bare CR in the reason', 'HTTP/1.1 200 O\rK\r\nContent-Length: 0\r\n\r\n'],
    ['an unasked 101', 'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n'],
    [
      'too many interim answers',
      `${'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(30)}HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n`,
    ],
    ['a head without end', `HTTP/1.1 200 OK\r\n${'X: y\r\n'.repeat(20_000)}`],
  ])('%s from the upstream is 502, and its connection is dropped', async (_, answer) => {
    await using origin = await answeringOrigin(({ target }) => (target === '/good' ? okAnswer('good') : answer));
    await using gateway = await startGateway(configText({ versions: { v1: origin.url } }));
    await using client = await rawClient(gateway.port());
    client.request('POST /bad', ['Content-Length: 0']);
    const bad = await client.answer();
    expect(bad.status).toBe(502);
    expect(bad.body.toString()).not.toContain('127.0.0.1');
    client.request('GET /good');
    expect((await client.answer()).body.toString()).toBe('good');
    expect(origin.connections).toHaveLength(2);
  });
});

describe('octets above 0x7f are no blanks', () => {
  it.each([
    ['a length', 'HTTP/1.1 200 OK\r\nContent-Length: 2\xa0\r\n\r\nhi'],
    ['a coding', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\xa0\r\n\r\n2\r\nhi\r\n0\r\n\r\n'],
  ])('%s that ends in one is 502', async (_, answer) => {
    await using origin = await answeringOrigin(() => answer);
    await using gateway = await startGateway(configText({ versions: { v1: origin.url } }));
    await using client = await rawClient(gateway.port());
    client.request('GET /');
    expect((await client.answer()).status).toBe(502);
  });
});

describe('within an answer', () => {
  it.each([
    ['short of its length', 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello'],
    ['between chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n'],
    ['within a chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\nhello'],
    ['within the last chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n'],
    ['at a malformed chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n-1\r\n'],
  ])('an end %s is a cut for the client, never a clean end', async (_, answer) => {
    for (const how of ['finish', 'reset'] as const) {
      await using origin = await scriptedOrigin(async (connection) => {
        await connection.request();
        connection.send(answer);
        await client.waitFor(/hello/);
        connection[how]();
      });
      await using gateway = await startGateway(configText({ versions: { v1: origin.url } }));
      await using client = await rawClient(gateway.port());
      client.request('GET /');
      await client.waitForEnd();
      expect(client.answers().final).toEqual([]);
      expect(client.text).not.toMatch(/\r\n0\r\n(\r\n)?$/);
    }
  });

  it('a reset of an answer that lasts until the close is a cut too', async () => {
    await using origin = await scriptedOrigin(async (connection) => {
      await connection.request();
      connection.send('HTTP/1.1 200 OK\r\n\r\nhello');
      await client.waitFor(/hello/);
      connection.reset();
    });
    await using gateway = await startGateway(configText({ versions: { v1: origin.url } }));
    await using client = await rawClient(gateway.port());
    client.request('GET /');
    await client.waitForEnd();
    expect(client.answers().final).toEqual([]);
  });
});

describe('connections to an upstream', () => {
  it('are retried once on a fresh one when a kept one dies unanswered under a GET', async () => {
    await using origin = await scriptedOrigin(async (connection) => {
      await connection.request();
      connection.send(okAnswer(`from ${connection.place}`));
      await connection.request();
      connection.reset();
    });
    await using gateway = await startGateway(configText({ versions: { v1: origin.url } }));
    await using client = await rawClient(gateway.port());
    client.request('GET /');
    expect((await client.answer()).body.toString()).toBe('from 0');
    client.request('GET /');
    expect((await client.answer()).body.toString()).toBe('from 1');
  });

  it('that speak unasked are destroyed, and no later request meets what they said', async () => {
    await using origin = await scriptedOrigin(async (connection) => {
      await connection.request();
      connection.send(okAnswer(`from ${connection.place}`));
      if (connection.place > 0) return;
      await client.waitFor(/from 0/);
      connection.send(okAnswer('poison'));
      await connection.waitForEnd();
    });
    await using gateway = await startGateway(configText({ versions: { v1: origin.url } }));
    await using client = await rawClient(gateway.port());
    client.request('GET /a');
    await client.answer();
    await origin.connections[0]!.waitForEnd();
    client.request('GET /b');
    expect((await client.answer()).body.toString()).toBe('from 1');
  });

  it('with octets behind a whole answer are not used again', async () => {
    await using origin = await scriptedOrigin(async (connection) => {
      await connection.request();
      connection.send(okAnswer(`from ${connection.place}`) + okAnswer('poison'));
    });
    await using gateway = await startGateway(configText({ versions: { v1: origin.url } }));
    await using client = await rawClient(gateway.port());
    for (let round = 0; round < 3; round++) {
      client.request('GET /');
      expect((await client.answer()).body.toString()).toBe(`from ${round}`);
    }
  });

  it('with an answer before the whole request are not used again', async () => {
    await using origin = await scriptedOrigin(async (connection) => {
      await connection.head();
      connection.send(`HTTP/1.1 413 X\r\nContent-Length: 2\r\n\r\n${connection.place}!`);
    });
    await using gateway = await startGateway(configText({ versions: { v1: origin.url } }));
    for (let round = 0; round < 2; round++) {
      await using client = await rawClient(gateway.port());
      client.request('POST /', ['Content-Length: 1000000'], 'the beginning');
      const answer = await client.answer();
      expect([answer.status, answer.body.toString()]).toEqual([413, `${round}!`]);
    }
    expect(origin.connections).toHaveLength(2);
  });
});

describe('a client that leaves', () => {
  it.each([
    ['while its answer is awaited', ''],
    ['within its answer', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello'],
  ])('%s ends the upstream request', async (_, part) => {
    await using origin = await scriptedOrigin(async (connection) => {
      await connection.request();
      connection.send(part);
      await (part === '' ? Promise.resolve() : client.waitFor(/hello/));
      client.reset();
      await connection.waitForEnd(1_000);
    });
    await using gateway = await startGateway(configText({ versions: { v1: origin.url } }));
    await using client = await rawClient(gateway.port());
    client.request('GET /');
    await client.waitForEnd();
    await origin.connections[0]!.waitForEnd(1_000);
    expect(origin.failures).toEqual([]);
  });

  it.each([
    ['length', 'Content-Length: 100', 'hello'],
    ['chunks', 'Transfer-Encoding: chunked', '5\r\nhello\r\n'],
  ])('within its body (%s) leaves the upstream with a cut request', async (_, line, part) => {
    await using origin = await scriptedOrigin(async (connection) => {
      await connection.waitFor(/hello/);
    });
    for (const how of ['finish', 'reset'] as const) {
      await using gateway = await startGateway(configText({ versions: { v1: origin.url } }));
      await using client = await rawClient(gateway.port());
      client.request('POST /', [line], part);
      while (origin.connections.at(-1)?.text.includes('hello') !== true)
        await new Promise((resolve) => setImmediate(resolve));
      const upstream = origin.connections.at(-1)!;
      client[how]();
      await upstream.waitForEnd(1_000);
      expect(upstream.parsed()).toMatchObject({ messages: [], fault: null });
      expect(client.answers().final.every(({ status }) => status >= 400)).toBe(true);
    }
  });

  it('by closing, not resetting, is given the benefit of the doubt for about a second', async () => {
    await using origin = await scriptedOrigin(() => {});
    await using gateway = await startGateway(configText({ versions: { v1: origin.url } }));
    await using client = await rawClient(gateway.port());
    client.request('GET /');
    while (origin.connections.length === 0) await new Promise((resolve) => setImmediate(resolve));
    client.destroy();
    await origin.connections[0]!.waitForEnd(1_500);
    await eventually(() => expect(gateway.plane.pools()[0]?.active).toBe(0), 1_000);
  });

  it('is counted as aborted', async () => {
    await using origin = await scriptedOrigin(async (connection) => {
      await connection.request();
      client.reset();
    });
    await using gateway = await startGateway(configText({ versions: { v1: origin.url } }));
    await using client = await rawClient(gateway.port());
    client.request('GET /');
    await client.waitForEnd();
    await origin.connections[0]!.waitForEnd(1_000);
    expect(Object.fromEntries(gateway.counts())).toEqual({ 'all//v1/aborted': 1 });
  });
});

describe('answers of the gateway itself', () => {
  it('are JSON with a code and the request id, and text where that is preferred', async () => {
    await using gateway = await startGateway(
      configText({
        versions: { v1: `http://127.0.0.1:${await closedPort()}` },
        route: { match: { path: { prefix: '/app' } } },
      }),
    );
    await using client = await rawClient(gateway.port());
    client.request('GET /none', ['x-request-id: id-1']);
    const json = await client.answer();
    expect([json.status, fieldOf(json, 'content-type'), json.framing]).toEqual([404, 'application/json', 'length']);
    expect(JSON.parse(json.body.toString())).toEqual({
      error: { code: 'no-route', message: expect.any(String), requestId: 'id-1' },
    });
    client.request('GET /none', ['Accept: text/html,*/*;q=0.8']);
    expect(fieldOf(await client.answer(), 'content-type')).toMatch(/^text\/plain/);
    client.request('HEAD /app');
    expect([(await client.answer()).status, (await client.answer()).body.length]).toEqual([502, 0]);
  });

  it('leave nothing of an unread body to be taken for a request', async () => {
    await using gateway = await startGateway(
      configText({
        versions: { v1: `http://127.0.0.1:${await closedPort()}` },
        route: { match: { path: { prefix: '/app' } } },
      }),
    );
    await using client = await rawClient(gateway.port());
    const inner = 'GET /app HTTP/1.1\r\nHost: a\r\n\r\n';
    client.request('POST /none', [`Content-Length: ${inner.length}`], inner);
    client.request('GET /none');
    await client.until(() => client.ended || client.answers().final.length === 2);
    expect(client.answers().final.map(({ status }) => status)).toEqual(
      [404, 404].slice(0, client.answers().final.length),
    );
  });
});

/** A port of the loopback address that never accepts: a stopped process whose accept queue is full. */
class BlackHole implements AsyncDisposable {
  readonly port: number;
  private readonly process: ChildProcess;
  private readonly fillers: ReturnType<typeof connect>[];

  private constructor(process: ChildProcess, port: number) {
    this.process = process;
    this.port = port;
    this.fillers = Array.from({ length: 8 }, () => connect({ port, host: '127.0.0.1' }).on('error', () => {}));
  }

  static async open(): Promise<BlackHole> {
    const script =
      "const s = require('net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => console.log(s.address().port))";
    const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'ignore'] });
    const [line] = (await once(child.stdout!, 'data')) as [Buffer];
    child.kill('SIGSTOP');
    const hole = new BlackHole(child, Number(line.toString()));
    await Promise.race(hole.fillers.map((filler) => once(filler, 'connect')));
    return hole;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const filler of this.fillers) filler.destroy();
    this.process.kill('SIGKILL');
    await once(this.process, 'exit');
  }
}
