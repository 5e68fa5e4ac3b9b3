import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AuditEntry } from '../../src/control/audit.ts';
import type { DifferencesView, MirrorView } from '../../src/control/mirror-view.ts';
import type { Status } from '../../src/control/status.ts';
import { type RunningService, startDemoServices } from '../../src/demo/demo-services.ts';
import { eventually } from '../support/eventually.ts';
import { type GatewayProcess, runCommand, startGatewayProcess } from '../support/gateway-process.ts';
import { guideBlocks } from '../support/guide-blocks.ts';
import { get, load } from '../support/load.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

/** docs/guides/mirroring.md, step by step, with the demo's services and two worker processes. */

let services: readonly RunningService[] = [];
beforeAll(async () => {
  services = await startDemoServices(() => 'http://127.0.0.1:9');
});
afterAll(async () => {
  await Promise.all(services.map(({ service }) => service.close()));
});

function urlOf(version: string): string {
  return services.find((one) => one.name === 'reviews' && one.version === version)!.service.url;
}

/** The guide's routes behind a listener and in front of the demo's reviews. */
function configuration(routes: string, shadow = 'v3'): string {
  const versions = { v2: urlOf('v2'), v3: urlOf(shadow) };
  const endpoints = Object.entries(versions).map(([name, url]) => `      ${name}: { endpoints: ["${url}"] }\n`);
  return `version: 1
listeners: [{ name: edge, address: "127.0.0.1:0" }]
admin: { address: "127.0.0.1:0" }
services:
  reviews:
    versions:
${endpoints.join('')}${routes}`;
}

class Walk {
  readonly gateway: GatewayProcess;
  readonly path: string;

  constructor(gateway: GatewayProcess, path: string) {
    this.gateway = gateway;
    this.path = path;
  }

  /** Puts another configuration in force. */
  async edit(text: string): Promise<void> {
    const { revision } = await this.status();
    writeFileSync(this.path, text);
    await eventually(async () => expect((await this.status()).revision).toBe(revision + 1));
  }

  async ask(requests: number): Promise<void> {
    const port = Number(new URL(this.gateway.url('edge')).port);
    const answers = await load({ port, requests, connections: 4, request: (at) => get(`/reviews/${at}`) });
    expect(new Set(answers.map(({ status, body }) => `${status} ${JSON.parse(body).version}`))).toEqual(
      new Set(['200 v2']),
    );
  }

  async status(): Promise<Status> {
    return (await this.gateway.json('/api/status')) as Status;
  }

  async differences(): Promise<DifferencesView> {
    return (await this.gateway.json('/api/mirrors/reviews/v3/differences')) as DifferencesView;
  }

  /** Once this many pairs were compared. */
  compared(pairs: number): Promise<DifferencesView> {
    return eventually(async () => {
      const view = await this.differences();
      expect([view.compared, view.skipped]).toEqual([pairs, {}]);
      return view;
    });
  }

  async mirror(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await runCommand(['mirror', ...args, '--admin', this.gateway.url('admin')]);
    expect([code, stderr]).toEqual([0, '']);
    return stdout;
  }
}

const real = ({ differences }: DifferencesView) =>
  differences.filter(({ real: isReal }) => isReal).map(({ field }) => field);

test('from the first copy to "the same"', async () => {
  const [first, compare, baseline, ignoring] = guideBlocks('mirroring.md') as [string, string, string, string];
  const path = join(temporaryDirectory(), 'graygate.yaml');
  writeFileSync(path, configuration(first));
  await using gateway = await startGatewayProcess(['-c', path, '--workers', '2']);
  const walk = new Walk(gateway, path);

  // 1. The first copy.
  await walk.ask(100);
  await eventually(async () => {
    const { mirrors } = (await gateway.json('/api/mirrors')) as { mirrors: readonly MirrorView[] };
    expect(mirrors).toMatchObject([{ route: 'reviews', mirror: 'v3', eligible: 100, answered: 100, comparison: null }]);
  });
  expect(await walk.mirror('show', 'reviews')).toContain('not sampled 0, dropped 0, sent 100, pending 0');
  const none = await runCommand(['mirror', 'show', 'nowhere', '--admin', gateway.url('admin')]);
  expect([none.code, none.stderr]).toEqual([1, 'graygate: route nowhere has no mirror; routes that have: reviews\n']);

  // 3. Compare.
  await walk.edit(configuration(compare));
  await walk.ask(100);
  expect(real(await walk.compared(100)).sort()).toEqual(['/generatedAt', '/reviews/*/rating/color', '/version']);
  const shown = await walk.mirror('show', 'reviews');
  expect(shown).toMatch(/verdict {3}different: 3 differing/);
  expect(shown).toMatch(/GET \/reviews\/\* +\/reviews\/\*\/rating\/color +100 of 100 +0 +"black" +"red"/);
  const json = JSON.parse(await walk.mirror('show', 'reviews', '--json')) as {
    differences: readonly DifferencesView[];
  };
  expect(json.differences[0]).toMatchObject({ verdict: 'different', compared: 100 });

  // 4. Take the noise out.
  await walk.mirror('forget', 'reviews', 'v3');
  await walk.edit(configuration(baseline));
  await walk.ask(100);
  const withBaseline = await walk.compared(100);
  expect(real(withBaseline).sort()).toEqual(['/reviews/*/rating/color', '/version']);
  expect(withBaseline.differences.at(-1)).toMatchObject({ field: '/generatedAt', count: 100, noise: 100, real: false });

  // 5. Say what is meant to differ.
  const printed = await walk.mirror(
    'ignore',
    'reviews',
    'v3',
    '/version',
    '/reviews/*/rating/color',
    '--reason',
    'meant to',
  );
  expect(printed).toContain('          ignore:\n            - "/version"\n            - "/reviews/*/rating/color"\n');
  const { entries } = (await gateway.json('/api/audit')) as { entries: readonly AuditEntry[] };
  expect(entries[0]).toMatchObject({
    via: 'cli',
    what: 'ignore',
    object: 'reviews -> v3',
    from: [],
    to: ['/version', '/reviews/*/rating/color'],
    reason: 'meant to',
  });
  await walk.ask(50);
  const ignored = await walk.compared(150);
  expect([real(ignored), ignored.verdict, ignored.ignore.file]).toEqual([[], 'same', []]);

  // The same in the file: what was live is not kept apart any more.
  await walk.edit(configuration(ignoring));
  const inFile = (await walk.differences()).ignore;
  expect([inFile.file, inFile.live]).toEqual([['/version', '/reviews/*/rating/color'], []]);

  // 6. Until it says: the same.
  await walk.mirror('forget', 'reviews', 'v3');
  expect(await walk.differences()).toMatchObject({ verdict: 'inconclusive', compared: 0 });
  await walk.ask(200);
  expect(await walk.compared(200)).toMatchObject({ verdict: 'same', differingFields: 0, skipped: {} });
  expect(await walk.mirror('show', 'reviews')).toMatch(/verdict {3}same\n/);
  const metrics = await (await fetch(new URL('/metrics', gateway.url('admin')))).text();
  expect(metrics).toContain('graygate_mirror_differing_fields{route="reviews",mirror="v3"} 0\n');
  expect(metrics).toContain('graygate_mirror_sent_total{route="reviews",mirror="v3/baseline"}');
});

test('fields are ignored by who has seen the last revision, in every worker, and still after a restart', async () => {
  const [, compare] = guideBlocks('mirroring.md') as [string, string];
  const path = join(temporaryDirectory(), 'graygate.yaml');
  writeFileSync(path, configuration(compare));
  const put = async (gateway: GatewayProcess, ignore: unknown, revision?: number) => {
    const answer = await fetch(new URL('/api/mirrors/reviews/v3/ignored', gateway.url('admin')), {
      method: 'PUT',
      headers: {
        'content-type': 'application/json',
        ...(revision === undefined ? {} : { 'if-match': `"${revision}"` }),
      },
      body: JSON.stringify({ ignore }),
    });
    return { status: answer.status, body: (await answer.json()) as { revision: number; error?: { code: string } } };
  };
  const fields = ['/version', '/generatedAt', '/reviews/*/rating/color'];
  {
    await using gateway = await startGatewayProcess(['-c', path, '--workers', '2']);
    const walk = new Walk(gateway, path);
    const { revision } = (await walk.differences()).ignore;
    expect((await put(gateway, fields)).status).toBe(428);
    expect((await put(gateway, fields, revision + 5)).status).toBe(412);
    expect((await put(gateway, ['no field'], revision)).body.error?.code).toBe('invalid-request');
    const done = await put(gateway, fields, revision);
    expect([done.status, done.body.revision > revision]).toEqual([200, true]);
    expect((await put(gateway, [], revision)).status).toBe(412);
    await walk.ask(120);
    expect(await walk.compared(120)).toMatchObject({ verdict: 'same', same: 120, different: 0 });
    const unknown = await fetch(new URL('/api/mirrors/reviews/v2/differences', gateway.url('admin')));
    expect(unknown.status).toBe(404);
    await gateway.stop();
  }
  await using again = await startGatewayProcess(['-c', path, '--workers', '2']);
  const walk = new Walk(again, path);
  expect((await walk.differences()).ignore.live).toEqual(fields);
  await walk.ask(100);
  expect(await walk.compared(100)).toMatchObject({ verdict: 'same', same: 100 });
  await walk.mirror('ignore', 'reviews', 'v3', '--none');
  await walk.ask(20);
  expect(real(await walk.compared(120))).toHaveLength(3);
});
