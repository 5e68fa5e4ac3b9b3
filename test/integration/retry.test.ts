import { describe, expect, it } from 'vitest';
import { configText, startGateway } from '../support/gateway.ts';
import { httpOrigin, namedOrigin } from '../support/http-origin.ts';
import { get, load, post, tally } from '../support/load.ts';
import { answeringOrigin, closedPort, okAnswer, rawClient, scriptedOrigin } from '../support/raw-peer.ts';
import { fieldOf } from '../support/strict-message.ts';

/** Further tries: of what the route says, within the budget, and never once the client has a byte of an answer. */

const failing = (status: number, failures: number) => {
  let asked = 0;
  return answeringOrigin(() => {
    asked++;
    return asked <= failures ? `HTTP/1.1 ${status} X\r\nContent-Length: 4\r\n\r\nfail` : okAnswer(`try ${asked}`);
  });
};

async function ask(port: number, startLine: string, lines: readonly string[] = [], body = '') {
  await using client = await rawClient(port);
  client.request(startLine, lines, body);
  return await client.answer();
}

describe('a status', () => {
  it('that the route names is tried again, on a connection that stays of use', async () => {
    await using origin = await failing(503, 2);
    const route = { retry: { attempts: 2, on: ['503'] } };
    await using gateway = await startGateway(configText({ versions: { v1: origin.url }, route }));
    expect((await ask(gateway.port(), 'GET /')).body.toString()).toBe('try 3');
    expect(origin.requests()).toHaveLength(3);
    expect(origin.connections.length).toBeLessThanOrEqual(2);
    expect(Object.fromEntries(gateway.counts())).toEqual({ 'all//v1/2xx': 1 });
  });

  it('is passed on when the tries are used up', async () => {
    await using origin = await failing(503, 9);
    const route = { retry: { attempts: 2, on: ['503'] } };
    await using gateway = await startGateway(configText({ versions: { v1: origin.url }, route }));
    const answer = await ask(gateway.port(), 'GET /');
    expect([answer.status, answer.body.toString()]).toEqual([503, 'fail']);
    expect(origin.requests()).toHaveLength(3);
  });

  it.each([
    ['another status', 'GET', '["502"]'],
    ['a method that may not be sent twice', 'POST', '["503"]'],
  ])('is passed on at once for %s', async (_, method, on) => {
    await using origin = await failing(503, 9);
    const route = { retry: { attempts: 2, on: JSON.parse(on) } };
    await using gateway = await startGateway(configText({ versions: { v1: origin.url }, route }));
    expect((await ask(gateway.port(), `${method} /`, ['Content-Length: 0'])).status).toBe(503);
    expect(origin.requests()).toHaveLength(1);
  });

  it('is tried on another endpoint first', async () => {
    await using bad = await failing(503, 99);
    await using good = await namedOrigin('good');
    const route = { retry: { attempts: 1, on: ['503'] } };
    const service = { balance: 'round-robin' };
    await using gateway = await startGateway(configText({ versions: { v1: [bad.url, good.url] }, service, route }));
    const answers = await load({ port: gateway.port(), requests: 40, connections: 2, request: () => get('/') });
    expect(tally(answers.map(({ body }) => body))).toEqual({ good: 40 });
  });

  it('goes to the version that `to` names, and is counted as a failure of the one that was meant', async () => {
    await using v1 = await namedOrigin('v1');
    await using v2 = await failing(503, 99);
    const route = {
      split: { v1: 0, v2: 100 },
      retry: { attempts: 1, on: ['503'], to: 'v1' },
      decisionHeaders: true,
    };
    await using gateway = await startGateway(configText({ versions: { v1: v1.url, v2: v2.url }, route }));
    const answer = await ask(gateway.port(), 'GET /');
    expect([answer.body.toString(), fieldOf(answer, 'x-gray-version')]).toEqual(['v1', 'v1']);
    expect(Object.fromEntries(gateway.counts())).toEqual({ 'all//v2/fallback': 1 });
    expect(gateway.fallbackCells.takeDelta().cells).toEqual([{ route: 'all', from: 'v2', to: 'v1', count: 1 }]);
  });

  it('of a rule is what that rule says', async () => {
    await using origin = await failing(503, 1);
    const rules = [{ name: 'r', when: { path: '/r' }, to: 'v1', retry: { attempts: 1, on: ['503'] } }];
    await using gateway = await startGateway(configText({ versions: { v1: origin.url }, route: { rules } }));
    expect((await ask(gateway.port(), 'GET /r')).status).toBe(200);
  });
});

it('a version that `to` names and that has no usable endpoint leaves the tries to the one that was meant', async () => {
  await using v1 = await namedOrigin('v1');
  await using v2 = await failing(503, 1);
  const route = { split: { v1: 0, v2: 100 }, retry: { attempts: 1, on: ['503'], to: 'v1' } };
  const text = configText({ versions: { v1: v1.url, v2: v2.url }, route });
  await using gateway = await startGateway(text, { drained: [v1.url] });
  expect((await ask(gateway.port(), 'GET /')).body.toString()).toBe('try 2');
});

describe('a reset before the response', () => {
  it.each(['finish', 'reset'] as const)('by %s is tried again for the methods named, the body held', async (how) => {
    await using origin = await scriptedOrigin(async (connection) => {
      const { body } = await connection.request();
      if (connection.place === 0) connection[how]();
      else connection.send(okAnswer(body.toString()));
    });
    const route = { retry: { attempts: 1, on: 'reset-before-response', methods: ['POST'] } };
    await using gateway = await startGateway(configText({ versions: { v1: origin.url }, route }));
    const answer = await ask(gateway.port(), 'POST /', ['Content-Length: 5'], 'hello');
    expect([answer.status, answer.body.toString()]).toEqual([200, 'hello']);
  });

  it('is tried again while the body is still coming, from its first byte', async () => {
    await using origin = await scriptedOrigin(async (connection) => {
      if (connection.place === 0) {
        await connection.waitFor(/5\r\nhello/);
        connection.reset();
        return;
      }
      connection.send(okAnswer((await connection.request()).body.toString()));
    });
    const route = { retry: { attempts: 1, methods: ['POST'] } };
    await using gateway = await startGateway(configText({ versions: { v1: origin.url }, route }));
    await using client = await rawClient(gateway.port());
    client.request('POST /', ['Transfer-Encoding: chunked'], '5\r\nhello\r\n');
    while (origin.connections.length < 2) await new Promise((resolve) => setImmediate(resolve));
    client.send('6\r\n world\r\n0\r\n\r\n');
    expect((await client.answer()).body.toString()).toBe('hello world');
  });

  it('of a body too large to be held is 502', async () => {
    await using origin = await scriptedOrigin(async (connection) => {
      await connection.request();
      connection.reset();
    });
    const route = { retry: { attempts: 3, methods: ['POST'] } };
    await using gateway = await startGateway(configText({ versions: { v1: origin.url }, route }));
    const body = 'x'.repeat(70_000);
    const answer = await ask(gateway.port(), 'POST /', [`Content-Length: ${body.length}`], body);
    expect(answer.status).toBe(502);
    expect(origin.connections).toHaveLength(1);
  });

  it('is never tried again once an answer has begun, be it an interim one', async () => {
    for (const part of ['HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhel', 'HTTP/1.1 103 Early Hints\r\n\r\n']) {
      await using origin = await scriptedOrigin(async (connection) => {
        await connection.request();
        connection.send(part);
        await client.waitFor(/HTTP/);
        connection.reset();
      });
      const route = { retry: { attempts: 3, on: ['reset-before-response', '503'] } };
      await using gateway = await startGateway(configText({ versions: { v1: origin.url }, route }));
      await using client = await rawClient(gateway.port());
      client.request('GET /');
      await client.until(() => client.ended || client.answers().final.length > 0);
      expect(client.answers().final.every(({ status }) => status === 502)).toBe(true);
      expect(origin.connections).toHaveLength(1);
    }
  });
});

describe('a try that takes too long', () => {
  it('is given up after perTry, and another endpoint answers', async () => {
    await using hung = await scriptedOrigin(() => {});
    await using good = await namedOrigin('good');
    const route = { retry: { attempts: 1, perTry: '100ms' } };
    const service = { balance: 'round-robin' };
    await using gateway = await startGateway(configText({ versions: { v1: [hung.url, good.url] }, service, route }));
    for (let round = 0; round < 4; round++) expect((await ask(gateway.port(), 'GET /')).body.toString()).toBe('good');
    expect(hung.connections.length).toBeGreaterThan(0);
  });

  it('is 504 when the tries are used up, and the route timeout holds over all of them', async () => {
    await using hung = await scriptedOrigin(() => {});
    const retry = { attempts: 2, perTry: '100ms' };
    await using gateway = await startGateway(configText({ versions: { v1: hung.url }, route: { retry } }));
    expect((await ask(gateway.port(), 'GET /')).status).toBe(504);
    expect(hung.connections).toHaveLength(3);
    await gateway.install(
      configText({ versions: { v1: hung.url }, route: { retry: { ...retry, attempts: 10 }, timeout: '250ms' } }),
    );
    const startedAt = performance.now();
    expect((await ask(gateway.port(), 'GET /')).status).toBe(504);
    expect(performance.now() - startedAt).toBeLessThan(900);
  });

  it('does not hurry what may be sent only once', async () => {
    await using slow = await httpOrigin((_, response) => void setTimeout(() => response.end('slow'), 300));
    const route = { retry: { attempts: 1, perTry: '100ms' } };
    await using gateway = await startGateway(configText({ versions: { v1: slow.url }, route }));
    expect((await ask(gateway.port(), 'POST /', ['Content-Length: 0'])).status).toBe(200);
    expect(slow.requests).toBe(1);
  });
});

describe('a connection that cannot be had', () => {
  it('sends any method to the version that `to` names', async () => {
    await using v1 = await namedOrigin('v1');
    const dead = `http://127.0.0.1:${await closedPort()}`;
    const route = { split: { v1: 0, v2: 1 }, retry: { attempts: 1, on: ['connect-failure'], to: 'v1' } };
    await using gateway = await startGateway(configText({ versions: { v1: v1.url, v2: dead }, route }));
    const answers = await load({
      port: gateway.port(),
      requests: 20,
      connections: 1,
      request: () => post('/', 'x'),
    });
    expect(tally(answers.map(({ body }) => body))).toEqual({ v1: 20 });
  });

  it('is 502 in the end', async () => {
    const dead = `http://127.0.0.1:${await closedPort()}`;
    const route = { retry: { attempts: 3 } };
    await using gateway = await startGateway(configText({ versions: { v1: dead }, route }));
    expect((await ask(gateway.port(), 'GET /')).status).toBe(502);
  });
});

it('the budget keeps tries to a fifth of what is under way', async () => {
  await using origin = await httpOrigin(
    (_, response) => void response.writeHead(503, { 'content-length': 4 }).end('fail'),
  );
  const route = { retry: { attempts: 1, on: ['503'] } };
  await using gateway = await startGateway(configText({ versions: { v1: origin.url }, route }));
  const failures = 400;
  const answers = await load({ port: gateway.port(), requests: failures, connections: 40, request: () => get('/') });
  expect(tally(answers.map(({ status }) => String(status)))).toEqual({ 503: failures });
  // Not each of the 400 got its second try: at most 8 of 40 under way were in one.
  expect(origin.requests).toBeLessThan(2 * failures);
  expect(origin.requests).toBeGreaterThan(failures);
});
