import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { configText, type Gateway, startGateway } from '../support/gateway.ts';
import { namedOrigin } from '../support/http-origin.ts';
import { get, load, post } from '../support/load.ts';
import { closedPort, type OriginConnection, okAnswer, rawClient, scriptedOrigin } from '../support/raw-peer.ts';

/** Whatever goes wrong upstream, and whoever leaves: afterwards every counter is back where it was. */

const FAULTS = [
  'none',
  'none',
  'none',
  '503',
  '500',
  'reset',
  'close',
  'hang',
  'cut',
  'nonsense',
  'early',
  'bye',
] as const;

/** Does something else with every request, as the seed has it. */
function faulty(draws: () => number) {
  return scriptedOrigin(async (connection) => {
    while (!connection.ended) {
      const { method } = await connection.request();
      if (!play(connection, FAULTS[Math.floor(draws() * FAULTS.length)]!, method)) return;
    }
  });
}

/** False: the connection is over. */
function play(connection: OriginConnection, fault: (typeof FAULTS)[number], method: string): boolean {
  switch (fault) {
    case '503':
    case '500':
      connection.send(`HTTP/1.1 ${fault} X\r\nContent-Length: 4\r\n\r\nfail`);
      return true;
    case 'reset':
      connection.reset();
      return false;
    case 'close':
      connection.finish();
      return false;
    case 'hang':
      return false;
    case 'cut':
      connection.send('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhel');
      connection.finish();
      return false;
    case 'nonsense':
      connection.send('nonsense\r\n\r\n');
      return false;
    case 'early':
      connection.send(`HTTP/1.1 103 Early Hints\r\n\r\n${okAnswer('ok')}`);
      return true;
    case 'bye':
      connection.send(okAnswer('ok', ['Connection: close']));
      connection.finish();
      return false;
    default:
      connection.send(okAnswer(method));
      return true;
  }
}

/** Clients that leave in the midst of everything. */
async function leavers(port: number, count: number): Promise<void> {
  for (let place = 0; place < count; place++) {
    await using client = await rawClient(port);
    client.request(place % 2 === 0 ? 'GET /' : 'POST /', place % 2 === 0 ? [] : ['Content-Length: 9'], '');
    if (place % 3 === 0) client.send('half');
    await new Promise((resolve) => setTimeout(resolve, place % 5));
  }
}

async function expectNothingHeld(gateway: Gateway): Promise<void> {
  await eventually(() => {
    const held = gateway.plane.held();
    expect(held).toMatchObject({ clientConnections: 0, requests: 0, retrying: 0, endpointRequests: 0, faults: 0 });
    for (const pool of gateway.plane.pools()) {
      expect(pool).toMatchObject({ active: 0, pending: 0 });
    }
    for (const { inFlight } of gateway.requestCells.takeDelta().cells) expect(inFlight).toBe(0);
  });
}

describe('after load on a service that fails in every way', () => {
  it('nothing is left: no request, no try, no place in a queue, no connection in use', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.infiniteStream(fc.double({ min: 0, max: 0.999, noNaN: true })),
        fc.constantFrom('round-robin', 'least-request', 'random'),
        async (stream, balance) => {
          const draws = (): number => stream.next().value;
          await using one = await faulty(draws);
          await using other = await faulty(draws);
          await using helper = await namedOrigin('v1');
          const versions = { v1: helper.url, v2: [one.url, other.url, `http://127.0.0.1:${await closedPort()}`] };
          const service = {
            balance,
            pool: { maxConnections: 6, maxPending: 4, pendingTimeout: '60ms', firstByte: '120ms' },
            outlierDetection: { consecutiveFailures: 3, ejectFor: '60ms' },
          };
          const text = (attempts: number): string =>
            configText({
              versions,
              service,
              route: {
                split: { v1: 10, v2: 90 },
                fallback: 'v1',
                retry: { attempts, on: ['connect-failure', 'reset-before-response', '503'], perTry: '100ms' },
              },
            });
          await using gateway = await startGateway(text(2));
          let isOver = false;
          const reloads = (async () => {
            for (let round = 0; !isOver; round++) {
              await gateway.install(text(1 + (round % 3)), { drained: round % 4 === 3 ? [one.url] : [] });
              await new Promise((resolve) => setTimeout(resolve, 15));
            }
          })();
          const request = (place: number): string => (place % 3 === 0 ? post('/', 'hello') : get('/'));
          await Promise.all([
            load({ port: gateway.port(), requests: 400, connections: 16, request }),
            leavers(gateway.port(), 40),
          ]);
          isOver = true;
          await reloads;
          await expectNothingHeld(gateway);
        },
      ),
      { numRuns: 6 },
    );
  }, 120_000);
});
