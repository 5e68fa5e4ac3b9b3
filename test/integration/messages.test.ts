import { describe, expect, it } from 'vitest';
import { configText, startGateway } from '../support/gateway.ts';
import { answeringOrigin, okAnswer, rawClient, scriptedOrigin } from '../support/raw-peer.ts';
import { fieldOf, fieldsOf } from '../support/strict-message.ts';

/** How whole messages pass: framing, persistence, order. Every answer is read strictly by the client's own parser. */

describe('connections', () => {
  it('are kept on both sides', async () => {
    await using origin = await answeringOrigin((request) => okAnswer(request.target));
    await using gateway = await startGateway(configText({ versions: { v1: origin.url } }));
    await using client = await rawClient(gateway.port());
    for (let round = 0; round < 5; round++) {
      client.request(`GET /${round}`);
      expect((await client.answer()).body.toString()).toBe(`/${round}`);
    }
    expect(origin.connections).toHaveLength(1);
    expect(client.ended).toBe(false);
  });

  it('close when the client says so, and what it sends after is ignored', async () => {
    await using origin = await answeringOrigin((request) => okAnswer(request.target));
    await using gateway = await startGateway(configText({ versions: { v1: origin.url } }));
    await using client = await rawClient(gateway.port());
    client.request('GET /a', ['Connection: close']);
    client.request('GET /b');
    expect(fieldOf(await client.answer(0), 'connection')).toBe('close');
    await client.waitForEnd();
    expect(client.answers().final).toHaveLength(1);
    expect(origin.requests().map(({ target }) => target)).toEqual(['/a']);
  });

  it('of HTTP/1.0 close after one answer, unless keep-alive was asked for', async () => {
    await using origin = await answeringOrigin(() => okAnswer('x'));
    await using gateway = await startGateway(configText({ versions: { v1: origin.url } }));
    await using client = await rawClient(gateway.port());
    client.send('GET /a HTTP/1.0\r\nHost: a\r\n\r\n');
    await client.waitForEnd();
    expect(client.answers().final).toHaveLength(1);
    await using kept = await rawClient(gateway.port());
    for (let round = 0; round < 2; round++) {
      kept.methods.push('GET');
      kept.send('GET /a HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n');
      expect(fieldOf(await kept.answer(round), 'connection')?.toLowerCase()).toBe('keep-alive');
    }
    expect(origin.requests().every(({ startLine }) => startLine.endsWith('HTTP/1.1'))).toBe(true);
  });

  it('of HTTP/1.0 close when one of several Connection lines says so', async () => {
    await using origin = await answeringOrigin(() => okAnswer('x'));
    await using gateway = await startGateway(configText({ versions: { v1: origin.url } }));
    for (const lines of [
      'Connection: keep-alive\r\nConnection: close',
      'Connection: close\r\nConnection: keep-alive',
    ]) {
      await using client = await rawClient(gateway.port());
      client.send(`GET / HTTP/1.0\r\nHost: a\r\n${lines}\r\n\r\n`);
      await client.waitForEnd(1_000);
    }
  });

  it('of one client do not end because the upstream closes its own', async () => {
    await using origin = await answeringOrigin(() => okAnswer('x', ['Connection: close']));
    await using gateway = await startGateway(configText({ versions: { v1: origin.url } }));
    await using client = await rawClient(gateway.port());
    for (let round = 0; round < 3; round++) {
      client.request('GET /');
      expect(fieldOf(await client.answer(), 'connection')).not.toBe('close');
    }
    expect(origin.connections).toHaveLength(3);
  });

  it('answer a client that has sent all and closed its half', async () => {
    await using origin = await scriptedOrigin(async (connection) => {
      await connection.request();
      connection.send(okAnswer('late'));
    });
    await using gateway = await startGateway(configText({ versions: { v1: origin.url } }));
    await using client = await rawClient(gateway.port());
    client.request('GET /');
    client.finish();
    expect((await client.answer()).body.toString()).toBe('late');
    await client.waitForEnd();
  });

  it.each([[[1]], [[2]], [[3]], [[1, 2, 3]], [[4]]])('two empty lines are too many, cut at %j', async (places) => {
    await using origin = await answeringOrigin(() => okAnswer('x'));
    await using gateway = await startGateway(configText({ versions: { v1: origin.url } }));
    await using client = await rawClient(gateway.port());
    client.methods.push('GET');
    await client.sendCut('\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n', places);
    expect((await client.answer()).status).toBe(400);
    await using one = await rawClient(gateway.port());
    one.methods.push('GET');
    await one.sendCut('\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n', places);
    expect((await one.answer()).status).toBe(200);
  });

  it('an empty line before a request line is let pass, two are not', async () => {
    await using origin = await answeringOrigin(() => okAnswer('x'));
    await using gateway = await startGateway(configText({ versions: { v1: origin.url } }));
    await using client = await rawClient(gateway.port());
    client.send('\r\n');
    client.request('GET /');
    expect((await client.answer()).status).toBe(200);
    client.send('\r\n\r\n');
    client.request('GET /');
    expect((await client.answer()).status).toBe(400);
    await client.waitForEnd();
  });
});

describe('pipelined requests', () => {
  it('are answered in order', async () => {
    await using origin = await answeringOrigin((request) => okAnswer(`${request.target}=${request.body}`));
    await using gateway = await startGateway(configText({ versions: { v1: origin.url } }));
    await using client = await rawClient(gateway.port());
    client.request('GET /a');
    client.request('POST /b', ['Content-Length: 3'], 'one');
    client.request('POST /c', ['Transfer-Encoding: chunked'], '3\r\ntwo\r\n0\r\n\r\n');
    client.request('GET /d');
    await client.answer();
    expect(client.answers().final.map(({ body }) => body.toString())).toEqual(['/a=', '/b=one', '/c=two', '/d=']);
  });

  it('arriving in one segment, with a bad one behind: the good are answered, the bad is 400 and the end', async () => {
    await using origin = await answeringOrigin((request) => okAnswer(request.target));
    await using gateway = await startGateway(configText({ versions: { v1: origin.url } }));
    await using client = await rawClient(gateway.port());
    client.methods.push('GET', 'POST', 'GET');
    client.send(
      'GET /a HTTP/1.1\r\nHost: a\r\n\r\nPOST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhiGET /c HTTP/1.1\r\nHost : a\r\n\r\nGET /d HTTP/1.1\r\nHost: a\r\n\r\n',
    );
    await client.waitForEnd();
    expect(client.answers().final.map(({ status }) => status)).toEqual([200, 200, 400]);
    expect(origin.requests().map(({ target }) => target)).toEqual(['/a', '/b']);
  });
});

describe('answers without a body', () => {
  it('HEAD keeps the length as information', async () => {
    await using origin = await answeringOrigin(({ method }) =>
      method === 'HEAD' ? 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n' : okAnswer('hello'),
    );
    await using gateway = await startGateway(configText({ versions: { v1: origin.url } }));
    await using client = await rawClient(gateway.port());
    client.request('HEAD /');
    expect(fieldOf(await client.answer(), 'content-length')).toBe('5');
    client.request('GET /');
    expect((await client.answer()).body.toString()).toBe('hello');
    expect(origin.connections).toHaveLength(1);
  });

  it.each([
    ['HEAD /', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello'],
    ['GET /', 'HTTP/1.1 204 No Content\r\n\r\nhello'],
    ['GET /', 'HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello'],
    ['GET /', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\nhello'],
    ['GET /', 'HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n'],
  ])('%s answered %j: no octet of the body passes, and the connection is not used again', async (line, answer) => {
    let round = 0;
    await using origin = await answeringOrigin(() => (round++ === 0 ? answer : okAnswer('next')));
    await using gateway = await startGateway(configText({ versions: { v1: origin.url } }));
    await using client = await rawClient(gateway.port());
    client.request(line);
    const first = await client.answer();
    expect(first.body.length).toBe(0);
    if (first.status === 204) expect(fieldsOf(first, 'content-length')).toEqual([]);
    client.request('GET /');
    expect((await client.answer()).body.toString()).toBe('next');
    expect(origin.connections.length).toBe(2);
  });

  it('204 and 304 leave the connection usable', async () => {
    await using origin = await answeringOrigin(({ target }) => `HTTP/1.1 ${target.slice(1)} X\r\nETag: "a"\r\n\r\n`);
    await using gateway = await startGateway(configText({ versions: { v1: origin.url } }));
    await using client = await rawClient(gateway.port());
    for (const status of [204, 304, 204]) {
      client.request(`GET /${status}`);
      expect((await client.answer()).status).toBe(status);
    }
    expect(origin.connections).toHaveLength(1);
  });
});

describe('framing', () => {
  const bodies = ['', 'x', 'hello world', 'a'.repeat(70_000)];

  it.each([['length'], ['chunked']])(
    'of requests by %s arrives with the same framing, octet by octet',
    async (framing) => {
      await using origin = await answeringOrigin((request) =>
        okAnswer(`${request.framing} ${request.body.length} ${request.body.toString().slice(0, 20)}`),
      );
      await using gateway = await startGateway(configText({ versions: { v1: origin.url } }));
      await using client = await rawClient(gateway.port());
      for (const method of ['POST', 'PUT', 'DELETE', 'GET', 'OPTIONS', 'PATCH', 'X-OWN']) {
        for (const body of bodies) {
          const chunks = body === '' ? '0\r\n\r\n' : `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
          if (framing === 'length') client.request(`${method} /`, [`Content-Length: ${body.length}`], body);
          else client.request(`${method} /`, ['Transfer-Encoding: chunked'], chunks);
          expect((await client.answer()).body.toString()).toBe(`${framing} ${body.length} ${body.slice(0, 20)}`);
        }
      }
      expect(origin.faults()).toEqual([]);
    },
  );

  it.each([['length'], ['chunked'], ['until close']])('of answers by %s arrives whole', async (framing) => {
    await using origin = await scriptedOrigin(async (connection) => {
      for (;;) {
        const body = bodies[Number((await connection.request()).target.slice(1))]!;
        const chunk = body === '' ? '' : `${body.length.toString(16)};ext=1\r\n${body}\r\n`;
        if (framing === 'length') connection.send(okAnswer(body));
        else if (framing === 'chunked')
          connection.send(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunk}0\r\n\r\n`);
        else connection.send(`HTTP/1.1 200 OK\r\n\r\n${body}`);
        if (framing === 'until close') connection.finish();
      }
    });
    await using gateway = await startGateway(configText({ versions: { v1: origin.url } }));
    await using client = await rawClient(gateway.port());
    for (const [place, body] of bodies.entries()) {
      client.request(`GET /${place}`);
      const answer = await client.answer();
      expect(answer.body.equals(Buffer.from(body))).toBe(true);
      expect(answer.framing).toBe(framing === 'length' ? 'length' : 'chunked');
    }
  });

  it.each([['chunked'], ['until close']])(
    'a 1.0 client gets an answer that was %s without chunks, ended by the close',
    async (framing) => {
      await using origin = await scriptedOrigin(async (connection) => {
        await connection.request();
        if (framing === 'chunked')
          connection.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n');
        else connection.send('HTTP/1.0 200 OK\r\n\r\nhello');
        if (framing !== 'chunked') connection.finish();
      });
      await using gateway = await startGateway(configText({ versions: { v1: origin.url } }));
      await using client = await rawClient(gateway.port());
      client.send('GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n');
      await client.waitForEnd();
      const [answer] = client.answers().final;
      expect([answer?.body.toString(), answer?.framing, fieldOf(answer!, 'connection')]).toEqual([
        'hello',
        'until-close',
        'close',
      ]);
    },
  );

  it('a 1.0 client is never told of chunks, not even by HEAD', async () => {
    await using origin = await answeringOrigin(() => 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
    await using gateway = await startGateway(configText({ versions: { v1: origin.url } }));
    await using client = await rawClient(gateway.port());
    client.send('HEAD / HTTP/1.0\r\nHost: a\r\n\r\n');
    await client.waitForEnd();
    expect(client.text).not.toMatch(/transfer-encoding/i);
  });

  it('an answer that goes on for ever passes piece by piece', async () => {
    await using origin = await scriptedOrigin(async (connection) => {
      await connection.request();
      connection.send('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n');
      for (const event of ['one', 'two']) {
        await client.waitFor(event === 'one' ? /event-stream/ : /data: one/);
        connection.send(`data: ${event}\n\n`);
      }
    });
    await using gateway = await startGateway(configText({ versions: { v1: origin.url } }));
    await using client = await rawClient(gateway.port());
    client.request('GET /');
    await client.waitFor(/data: two/);
  });

  it('trailers of a request that Connection names end here', async () => {
    await using origin = await answeringOrigin((request) => okAnswer(JSON.stringify(request.trailers)));
    await using gateway = await startGateway(configText({ versions: { v1: origin.url } }));
    await using client = await rawClient(gateway.port());
    client.request('POST /', ['Connection: X-Hop', 'Transfer-Encoding: chunked'], '0\r\nX-Hop: 1\r\nX-Stay: 2\r\n\r\n');
    expect((await client.answer()).body.toString()).toBe('[["X-Stay","2"]]');
  });

  it('trailers of an answer travel as trailers to a client that takes them, forbidden ones do not', async () => {
    await using origin = await answeringOrigin(
      () =>
        'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nGrpc-Status: 0\r\nContent-Length: 9\r\nX-Gray-Version: v9\r\n\r\n',
    );
    await using gateway = await startGateway(configText({ versions: { v1: origin.url } }));
    await using client = await rawClient(gateway.port());
    client.request('GET /', ['TE: trailers', 'Connection: TE']);
    const answer = await client.answer();
    expect(answer.body.toString()).toBe('hi');
    expect(answer.trailers).toEqual([['Grpc-Status', '0']]);
    expect(fieldOf(answer, 'grpc-status')).toBeUndefined();
  });

  it('trailers of a request are never merged into its header', async () => {
    await using origin = await answeringOrigin((request) =>
      okAnswer(
        JSON.stringify([fieldOf(request, 'x-sum') ?? null, request.trailers.filter(([name]) => name !== 'X-Sum')]),
      ),
    );
    await using gateway = await startGateway(configText({ versions: { v1: origin.url } }));
    await using client = await rawClient(gateway.port());
    client.request(
      'POST /',
      ['Transfer-Encoding: chunked', 'Trailer: X-Sum'],
      '2\r\nhi\r\n0\r\nX-Sum: 1\r\nAuthorization: x\r\nHost: evil\r\n\r\n',
    );
    expect((await client.answer()).body.toString()).toBe('[null,[]]');
  });
});
