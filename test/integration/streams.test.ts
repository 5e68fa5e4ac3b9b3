import { describe, expect, it } from 'vitest';
import { atRest } from '../support/at-rest.ts';
import { configText, startGateway } from '../support/gateway.ts';
import { type OriginConnection, okAnswer, rawClient, scriptedOrigin } from '../support/raw-peer.ts';

/** Nothing is held back that could go on, either side may end first, and nobody waits for a peer that has left. */

const SECOND_MS = 1_000;

describe('events', () => {
  it.each([
    ['chunks', 'Transfer-Encoding: chunked\r\n', (event: string) => `${event.length.toString(16)}\r\n${event}\r\n`],
    ['until the close', '', (event: string) => event],
    ['a length', 'Content-Length: 1000000\r\n', (event: string) => event],
  ])('framed by %s each arrive before the next is sent', async (_, line, frame) => {
    await using origin = await scriptedOrigin(async (connection) => {
      await connection.request();
      connection.send(`HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n${line}\r\n`);
      await client.waitFor(/event-stream\r\n/);
      for (let number = 0; number < 20; number++) {
        connection.send(frame(`data: ${number}\n\n`));
        await client.waitFor(new RegExp(`data: ${number}\n\n`));
      }
    });
    await using gateway = await startGateway(configText({ versions: { v1: origin.url } }));
    await using client = await rawClient(gateway.port());
    client.request('GET /events', ['Accept: text/event-stream']);
    await client.waitFor(/data: 19\n\n/);
    expect(origin.failures).toEqual([]);
  });

  it('go up as they come: the first piece of a body arrives before the second is sent', async () => {
    await using origin = await scriptedOrigin(async (connection) => {
      for (let number = 0; number < 20; number++) {
        await connection.waitFor(new RegExp(`piece ${number}\n`));
        client.send(number < 19 ? chunk(`piece ${number + 1}\n`) : '0\r\n\r\n');
      }
      await connection.request();
      connection.send(okAnswer('all'));
    });
    await using gateway = await startGateway(configText({ versions: { v1: origin.url } }));
    await using client = await rawClient(gateway.port());
    client.request('POST /', ['Transfer-Encoding: chunked'], chunk('piece 0\n'));
    expect((await client.answer()).body.toString()).toBe('all');
    expect(origin.failures).toEqual([]);
  });

  it('of both sides take turns within one exchange', async () => {
    await using origin = await scriptedOrigin(async (connection) => {
      await connection.head();
      connection.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
      for (let number = 0; number < 10; number++) {
        await connection.waitFor(new RegExp(`ask ${number}\n`));
        connection.send(chunk(`say ${number}\n`));
      }
      await connection.request();
      connection.send('0\r\n\r\n');
    });
    await using gateway = await startGateway(configText({ versions: { v1: origin.url } }));
    await using client = await rawClient(gateway.port());
    client.request('POST /', ['Transfer-Encoding: chunked']);
    for (let number = 0; number < 10; number++) {
      client.send(chunk(`ask ${number}\n`));
      await client.waitFor(new RegExp(`say ${number}\n`));
    }
    client.send('0\r\n\r\n');
    expect((await client.answer()).body.toString()).toMatch(/^say 0\n.*say 9\n$/s);
  });
});

describe('an answer that comes before the body is whole', () => {
  it.each([
    ['and leaves the connection open', () => {}],
    ['and closes its half', (connection: OriginConnection) => connection.finish()],
    ['and closes, the rest unread', (connection: OriginConnection) => connection.socket.destroySoon()],
  ])('%s reaches a client that goes on sending', async (_, end) => {
    const body = Buffer.alloc(8 * 1024 * 1024, 'x');
    for (let round = 0; round < 10; round++) {
      await using origin = await scriptedOrigin(async (connection) => {
        await connection.head();
        connection.socket.pause();
        connection.send('HTTP/1.1 413 X\r\nConnection: close\r\nContent-Length: 9\r\n\r\ntoo large');
        end(connection);
      });
      await using gateway = await startGateway(configText({ versions: { v1: origin.url } }));
      const rest = await atRest(gateway.plane);
      await using client = await rawClient(gateway.port());
      client.request('POST /', [`Content-Length: ${body.length}`], body);
      const answer = await client.answer();
      expect([answer.status, answer.body.toString()]).toEqual([413, 'too large']);
      await client[Symbol.asyncDispose]();
      await rest();
    }
  });

  it('lets the body go on as long as the answer does', async () => {
    const total = 4 * 1024 * 1024;
    await using origin = await scriptedOrigin(async (connection) => {
      await connection.head();
      connection.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
      const { body } = await connection.request();
      connection.send(`${chunk(String(body.length))}0\r\n\r\n`);
    });
    await using gateway = await startGateway(configText({ versions: { v1: origin.url } }));
    await using client = await rawClient(gateway.port());
    client.request('POST /', [`Content-Length: ${total}`]);
    await client.waitFor(/ 200 /);
    client.send(Buffer.alloc(total));
    expect((await client.answer()).body.toString()).toBe(String(total));
  });
});

describe('a client that has closed its half', () => {
  it('gets a long answer to the end, slow reader or not', async () => {
    const total = 16 * 1024 * 1024;
    await using origin = await scriptedOrigin(async (connection) => {
      await connection.request();
      connection.send(`HTTP/1.1 200 OK\r\nContent-Length: ${total}\r\n\r\n`);
      connection.send(Buffer.alloc(total));
    });
    await using gateway = await startGateway(configText({ versions: { v1: origin.url } }));
    const rest = await atRest(gateway.plane);
    await using client = await rawClient(gateway.port());
    client.socket.allowHalfOpen = true;
    client.socket.pause();
    client.request('GET /');
    client.finish();
    // Longer than a silent half-closed client is borne with: this one has yet to read, and is alive.
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    client.socket.resume();
    expect((await client.answer()).body.length).toBe(total);
    await client[Symbol.asyncDispose]();
    await rest();
  });

  it('gets the answers to everything that it has pipelined', async () => {
    await using origin = await scriptedOrigin(async (connection) => {
      while (!connection.ended) connection.send(okAnswer((await connection.request()).target));
    });
    await using gateway = await startGateway(configText({ versions: { v1: origin.url } }));
    await using client = await rawClient(gateway.port());
    client.socket.allowHalfOpen = true;
    for (let number = 0; number < 50; number++) client.request(`GET /${number}`);
    client.finish();
    await client.waitForEnd();
    expect(client.answers().final.map(({ body }) => body.toString())).toEqual(
      Array.from({ length: 50 }, (_, number) => `/${number}`),
    );
  });
});

describe('a peer that leaves', () => {
  const WAYS = ['finish', 'reset'] as const;
  const silentAnswer: string =
    'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n';

  it.each([
    ['while its answer is awaited', 'GET /', [], ''],
    ['while its answer is awaited, with more sent than asked for', 'GET /', [], '\r\n'],
    ['while events are silent', 'GET /', [], '', silentAnswer],
    ['while events come', 'GET /', [], '', `${silentAnswer}${chunk('data: x\n\n')}`],
    ['within its body', 'POST /', ['Content-Length: 100'], 'part'],
    ['within a chunk', 'POST /', ['Transfer-Encoding: chunked'], '64\r\npart'],
    ['within its body, the answer begun', 'POST /', ['Content-Length: 100'], 'part', silentAnswer],
  ] as const)(
    'the client, %s: the upstream hears of it within a second',
    async (_, line, fields, body, answer: string = '') => {
      for (const how of WAYS) {
        const { promise: begun, resolve: begins } = Promise.withResolvers<OriginConnection>();
        await using origin = await scriptedOrigin(async (connection) => {
          await connection.head();
          await connection.waitFor(body === 'part' ? /part/ : /\r\n\r\n/);
          connection.send(answer);
          begins(connection);
        });
        await using gateway = await startGateway(configText({ versions: { v1: origin.url } }));
        const rest = await atRest(gateway.plane);
        await using client = await rawClient(gateway.port());
        client.request(line, fields, body);
        const upstream = await begun;
        if (answer !== '') await client.waitFor(/\r\n\r\n/);
        client[how]();
        await upstream.waitForEnd(SECOND_MS);
        await client.until(() => client.closed, 'the close').catch(() => {});
        await rest();
        expect(origin.failures).toEqual([]);
      }
    },
  );

  it.each([
    ['before it answers', 'GET /', [], '', ''],
    ['within its answer', 'GET /', [], '', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart'],
    ['between events', 'GET /', [], '', silentAnswer],
    ['while the body comes', 'POST /', ['Content-Length: 100'], 'part', ''],
    ['while both come', 'POST /', ['Content-Length: 100'], 'part', silentAnswer],
  ] as const)('the upstream, %s: the client hears of it within a second', async (_, line, fields, body, answer) => {
    for (const how of WAYS) {
      await using origin = await scriptedOrigin(async (connection) => {
        await connection.head();
        await connection.waitFor(body === 'part' ? /part/ : /\r\n\r\n/);
        connection.send(answer);
        if (answer !== '') await client.waitFor(/\r\n\r\n/);
        connection[how]();
      });
      await using gateway = await startGateway(configText({ versions: { v1: origin.url } }));
      const rest = await atRest(gateway.plane);
      await using client = await rawClient(gateway.port());
      client.request(line, fields, body);
      await client.until(() => client.ended || client.answers().final.length > 0, 'the end', SECOND_MS);
      if (answer === '') expect(client.answers().final.map(({ status }) => status)).toEqual([502]);
      else expect(client.answers().final).toEqual([]);
      await client[Symbol.asyncDispose]();
      await rest();
    }
  });
});

function chunk(text: string): string {
  return `${text.length.toString(16)}\r\n${text}\r\n`;
}
