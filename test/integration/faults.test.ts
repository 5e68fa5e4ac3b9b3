import { describe, expect, it } from 'vitest';
import { atRest } from '../support/at-rest.ts';
import { eventually } from '../support/eventually.ts';
import { configText, type Gateway, startGateway } from '../support/gateway.ts';
import { answeringOrigin, okAnswer, rawClient, scriptedOrigin } from '../support/raw-peer.ts';

/** An error that nobody expected, put where it can happen: it costs the connection at hand, is told once, and no more. */

interface Injection {
  armed: boolean;
}

/** Makes this method throw while armed. */
function failing<Name extends string>(target: Record<Name, (...args: never[]) => unknown>, name: Name): Injection {
  const injection = { armed: false };
  const works = target[name];
  target[name] = function (this: unknown, ...args: never[]) {
    if (injection.armed) throw new Error(`injected into ${name}`);
    return Reflect.apply(works, this, args);
  };
  return injection;
}

async function expectGood(gateway: Gateway): Promise<void> {
  await using good = await rawClient(gateway.port());
  good.request('GET /good');
  expect((await good.answer()).status).toBe(200);
}

async function faultyGateway(url: string, sketch: Parameters<typeof configText>[0] = { versions: { v1: url } }) {
  const told: string[] = [];
  const gateway = await startGateway(configText(sketch), { plane: { onFault: (text) => told.push(text) } });
  return { gateway, told };
}

describe('an unexpected error', () => {
  it('in the decision costs the client its connection, and nobody else', async () => {
    await using origin = await answeringOrigin(() => okAnswer('x'));
    const random = { next: () => 0, visitorId: () => 'id' };
    const injection = failing(random, 'next');
    const told: string[] = [];
    await using gateway = await startGateway(
      configText({ versions: { v1: origin.url, v2: origin.url }, route: { split: { v1: 50, v2: 50 } } }),
      { random, plane: { onFault: (text) => told.push(text) } },
    );
    const rest = await atRest(gateway.plane);
    for (let round = 0; round < 3; round++) {
      await using client = await rawClient(gateway.port());
      injection.armed = true;
      client.request('GET /');
      await client.waitForEnd();
      injection.armed = false;
      expect(client.answers().final.filter(({ status }) => status < 500)).toEqual([]);
      await expectGood(gateway);
    }
    expect(gateway.plane.held().faults).toBe(3);
    expect(told).toHaveLength(1);
    expect(told[0]).toContain('injected into next');
    await rest();
  });

  it.each([
    ['when an answer is whole', okAnswer('x'), 0],
    ['when an answer is cut', 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nx', 0],
    ['when an upstream answers rubbish', 'rubbish\r\n\r\n', 0],
    ['at a deadline', '', 0],
  ])('in the counting, %s', async (_, answer) => {
    await using origin = await scriptedOrigin(async (connection) => {
      const { target } = await connection.request();
      connection.send(target === '/good' ? okAnswer('good', ['Connection: close']) : answer);
      if (answer !== '' || target === '/good') connection.finish();
    });
    const service = { pool: { firstByte: '100ms' } };
    const { gateway, told } = await faultyGateway(origin.url, { versions: { v1: origin.url }, service });
    await using _gateway = gateway;
    const rest = await atRest(gateway.plane);
    const injection = failing(gateway.requestCells as unknown as Record<'end', () => void>, 'end');
    await using client = await rawClient(gateway.port());
    injection.armed = true;
    client.request('GET /');
    await client.waitForEnd();
    injection.armed = false;
    await expectGood(gateway);
    expect(told.length).toBeGreaterThanOrEqual(1);
    await rest();
  });

  it('in the counting of a copy does not touch the primary', async () => {
    await using origin = await answeringOrigin(() => okAnswer('primary'));
    await using shadow = await answeringOrigin(() => okAnswer('shadow'));
    const { gateway, told } = await faultyGateway(origin.url, {
      versions: { v1: origin.url, v2: shadow.url },
      route: { split: { v1: 100 }, mirror: [{ to: 'v2' }] },
    });
    await using _gateway = gateway;
    const injection = failing(gateway.mirrorCells as unknown as Record<'answered', () => void>, 'answered');
    injection.armed = true;
    await using client = await rawClient(gateway.port());
    for (let round = 0; round < 5; round++) {
      client.request('GET /');
      expect((await client.answer()).body.toString()).toBe('primary');
    }
    await eventually(() => expect(told).toHaveLength(1));
    injection.armed = false;
  });

  it('while a client leaves leaves nothing behind', async () => {
    await using origin = await scriptedOrigin(async (connection) => {
      await connection.request();
      if (connection.place > 0) connection.send(okAnswer('x'));
    });
    const { gateway } = await faultyGateway(origin.url);
    await using _gateway = gateway;
    const rest = await atRest(gateway.plane);
    const injection = failing(gateway.requestCells as unknown as Record<'end', () => void>, 'end');
    {
      await using client = await rawClient(gateway.port());
      client.request('GET /');
      await eventually(() => expect(origin.requests()).toHaveLength(1));
      injection.armed = true;
      client.reset();
      await origin.connections[0]!.waitForEnd(1_000);
    }
    injection.armed = false;
    await expectGood(gateway);
    await rest();
  });
});
