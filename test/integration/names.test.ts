import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemNames } from '../../src/adapters/names.ts';
import { type DnsServer, dnsServer } from '../support/dns-server.ts';
import { eventually } from '../support/eventually.ts';
import { configText, type Gateway, startGateway } from '../support/gateway.ts';
import { namedOrigin } from '../support/http-origin.ts';
import { get, load, tally } from '../support/load.ts';
import { rawClient } from '../support/raw-peer.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

/** Names: every address is an endpoint, looked up again and again, and the last good answer stays while there is none. */

const NAME = 'app.gateway.test';

/** One service at several loopback addresses, each answering with its own; all on one port. */
class Everywhere implements AsyncDisposable {
  readonly servers: Server[] = [];
  port = 0;

  async listen(addresses: readonly string[]): Promise<this> {
    for (const address of addresses) {
      const server = createServer((_, response) => void response.end(address));
      server.keepAliveTimeout = 0;
      server.listen(this.port, address);
      await once(server, 'listening');
      this.port = (server.address() as AddressInfo).port;
      this.servers.push(server);
    }
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.servers) {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    }
  }
}

function setName(dns: DnsServer, ...addresses: string[]): void {
  dns.records.set(NAME, { addresses, ttlSeconds: 1 });
}

function startWith(dns: DnsServer, port: number): Promise<Gateway> {
  const names = systemNames({ servers: [dns.address] });
  const versions = { v1: `http://${NAME}:${port}` };
  return startGateway(configText({ versions, service: { balance: 'round-robin' } }), { plane: { names } });
}

async function bodies(gateway: Gateway, requests: number): Promise<Record<string, number>> {
  const answers = await load({ port: gateway.port(), requests, connections: 1, request: () => get('/') });
  return tally(answers.map(({ status, body }) => (status === 200 ? body : String(status))));
}

describe('a name', () => {
  it('stands for all its addresses, and follows them', async () => {
    await using dns = await dnsServer();
    await using app = await new Everywhere().listen(['127.0.0.1', '127.0.0.2', '127.0.0.3']);
    setName(dns, '127.0.0.1', '127.0.0.2');
    await using gateway = await startWith(dns, app.port);
    expect(await bodies(gateway, 20)).toEqual({ '127.0.0.1': 10, '127.0.0.2': 10 });
    setName(dns, '127.0.0.2', '127.0.0.3');
    await eventually(async () => expect(await bodies(gateway, 20)).toEqual({ '127.0.0.2': 10, '127.0.0.3': 10 }));
    expect(gateway.plane.endpoints()).toEqual([
      {
        service: 'app',
        version: 'v1',
        url: `http://${NAME}:${app.port}`,
        usable: true,
        reason: '',
        addresses: [
          { address: '127.0.0.2', usable: true, reason: '' },
          { address: '127.0.0.3', usable: true, reason: '' },
        ],
      },
    ]);
  });

  it('keeps its last addresses while nobody answers for it', async () => {
    await using dns = await dnsServer();
    await using app = await new Everywhere().listen(['127.0.0.1']);
    setName(dns, '127.0.0.1');
    await using gateway = await startWith(dns, app.port);
    expect(await bodies(gateway, 5)).toEqual({ '127.0.0.1': 5 });
    dns.isBroken = true;
    const asked = dns.asked.length;
    // So often that one failure after the other must have been seen.
    await eventually(() => expect(dns.asked.length).toBeGreaterThan(asked + 6));
    expect(await bodies(gateway, 5)).toEqual({ '127.0.0.1': 5 });
  });

  it('that never had an address is unresolved and 503, until it has one', async () => {
    await using dns = await dnsServer();
    await using app = await new Everywhere().listen(['127.0.0.1']);
    await using gateway = await startWith(dns, app.port);
    expect(await bodies(gateway, 3)).toEqual({ 503: 3 });
    expect(gateway.plane.endpoints()).toMatchObject([{ usable: false, reason: 'unresolved', addresses: [] }]);
    setName(dns, '127.0.0.1');
    await eventually(async () => expect(await bodies(gateway, 3)).toEqual({ '127.0.0.1': 3 }));
  });

  it('leaves requests under way to an address that is gone alone', async () => {
    await using dns = await dnsServer();
    let release = (): void => {};
    const slow = createServer((_, response) => {
      release = () => response.end('late');
    });
    slow.listen(0, '127.0.0.1');
    await once(slow, 'listening');
    const { port } = slow.address() as AddressInfo;
    setName(dns, '127.0.0.1');
    await using gateway = await startWith(dns, port);
    await using client = await rawClient(gateway.port());
    client.request('GET /');
    await eventually(() => expect(gateway.plane.pools()[0]?.active).toBe(1));
    setName(dns, '127.0.0.9');
    await eventually(() => expect(gateway.plane.endpoints()[0]?.addresses).toMatchObject([{ address: '127.0.0.9' }]));
    release();
    expect((await client.answer()).body.toString()).toBe('late');
    await eventually(() => expect(gateway.plane.held().upstreamConnections).toBe(0));
    slow.close();
    slow.closeAllConnections();
  });
});

describe('the hosts file', () => {
  it('comes before the name servers', async () => {
    await using dns = await dnsServer();
    await using app = await new Everywhere().listen(['127.0.0.1', '127.0.0.2']);
    setName(dns, '127.0.0.9');
    const hostsFile = join(temporaryDirectory(), 'hosts');
    writeFileSync(
      hostsFile,
      `# local\n127.0.0.1 localhost\n127.0.0.1 other ${NAME}\n127.0.0.2\t${NAME.toUpperCase()} # b\n`,
    );
    const names = systemNames({ servers: [dns.address], hostsFile });
    const versions = { v1: `http://${NAME}:${app.port}` };
    await using gateway = await startGateway(configText({ versions, service: { balance: 'round-robin' } }), {
      plane: { names },
    });
    expect(await bodies(gateway, 10)).toEqual({ '127.0.0.1': 5, '127.0.0.2': 5 });
    expect(dns.asked).toEqual([]);
  });
});

it('localhost is one endpoint, whichever of its addresses the service listens at', async () => {
  await using origin = await namedOrigin('here');
  await using gateway = await startGateway(configText({ versions: { v1: `http://localhost:${origin.port}` } }));
  expect(await bodies(gateway, 20)).toEqual({ here: 20 });
  expect(gateway.plane.endpoints()).toMatchObject([{ url: `http://localhost:${origin.port}`, usable: true }]);
});
