import { expect, it } from 'vitest';
import { atRest } from '../support/at-rest.ts';
import { eventually } from '../support/eventually.ts';
import { configText } from '../support/gateway.ts';
import { GatewayChild } from '../support/gateway-child.ts';
import { answeringOrigin, okAnswer, type RawClient, rawClient } from '../support/raw-peer.ts';

const DESCRIPTORS = 64;

it('a process that runs out of descriptors lives on, does not spin, and serves again when it has some', async () => {
  await using origin = await answeringOrigin(() => okAnswer('x'));
  await using gateway = await GatewayChild.start(configText({ versions: { v1: origin.url } }), {
    descriptors: DESCRIPTORS,
  });
  const rest = await atRest(gateway);
  const clients: RawClient[] = [];
  for (let count = 0; count < 4 * DESCRIPTORS; count++) clients.push(await rawClient(gateway.port));
  for (const client of clients) client.request('GET /');
  // Some were taken in and are served or told that the service cannot be reached, the others are turned away.
  await Promise.all(
    clients.map((client) => client.until(() => client.ended || client.answers().final.length > 0, 'an end')),
  );
  const statuses = clients.flatMap((client) => client.answers().final.map(({ status }) => status));
  expect(statuses.length).toBeGreaterThan(0);
  for (const status of statuses) expect([200, 502, 503]).toContain(status);
  const { cpuMs: before } = await gateway.figures();
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  const { cpuMs: after } = await gateway.figures();
  expect(after - before).toBeLessThan(250);
  expect(gateway.isRunning).toBe(true);
  for (const client of clients) await client[Symbol.asyncDispose]();
  await eventually(async () => {
    await using client = await rawClient(gateway.port);
    client.request('GET /');
    expect((await client.answer()).status).toBe(200);
  });
  await rest();
});
