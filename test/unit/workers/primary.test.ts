import { describe, expect, onTestFinished, test } from 'vitest';
import type { Config } from '../../../src/config/model.ts';
import { Totals } from '../../../src/telemetry/totals.ts';
import { TrafficWindow } from '../../../src/telemetry/traffic-window.ts';
import { type Link, linkInProcess } from '../../../src/workers/link.ts';
import type { FromWorker, Installation, ToWorker } from '../../../src/workers/messages.ts';
import { Primary } from '../../../src/workers/primary.ts';

interface ScriptedWorker {
  readonly link: Link<FromWorker, ToWorker>;
  readonly heard: ToWorker[];
  /** What it does with an installation; the default takes it. */
  onInstall: (generation: number) => FromWorker | null;
  requests: number;
}

function startPrimary(workers: number) {
  const logged: string[] = [];
  const totals = new Totals();
  const primary = new Primary({
    totals,
    window: new TrafficWindow(() => 0),
    log: (_level, text) => logged.push(text),
    installTimeoutMs: 50,
  });
  onTestFinished(() => primary.close());
  const scripted = Array.from({ length: workers }, () => addWorker(primary));
  return { primary, totals, logged, workers: scripted };
}

function addWorker(primary: Primary): ScriptedWorker {
  const [toWorker, link] = linkInProcess<ToWorker, FromWorker>();
  const worker: ScriptedWorker = {
    link,
    heard: [],
    onInstall: (generation) => ({ kind: 'installed', generation, listeners: [] }),
    requests: 0,
  };
  link.onMessage((message) => {
    worker.heard.push(message);
    if (message.kind === 'install') {
      const answer = worker.onInstall(message.installation.generation);
      if (answer !== null) link.send(answer);
    }
    if (message.kind === 'collect') link.send({ kind: 'report', id: message.id, report: takeReport(worker) });
    if (message.kind === 'drain') link.send({ kind: 'drained' });
    if (message.kind === 'stop') link.close();
  });
  link.send({ kind: 'online', pid: 4711 });
  primary.add(toWorker);
  return worker;
}

function takeReport(worker: ScriptedWorker) {
  const counts = [0, worker.requests, 0, 0, 0, 0, 0];
  worker.requests = 0;
  return {
    generation: 1,
    requests: {
      cells: [{ route: 'web', rule: '', version: 'v1', counts, inFlight: 0, durationMicros: 0, buckets: [] }],
    },
    mirrors: { cells: [] },
    fallbacks: { cells: [] },
    pools: [],
    endpoints: [],
  };
}

const installation = (generation: number): Installation => ({
  generation,
  config: {} as Config,
  live: { weights: {}, switches: {} },
  lists: {},
});

const installsHeard = ({ heard }: ScriptedWorker) =>
  heard.flatMap((message) => (message.kind === 'install' ? [message.installation.generation] : []));

describe('install', () => {
  test('is done when every worker routes by it', async () => {
    const { primary } = startPrimary(3);
    await primary.install(installation(1));
    expect(primary.workers()).toEqual([1, 2, 3].map((id) => ({ id, pid: 4711, generation: 1 })));
  });

  test('refused by one, is taken back from all', async () => {
    const { primary, workers } = startPrimary(2);
    await primary.install(installation(1));
    workers[1]!.onInstall = (generation) =>
      generation === 2
        ? { kind: 'refused', generation, message: 'the address is in use' }
        : { kind: 'installed', generation, listeners: [] };
    await expect(primary.install(installation(2))).rejects.toThrow('the address is in use');
    expect(primary.workers().map(({ generation }) => generation)).toEqual([1, 1]);
    expect(installsHeard(workers[0]!)).toEqual([1, 2, 1]);
  });

  test('counts a worker that does not answer as refusing', async () => {
    const { primary, workers } = startPrimary(1);
    workers[0]!.onInstall = () => null;
    await expect(primary.install(installation(1))).rejects.toThrow('did not answer');
  });

  test('does not wait for a worker that is gone', async () => {
    const { primary, workers, logged } = startPrimary(2);
    workers[0]!.onInstall = () => {
      workers[0]!.link.close();
      return null;
    };
    await primary.install(installation(1));
    expect(primary.workers()).toEqual([{ id: 2, pid: 4711, generation: 1 }]);
    expect(logged).toEqual(['worker 1 (process 4711) is gone']);
  });

  test('reaches a worker that comes later', async () => {
    const { primary } = startPrimary(1);
    await primary.install(installation(1));
    const late = addWorker(primary);
    await primary.collect();
    expect(installsHeard(late)).toEqual([1]);
  });
});

test('collect brings the counts of all workers together, each once', async () => {
  const { primary, totals, workers } = startPrimary(2);
  workers[0]!.requests = 3;
  workers[1]!.requests = 4;
  await primary.collect();
  await primary.collect();
  expect(totals.requests).toMatchObject([{ route: 'web', version: 'v1', counts: [0, 7, 0, 0, 0, 0, 0] }]);
});

test('what a worker counted outlives it', async () => {
  const { primary, totals, workers } = startPrimary(2);
  workers[0]!.requests = 3;
  await primary.collect();
  workers[0]!.link.close();
  await primary.collect();
  expect(totals.requests[0]!.counts[1]).toBe(3);
});

test('drain resolves when every worker has finished, with the last counts taken', async () => {
  const { primary, totals, workers } = startPrimary(2);
  workers[1]!.requests = 5;
  await primary.drain(1_000);
  expect(workers.map(({ heard }) => heard[0])).toEqual([
    { kind: 'drain', graceMs: 1_000 },
    { kind: 'drain', graceMs: 1_000 },
  ]);
  expect(totals.requests[0]!.counts[1]).toBe(5);
});

test('close ends every worker without calling it a loss', async () => {
  const { primary, workers, logged } = startPrimary(2);
  await primary.close();
  expect(primary.workers()).toEqual([]);
  expect(workers.map(({ heard }) => heard.at(-1)?.kind)).toEqual(['stop', 'stop']);
  expect(logged).toEqual([]);
});
