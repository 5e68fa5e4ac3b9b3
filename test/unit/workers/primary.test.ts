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
  /** How it answers what it is to prepare; the default is ready for it. */
  onPrepare: (generation: number) => FromWorker | null;
  /** Was it ended from outside? */
  isKilled: boolean;
  requests: number;
}

function startPrimary(workers: number) {
  const logged: string[] = [];
  const totals = new Totals();
  const primary = new Primary({
    totals,
    window: new TrafficWindow(() => 0),
    log: (_level, text) => logged.push(text),
    answerTimeoutMs: 50,
  });
  onTestFinished(() => primary.close());
  const scripted = Array.from({ length: workers }, () => addWorker(primary));
  return { primary, totals, logged, workers: scripted };
}

function addWorker(primary: Primary, canBeKilled = false): ScriptedWorker {
  const [toWorker, link] = linkInProcess<ToWorker, FromWorker>();
  const worker: ScriptedWorker = {
    link,
    heard: [],
    onPrepare: (generation) => ({ kind: 'prepared', generation }),
    isKilled: false,
    requests: 0,
  };
  link.onMessage((message) => {
    worker.heard.push(message);
    const answer = answerOf(worker, message);
    if (answer !== null) link.send(answer);
    if (message.kind === 'collect') link.send({ kind: 'report', id: message.id, report: takeReport(worker) });
    if (message.kind === 'drain') link.send({ kind: 'drained' });
    if (message.kind === 'stop') link.close();
  });
  link.send({ kind: 'online', pid: 4711 });
  const kill = () => {
    worker.isKilled = true;
    link.close();
  };
  primary.add(toWorker, canBeKilled ? { kill } : {});
  return worker;
}

function answerOf(worker: ScriptedWorker, message: ToWorker): FromWorker | null {
  if (message.kind === 'prepare') return worker.onPrepare(message.installation.generation);
  const generation = message.kind === 'swap' ? message.generation : 0;
  if (message.kind === 'swap') return { kind: 'installed', generation, listeners: [] };
  if (message.kind !== 'install') return null;
  return { kind: 'installed', generation: message.installation.generation, listeners: [] };
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
  config: { listeners: [] } as unknown as Config,
  live: { weights: {}, switches: {} },
  lists: {},
});

/** What it was told of installations, in order. */
const told = ({ heard }: ScriptedWorker) =>
  heard.flatMap((message) => {
    if (message.kind === 'prepare' || message.kind === 'install')
      return [`${message.kind} ${message.installation.generation}`];
    return message.kind === 'swap' || message.kind === 'discard' ? [`${message.kind} ${message.generation}`] : [];
  });

describe('install', () => {
  test('is done when every worker routes by it', async () => {
    const { primary } = startPrimary(3);
    await primary.install(installation(1));
    expect(primary.workers()).toEqual([1, 2, 3].map((id) => ({ id, pid: 4711, generation: 1 })));
  });

  test('swaps nobody before everybody is ready', async () => {
    const { primary, workers } = startPrimary(2);
    let swapped = 0;
    for (const { link } of workers) link.onClose(() => {});
    workers[1]!.onPrepare = (generation) => {
      swapped = workers.flatMap(told).filter((line) => line.startsWith('swap')).length;
      return { kind: 'prepared', generation };
    };
    await primary.install(installation(1));
    expect(swapped).toBe(0);
    expect(workers.map(told)).toEqual([
      ['prepare 1', 'swap 1'],
      ['prepare 1', 'swap 1'],
    ]);
  });

  test('refused by one, changes none', async () => {
    const { primary, workers } = startPrimary(2);
    await primary.install(installation(1));
    workers[1]!.onPrepare = (generation) => ({ kind: 'refused', generation, message: 'the address is in use' });
    await expect(primary.install(installation(2))).rejects.toThrow('the address is in use');
    expect(primary.workers().map(({ generation }) => generation)).toEqual([1, 1]);
    expect(told(workers[0]!)).toEqual(['prepare 1', 'swap 1', 'prepare 2', 'discard 2']);
  });

  test('is refused by a silent worker that nothing can replace', async () => {
    const { primary, workers } = startPrimary(1);
    workers[0]!.onPrepare = () => null;
    await expect(primary.install(installation(1))).rejects.toThrow('did not answer');
  });

  test('ends a silent worker, and is done when the one in its place routes by it', async () => {
    const { primary, workers, logged } = startPrimary(1);
    const silent = addWorker(primary, true);
    primary.expect(2);
    silent.onPrepare = () => null;
    const installed = primary.install(installation(1));
    await expect.poll(() => silent.isKilled).toBe(true);
    const late = addWorker(primary, true);
    await installed;
    expect(primary.workers().map(({ id, generation }) => [id, generation])).toEqual([
      [1, 1],
      [3, 1],
    ]);
    expect(told(late)).toEqual(['install 1']);
    expect(told(workers[0]!)).toEqual(['prepare 1', 'swap 1']);
    expect(logged[0]).toContain('did not prepare generation 1 in time');
  });

  test('does not wait for a worker that is gone', async () => {
    const { primary, workers, logged } = startPrimary(2);
    workers[0]!.onPrepare = () => {
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
    await expect.poll(() => primary.workers().map(({ generation }) => generation)).toEqual([1, 1]);
    expect(told(late)).toEqual(['install 1']);
  });
});

test('a worker learns what others hold of a client, and that they are gone', async () => {
  const { workers } = startPrimary(3);
  const [one, two, three] = workers as [ScriptedWorker, ScriptedWorker, ScriptedWorker];
  const heardOf = ({ heard }: ScriptedWorker) =>
    heard.flatMap((message) => (message.kind === 'elsewhere' ? message.counts.map(({ count }) => count) : []));
  const say = (worker: ScriptedWorker, count: number) =>
    worker.link.send({ kind: 'clients', counts: [{ listener: 'edge', client: '10.0.0.1', count }] });
  say(one, 2);
  say(two, 3);
  await expect.poll(() => heardOf(three)).toEqual([2, 5]);
  expect([heardOf(one), heardOf(two)]).toEqual([[3], [2]]);
  one.link.close();
  await expect
    .poll(() => [heardOf(two), heardOf(three)])
    .toEqual([
      [2, 0],
      [2, 5, 3],
    ]);
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
