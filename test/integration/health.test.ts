import { describe, expect, it, onTestFinished } from 'vitest';
import { systemNames } from '../../src/adapters/names.ts';
import { re2 } from '../../src/adapters/re2.ts';
import { parseConfiguration } from '../../src/config/parse.ts';
import { HealthChecks } from '../../src/control/health-checks.ts';
import type { UnhealthyEndpoint } from '../../src/telemetry/reports.ts';
import { eventually } from '../support/eventually.ts';
import { configText, type Gateway, type Sketch, startGateway } from '../support/gateway.ts';
import { httpOrigin, namedOrigin } from '../support/http-origin.ts';
import { get, load, tally } from '../support/load.ts';
import { closedPort } from '../support/raw-peer.ts';

/** Active checks, from the primary to what the data plane uses. */

const healthCheck = { path: '/healthz', interval: '20ms', timeout: '200ms', unhealthyAfter: 3, healthyAfter: 2 };

class Checked {
  readonly gateway: Gateway;
  readonly checks: HealthChecks;
  readonly told: (readonly UnhealthyEndpoint[])[] = [];

  constructor(gateway: Gateway) {
    this.gateway = gateway;
    this.checks = new HealthChecks({
      names: systemNames(),
      log: () => {},
      onChange: (unhealthy) => {
        this.told.push(unhealthy);
        gateway.plane.setUnhealthy(unhealthy);
      },
    });
  }

  async install(text: string): Promise<void> {
    await this.gateway.install(text);
    const files = [{ path: 'graygate.yaml', text }];
    const readFile = () => ({ error: 'none' });
    const { config } = parseConfiguration({ files, env: {}, readFile }, { regex: re2 });
    this.checks.update(config!.services);
  }

  get reasons(): string[] {
    return this.gateway.plane.endpoints().map(({ reason }) => reason);
  }

  async bodies(requests: number): Promise<Record<string, number>> {
    const { gateway } = this;
    const answers = await load({ port: gateway.port(), requests, connections: 1, request: () => get('/') });
    return tally(answers.map(({ status, body }) => (status === 200 ? body : String(status))));
  }
}

async function checked(sketch: Sketch): Promise<Checked> {
  const text = configText({ ...sketch, service: { balance: 'round-robin', healthCheck, ...sketch.service } });
  const gateway = await startGateway(text);
  const stage = new Checked(gateway);
  onTestFinished(async () => {
    await stage.checks.close();
    await gateway[Symbol.asyncDispose]();
  });
  await stage.install(text);
  return stage;
}

/** Answers checks with the status that it is told at the moment, and everything else with its name. */
async function patient(name: string) {
  const mood = { status: 200, checks: 0, hosts: new Set<string>() };
  const origin = await httpOrigin((request, response) => {
    if (request.url !== '/healthz') {
      response.end(name);
      return;
    }
    mood.checks++;
    mood.hosts.add(request.headers.host ?? '');
    response.writeHead(mood.status).end();
  });
  return Object.assign(origin, { mood });
}

describe('an endpoint', () => {
  it('is left out after failures in a row and used again after successes, requests going elsewhere', async () => {
    await using a = await patient('a');
    await using b = await patient('b');
    const stage = await checked({ versions: { v1: [a.url, b.url] } });
    expect(await stage.bodies(10)).toEqual({ a: 5, b: 5 });
    a.mood.status = 503;
    await eventually(() => expect(stage.reasons).toEqual(['unhealthy', '']));
    expect(await stage.bodies(10)).toEqual({ b: 10 });
    expect([...a.mood.hosts]).toEqual([a.url.replace('http://', '')]);
    a.mood.status = 302;
    await eventually(() => expect(stage.reasons).toEqual(['', '']));
    expect(await stage.bodies(10)).toEqual({ a: 5, b: 5 });
    expect(stage.told).toEqual([[{ service: 'app', version: 'v1', url: a.url, address: '' }], []]);
  });

  it('that refuses connections, or hangs, is unhealthy; the others are asked all the same', async () => {
    await using hung = await httpOrigin(() => {});
    await using good = await patient('good');
    const dead = `http://127.0.0.1:${await closedPort()}`;
    const stage = await checked({
      versions: { v1: [dead, hung.url, good.url, good.url.replace('127.0.0.1', 'localhost')] },
    });
    await eventually(() => expect(stage.reasons).toEqual(['unhealthy', 'unhealthy', '', '']));
    expect(await stage.bodies(10)).toEqual({ good: 10 });
  });

  it('stays unhealthy through a reload, and is well when nobody checks any more', async () => {
    await using a = await patient('a');
    await using b = await patient('b');
    const stage = await checked({ versions: { v1: [a.url, b.url] } });
    a.mood.status = 500;
    await eventually(() => expect(stage.reasons).toEqual(['unhealthy', '']));
    const versions = { v1: [a.url, b.url] };
    const slower = { ...healthCheck, interval: '1h' };
    await stage.install(configText({ versions, service: { healthCheck: slower, balance: 'round-robin' } }));
    expect(stage.reasons).toEqual(['unhealthy', '']);
    expect(await stage.bodies(10)).toEqual({ b: 10 });
    await stage.install(configText({ versions, service: { balance: 'round-robin' } }));
    expect(stage.reasons).toEqual(['', '']);
    const { checks } = a.mood;
    expect(await stage.bodies(10)).toEqual({ a: 5, b: 5 });
    expect(a.mood.checks).toBe(checks);
  });
});

it('a version whose only endpoint is unhealthy goes to its fallback, and without one is used all the same', async () => {
  await using v1 = await namedOrigin('v1');
  await using v2 = await patient('v2');
  v2.mood.status = 500;
  const versions = { v1: v1.url, v2: v2.url };
  // namedOrigin answers /healthz as everything else: 200.
  const stage = await checked({ versions, route: { split: { v1: 0, v2: 1 }, fallback: 'v1' } });
  await eventually(() => expect(stage.reasons).toEqual(['', 'unhealthy']));
  expect(await stage.bodies(10)).toEqual({ v1: 10 });
  const service = { healthCheck, balance: 'round-robin' };
  await stage.install(configText({ versions, service, route: { split: { v1: 0, v2: 1 } } }));
  expect(stage.reasons).toEqual(['', 'unhealthy']);
  expect(await stage.bodies(10)).toEqual({ v2: 10 });
});

it('nothing is asked more often than it should be', async () => {
  await using a = await patient('a');
  const startedAt = performance.now();
  await checked({ versions: { v1: a.url } });
  await eventually(() => expect(a.mood.checks).toBeGreaterThan(5));
  expect(a.mood.checks).toBeLessThanOrEqual((performance.now() - startedAt) / 20 + 1);
});
