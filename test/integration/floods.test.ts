import { describe, expect, it } from 'vitest';
import { atRest } from '../support/at-rest.ts';
import { configText, type Gateway, startGateway } from '../support/gateway.ts';
import { answeringOrigin, okAnswer, type RawClient, rawClient } from '../support/raw-peer.ts';

/** More than is welcome, many times over: it is turned away, the welcome ones are served, and nothing is left of it. */

const ROUNDS = 5;
const CROWD = 200;

function crowd(gateway: Gateway): Promise<RawClient[]> {
  return Promise.all(Array.from({ length: CROWD }, () => rawClient(gateway.port())));
}

async function leave(clients: readonly RawClient[]): Promise<void> {
  await Promise.all(clients.map((client) => client[Symbol.asyncDispose]()));
}

describe('connections', () => {
  it.each([
    ['the listener', { connections: 10 }],
    ['the client', { connectionsPerClient: 10 }],
  ])('beyond the share of %s are closed unheard, those within it are served', async (_, limits) => {
    await using origin = await answeringOrigin(() => okAnswer('x'));
    await using gateway = await startGateway(configText({ versions: { v1: origin.url }, listener: { limits } }));
    const rest = await atRest(gateway.plane);
    for (let round = 0; round < ROUNDS; round++) {
      const clients = await crowd(gateway);
      for (const client of clients) client.request('GET /');
      await Promise.all(
        clients.map((client) => client.until(() => client.ended || client.answers().final.length > 0, 'an end')),
      );
      const served = clients.filter((client) => client.answers().final[0]?.status === 200);
      expect(served).toHaveLength(10);
      expect(gateway.plane.held().clientConnections).toBe(10);
      await leave(clients);
      await rest();
    }
  });

  it('that come and go without a word cost nothing that stays', async () => {
    await using origin = await answeringOrigin(() => okAnswer('x'));
    await using gateway = await startGateway(configText({ versions: { v1: origin.url } }));
    const rest = await atRest(gateway.plane);
    for (let round = 0; round < ROUNDS; round++) {
      const clients = await crowd(gateway);
      for (const [place, client] of clients.entries()) {
        if (place % 3 === 0) client.reset();
        else if (place % 3 === 1) client.finish();
      }
      await leave(clients);
    }
    await rest();
    expect(origin.connections).toHaveLength(0);
  });
});

describe('heads', () => {
  it.each([
    ['of many fields', 'X: y\r\n'.repeat(10_000)],
    ['of one field without end', `X: ${'y'.repeat(1_000_000)}`],
    ['of a target without end', ''],
  ])('%s are refused at their limit, and not kept', async (_, lines) => {
    await using origin = await answeringOrigin(() => okAnswer('good'));
    await using gateway = await startGateway(configText({ versions: { v1: origin.url } }));
    const rest = await atRest(gateway.plane);
    const start = lines === '' ? `GET /${'a'.repeat(1_000_000)}` : `GET / HTTP/1.1\r\nHost: a\r\n${lines}`;
    const clients = await crowd(gateway);
    for (const client of clients) client.send(start);
    await using good = await rawClient(gateway.port());
    good.request('GET /');
    expect((await good.answer()).status).toBe(200);
    await Promise.all(clients.map((client) => client.waitForEnd()));
    for (const client of clients) expect(client.text).toMatch(/^HTTP\/1.1 (431|414) /);
    await leave([...clients, good]);
    await rest();
    expect(origin.requests()).toHaveLength(1);
  });
});
