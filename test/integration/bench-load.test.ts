import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { LoadRun } from '../../bench/load/load-run.ts';
import { headerRuledTraffic, loadRequests, requestBytes } from '../../bench/scenarios/traffic.ts';

const REQUESTS = loadRequests(headerRuledTraffic()).map(requestBytes);

async function listen(answer: RequestListener): Promise<number> {
  const server = createServer({ keepAliveTimeout: 60_000 }, answer);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

async function load(port: number, rate: number | null) {
  const run = new LoadRun({ port, connections: 4, seconds: 0.3, rate }, REQUESTS);
  onTestFinished(() => run.close());
  await run.open();
  return run.run();
}

test('an open loop sends exactly the requests of its schedule, each user in turn', async () => {
  const users: (string | undefined)[] = [];
  const port = await listen((request, response) => {
    users.push(request.headers['x-user'] as string | undefined);
    response.end('ok');
  });
  const { requests, errors } = await load(port, 200);
  expect({ requests, errors }).toEqual({ requests: 60, errors: 0 });
  expect(new Set(users).size).toBe(60);
});

test('latency counts from when a request ought to have left, not from when a connection was free for it', async () => {
  let held: (() => void)[] | null = [];
  const port = await listen((_request, response) => {
    if (held === null) response.end('ok');
    else held.push(() => response.end('ok'));
    // Four connections wait for their answers, and everything behind them waits for a connection.
    if (held?.length === 4) {
      const waiting = held;
      setTimeout(() => {
        held = null;
        for (const release of waiting) release();
      }, 150);
    }
  });
  const { requests, errors, p50Micros } = await load(port, 200);
  expect({ requests, errors }).toEqual({ requests: 60, errors: 0 });
  expect(p50Micros).toBeGreaterThan(10_000);
});

test('a closed loop asks again as soon as it is answered', async () => {
  const port = await listen((_request, response) => response.end('ok'));
  const { requests, errors } = await load(port, null);
  expect(requests).toBeGreaterThan(60);
  expect(errors).toBe(0);
});

test('bad statuses and broken connections are errors, and the load goes on', async () => {
  let count = 0;
  const port = await listen((request, response) => {
    count += 1;
    if (count % 10 === 0) request.socket.destroy();
    else response.writeHead(count % 10 === 5 ? 503 : 200).end('ok');
  });
  const { errors } = await load(port, 200);
  expect(errors).toBeGreaterThanOrEqual(10);
  expect(errors).toBeLessThanOrEqual(14);
});
