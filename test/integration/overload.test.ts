import { describe, expect, it } from 'vitest';
import { atRest } from '../support/at-rest.ts';
import { eventually } from '../support/eventually.ts';
import { configText, type Gateway, startGateway } from '../support/gateway.ts';
import { GatewayChild } from '../support/gateway-child.ts';
import { answeringOrigin, okAnswer, rawClient } from '../support/raw-peer.ts';
import { fieldOf } from '../support/strict-message.ts';

/** An event loop that is held up again and again: new requests are refused at once, until it is free again. */

function holdLoopUp(milliseconds: number): void {
  const until = performance.now() + milliseconds;
  while (performance.now() < until);
}

/** Late turns, each with its timers and its reads. */
async function overload(): Promise<void> {
  for (let turn = 0; turn < 2; turn++) {
    holdLoopUp(1_100);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function isServing(gateway: Gateway): Promise<void> {
  await using client = await rawClient(gateway.port());
  client.request('GET /');
  expect((await client.answer()).status).toBe(200);
}

describe('a heap that is full', () => {
  it('refuses requests, and no longer within 2 s of having room again', async () => {
    const heapMib = 128;
    await using origin = await answeringOrigin(() => okAnswer('x'));
    await using gateway = await GatewayChild.start(configText({ versions: { v1: origin.url } }), {
      nodeArgs: [`--max-old-space-size=${heapMib}`],
    });
    await using client = await rawClient(gateway.port);
    const status = async (): Promise<number> => {
      client.request('GET /');
      return (await client.answer()).status;
    };
    expect(await status()).toBe(200);
    for (let mib = 70; (await status()) === 200; mib += 4) {
      await gateway.fillHeap(mib * 1024 * 1024);
      // It is looked at four times a second.
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    expect(await status()).toBe(503);
    await gateway.fillHeap(0);
    const freeAt = performance.now();
    await eventually(async () => expect(await status()).toBe(200));
    expect(performance.now() - freeAt).toBeLessThan(2_000);
  });
});

describe('under overload', () => {
  it('a request is answered 503 with Retry-After and its own code, and the connection may stay', async () => {
    await using origin = await answeringOrigin(() => okAnswer('x'));
    await using gateway = await startGateway(configText({ versions: { v1: origin.url } }));
    const rest = await atRest(gateway.plane);
    await using client = await rawClient(gateway.port());
    await overload();
    client.request('GET /');
    const answer = await client.answer();
    expect([answer.status, fieldOf(answer, 'retry-after')]).toEqual([503, '1']);
    expect(JSON.parse(answer.body.toString()).error.code).toBe('overloaded');
    client.request('HEAD /');
    expect([(await client.answer()).status, client.ended]).toEqual([503, false]);
    client.request('POST /', ['Content-Length: 2'], 'hi');
    expect((await client.answer()).status).toBe(503);
    await client.waitForEnd();
    expect(origin.connections).toHaveLength(0);
    expect(gateway.counts().get('///5xx')).toBe(3);
    await client[Symbol.asyncDispose]();
    await rest();
  });

  it('the refusal comes within 5 ms of the reading, many at once or not', async () => {
    await using origin = await answeringOrigin(() => okAnswer('x'));
    await using gateway = await startGateway(configText({ versions: { v1: origin.url } }));
    await using client = await rawClient(gateway.port());
    await overload();
    const times: number[] = [];
    for (let count = 0; count < 20; count++) {
      const sentAt = performance.now();
      client.request('GET /');
      expect((await client.answer()).status).toBe(503);
      times.push(performance.now() - sentAt);
    }
    // Both ends and the kernel between them included.
    expect(times.sort((one, other) => one - other)[10]).toBeLessThan(5);
  });

  it('it is over within 2 s, and everything is served again', async () => {
    await using origin = await answeringOrigin(() => okAnswer('x'));
    await using gateway = await startGateway(configText({ versions: { v1: origin.url } }));
    await overload();
    const freeAt = performance.now();
    await eventually(() => isServing(gateway));
    expect(performance.now() - freeAt).toBeLessThan(2_000);
  });

  it('what is under way goes on', async () => {
    const { promise: goOn, resolve: letGoOn } = Promise.withResolvers<void>();
    await using origin = await answeringOrigin(() => {
      letGoOn();
      return 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nha';
    });
    await using gateway = await startGateway(configText({ versions: { v1: origin.url } }));
    await using client = await rawClient(gateway.port());
    client.request('GET /');
    await goOn;
    await overload();
    origin.connections[0]!.send('lf');
    expect((await client.answer()).status).toBe(200);
  });

  it('one late turn alone refuses nobody', async () => {
    await using origin = await answeringOrigin(() => okAnswer('x'));
    await using gateway = await startGateway(configText({ versions: { v1: origin.url } }));
    await isServing(gateway);
    holdLoopUp(500);
    await isServing(gateway);
  });
});
