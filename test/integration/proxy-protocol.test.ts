import { describe, expect, it } from 'vitest';
import { atRest } from '../support/at-rest.ts';
import { configText, startGateway } from '../support/gateway.ts';
import { answeringOrigin, okAnswer, type RawClient, rawClient } from '../support/raw-peer.ts';
import { fieldOf } from '../support/strict-message.ts';

/** A proxy of the transport says whose connection it passes on: HAProxy's send-proxy, or a load balancer's. */

const TRUSTING = { proxyProtocol: true, trustedProxies: ['127.0.0.1/32'] };
const V1 = 'PROXY TCP4 192.0.2.7 198.51.100.1 40000 80\r\n';
const SIGNATURE = '\r\n\r\n\0\r\nQUIT\n';
/** Version 2, PROXY, TCP over IPv6, 2001:db8::7, and an extension that means nothing here. */
const V2 = `${SIGNATURE}\x21\x21\x00\x28${'\x20\x01\x0d\xb8'}${'\0'.repeat(11)}\x07${'\0'.repeat(15)}\x01\x9c\x40\x00\x50\x04\0\x01\0`;
const V2_LOCAL = `${SIGNATURE}\x20\0\0\0`;

const forwardedFor = () =>
  answeringOrigin((request) => okAnswer(`${fieldOf(request, 'x-forwarded-for')} ${request.target}`));

async function answerOf(client: RawClient): Promise<string> {
  return (await client.answer()).body.toString();
}

describe('from a trusted proxy', () => {
  it.each([
    ['version 1', V1, '192.0.2.7'],
    ['version 2', V2, '2001:db8::7'],
    ['version 1, IPv6', 'PROXY TCP6 2001:DB8:0:0::7 ::1 1 2\r\n', '2001:db8::7'],
    ['version 1, unknown', 'PROXY UNKNOWN\r\n', '127.0.0.1'],
    ['version 2, local', V2_LOCAL, '127.0.0.1'],
  ])('%s names the client of every request on the connection', async (_, header, address) => {
    await using origin = await forwardedFor();
    await using gateway = await startGateway(configText({ versions: { v1: origin.url }, listener: TRUSTING }));
    await using client = await rawClient(gateway.port());
    client.send(header);
    for (const target of ['/a', '/b']) {
      client.request(`GET ${target}`);
      expect(await answerOf(client)).toBe(`${address} ${target}`);
    }
  });

  it.each([
    ['version 1', V1],
    ['version 2', V2],
  ])('%s may come in pieces, cut anywhere', async (_, header) => {
    await using origin = await forwardedFor();
    await using gateway = await startGateway(configText({ versions: { v1: origin.url }, listener: TRUSTING }));
    const text = `${header}GET / HTTP/1.1\r\nHost: a\r\n\r\n`;
    for (let place = 1; place <= header.length; place++) {
      await using client = await rawClient(gateway.port());
      client.methods.push('GET');
      await client.sendCut(text, [place]);
      expect(await answerOf(client)).toMatch(/^(192\.0\.2\.7|2001:db8::7) \/$/);
    }
  });

  it('what the named client itself says about addresses is not believed', async () => {
    await using origin = await forwardedFor();
    await using gateway = await startGateway(configText({ versions: { v1: origin.url }, listener: TRUSTING }));
    await using client = await rawClient(gateway.port());
    client.send(V1);
    client.request('GET /', ['X-Forwarded-For: 203.0.113.9']);
    expect(await answerOf(client)).toBe('192.0.2.7 /');
  });

  it('a named client that is a trusted proxy too is believed', async () => {
    await using origin = await forwardedFor();
    const listener = { ...TRUSTING, trustedProxies: ['127.0.0.1/32', '192.0.2.0/24'] };
    await using gateway = await startGateway(configText({ versions: { v1: origin.url }, listener }));
    await using client = await rawClient(gateway.port());
    client.send(V1);
    client.request('GET /', ['X-Forwarded-For: 203.0.113.9']);
    expect(await answerOf(client)).toBe('203.0.113.9, 192.0.2.7 /');
  });

  it('a rule by client address sees the named client', async () => {
    await using one = await answeringOrigin(() => okAnswer('one'));
    await using two = await answeringOrigin(() => okAnswer('two'));
    const rules = [{ name: 'net', when: { client: ['192.0.2.0/24'] }, to: 'v2' }];
    await using gateway = await startGateway(
      configText({ versions: { v1: one.url, v2: two.url }, route: { rules }, listener: TRUSTING }),
    );
    await using client = await rawClient(gateway.port());
    client.send(V1);
    client.request('GET /');
    expect(await answerOf(client)).toBe('two');
  });

  it.each([
    ['no header', ''],
    ['a header with a wrong family', 'PROXY TCP4 2001:db8::7 ::1 1 2\r\n'],
    ['a header without end', `PROXY TCP4 ${'1'.repeat(120)}`],
    ['a wrong signature', '\r\n\r\n\0\r\nQUIX\n\x21\x11\0\x0c'],
    ['an unknown command', `${SIGNATURE}\x22\x11\0\x0c`],
    ['more than fits', `${SIGNATURE}\x21\x11\xff\xff`],
  ])('%s is refused and closed, and no upstream hears of it', async (_, header) => {
    await using origin = await forwardedFor();
    await using gateway = await startGateway(configText({ versions: { v1: origin.url }, listener: TRUSTING }));
    await using client = await rawClient(gateway.port());
    client.send(header);
    client.request('GET /');
    await client.waitForEnd();
    expect(client.answers().final.map(({ status }) => status)).toEqual([400]);
    expect(origin.connections).toHaveLength(0);
  });

  it('a second header is no request', async () => {
    await using origin = await forwardedFor();
    await using gateway = await startGateway(configText({ versions: { v1: origin.url }, listener: TRUSTING }));
    await using client = await rawClient(gateway.port());
    client.send(V1 + V1);
    client.request('GET /');
    await client.waitForEnd();
    expect(client.answers().final.map(({ status }) => status)).toEqual([400]);
  });

  it('each named client has its own share of connections, the proxy has none', async () => {
    await using origin = await forwardedFor();
    const listener = { ...TRUSTING, limits: { connectionsPerClient: 2 } };
    await using gateway = await startGateway(configText({ versions: { v1: origin.url }, listener }));
    const rest = await atRest(gateway.plane);
    const clients: RawClient[] = [];
    const statusFor = async (address: string): Promise<number | undefined> => {
      const client = await rawClient(gateway.port());
      clients.push(client);
      client.send(`PROXY TCP4 ${address} 198.51.100.1 1 80\r\n`);
      client.request('GET /');
      await client.until(() => client.ended || client.answers().final.length > 0);
      return client.answers().final[0]?.status;
    };
    for (const address of ['192.0.2.1', '192.0.2.2', '192.0.2.3']) {
      expect([await statusFor(address), await statusFor(address)]).toEqual([200, 200]);
      expect(await statusFor(address)).toBeUndefined();
    }
    for (const client of clients) await client[Symbol.asyncDispose]();
    await rest();
  });

  it('a header that does not come is waited for as long as a head', async () => {
    await using origin = await forwardedFor();
    const listener = { ...TRUSTING, timeouts: { header: '150ms' } };
    await using gateway = await startGateway(configText({ versions: { v1: origin.url }, listener }));
    for (const part of ['', 'PROXY TCP4 192']) {
      await using client = await rawClient(gateway.port());
      client.send(part);
      await client.waitForEnd(2_000);
      expect(client.size).toBe(0);
    }
  });
});

describe('from anybody else', () => {
  it.each([
    ['a peer that is not trusted', { proxyProtocol: true, trustedProxies: ['192.0.2.0/24'] }],
    ['a listener that does not expect it', { trustedProxies: ['127.0.0.1/32'] }],
  ])('%s speaks plain HTTP, and a header is malformed', async (_, listener) => {
    await using origin = await forwardedFor();
    await using gateway = await startGateway(configText({ versions: { v1: origin.url }, listener }));
    await using plain = await rawClient(gateway.port());
    plain.request('GET /');
    expect(await answerOf(plain)).toBe('127.0.0.1 /');
    for (const header of [V1, V2]) {
      await using client = await rawClient(gateway.port());
      client.send(header);
      client.request('GET /');
      await client.waitForEnd();
      expect(client.answers().final.map(({ status }) => status)).toEqual([400]);
    }
    expect(origin.requests()).toHaveLength(1);
  });
});
