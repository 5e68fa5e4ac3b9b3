import { expect, onTestFinished, test } from 'vitest';
import { re2 } from '../../../src/adapters/re2.ts';
import type { Config, LiveState } from '../../../src/config/model.ts';
import type { Actor } from '../../../src/control/audit.ts';
import { type LoadedConfiguration, loadConfiguration } from '../../../src/control/configuration-load.ts';
import { explainSample } from '../../../src/control/explain.ts';
import { type Publication, Publisher } from '../../../src/control/publisher.ts';
import type { SourceReading } from '../../../src/control/source-reading.ts';
import { StateStore } from '../../../src/control/state-store.ts';
import { statusOf } from '../../../src/control/status.ts';
import { parseAuthority } from '../../../src/http/authority.ts';
import { canonicalAddress } from '../../../src/http/ip-address.ts';
import { canonicalTarget } from '../../../src/http/target.ts';
import type { EndpointReport } from '../../../src/telemetry/reports.ts';
import { configurationText } from '../../support/configuration-file.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const VERSIONS = { v1: 'http://127.0.0.1:9001', v2: 'http://127.0.0.1:9002' };
const NO_LIVE: LiveState = { weights: {}, switches: {} };
const ACTOR: Actor = { who: 'local', via: 'api' };
const FRESH = { freeze: { on: false, reason: '', revision: 0 } };

function readingOf(text: string): SourceReading {
  return {
    path: 'graygate.yaml',
    baseDirectory: '/etc/graygate',
    files: [{ path: 'graygate.yaml', text }],
    error: null,
    named: new Map(),
    readFile: () => ({ error: 'there is no such file' }),
  };
}

const loadText = (text: string) => (): LoadedConfiguration =>
  loadConfiguration(readingOf(text), { env: {}, regex: re2 });

const textOf = (split: Record<string, number>, top = 'switches: { beta: off }\n') =>
  configurationText({ versions: VERSIONS, split, route: '    fallback: v1\n', top });

interface Stage {
  readonly publisher: Publisher;
  readonly installed: Publication[];
  readonly store: StateStore;
  readonly logged: string[];
  /** Thrown at the next installations; null: they succeed. */
  refusal: Error | null;
}

async function setStage(directory = temporaryDirectory(), before: Config | null = null): Promise<Stage> {
  const store = await StateStore.open(directory);
  onTestFinished(() => store.close());
  const logged: string[] = [];
  const installed: Publication[] = [];
  const fleet = {
    install: async (publication: Publication) => {
      if (stage.refusal !== null) throw stage.refusal;
      installed.push(publication);
    },
  };
  const log = (_level: string, text: string) => logged.push(text);
  const publisher = new Publisher({
    fleet,
    store,
    standing: await store.loadStanding(),
    before,
    regex: re2,
    log,
    nowMs: () => 0,
  });
  const stage: Stage = { publisher, installed, store, logged, refusal: null };
  return stage;
}

const publishText = ({ publisher }: Stage, text: string) =>
  publisher.publish({ kind: 'configuration', load: loadText(text) });

const steer = ({ publisher }: Stage, change: (live: LiveState) => LiveState) =>
  publisher.command({
    kind: 'live',
    actor: ACTOR,
    reason: '',
    edit: ({ live }) => ({ what: 'weights', object: 'web', from: null, to: null, live: change(live) }),
  });

test('an accepted configuration is installed, then in force, then recorded', async () => {
  const stage = await setStage();
  expect(await publishText(stage, textOf({ v1: 95, v2: 5 }))).toEqual({ ok: true, generation: 1, revision: 1 });
  expect(stage.installed.map(({ generation }) => generation)).toEqual([1]);
  expect(stage.publisher.inForce).toMatchObject({ generation: 1, revision: 1 });
  expect(stage.publisher.inForce?.snapshot.generation).toBe(1);
  expect((await stage.store.lastGood())?.files[0]?.text).toBe(textOf({ v1: 95, v2: 5 }));
  expect(stage.publisher.reloads).toEqual({ ok: 0, refused: 0 });
});

test('a broken configuration never reaches a worker; its first errors are kept until a good one comes', async () => {
  const stage = await setStage();
  await publishText(stage, textOf({ v1: 1 }));
  const outcome = await publishText(stage, textOf({ v7: 1 }));
  expect(outcome.ok).toBe(false);
  expect(stage.publisher.error).toMatch(/^graygate\.yaml:\d+:\d+ error .*v7/);
  expect(stage.installed).toHaveLength(1);
  expect(stage.publisher.inForce?.generation).toBe(1);
  expect(stage.publisher.reloads).toEqual({ ok: 0, refused: 1 });
  await publishText(stage, textOf({ v1: 1 }));
  expect(stage.publisher.error).toBeNull();
});

test('the text in force again is accepted without a new generation', async () => {
  const stage = await setStage();
  await publishText(stage, textOf({ v1: 1 }));
  expect(await publishText(stage, textOf({ v1: 1 }))).toEqual({ ok: true, generation: 1, revision: 1 });
  expect(stage.installed).toHaveLength(1);
  expect(stage.publisher.reloads).toEqual({ ok: 1, refused: 0 });
});

test('what a worker refuses changes nothing, and the reason is kept', async () => {
  const stage = await setStage();
  await publishText(stage, textOf({ v1: 1 }));
  stage.refusal = new Error('listener edge cannot listen');
  expect(await publishText(stage, textOf({ v2: 1 }))).toEqual({ ok: false, reasons: ['listener edge cannot listen'] });
  expect(stage.publisher.error).toBe('listener edge cannot listen');
  expect(stage.publisher.inForce).toMatchObject({ generation: 1, revision: 1 });
  expect(stage.store.revision).toBe(1);
  stage.refusal = null;
  expect(await publishText(stage, textOf({ v2: 1 }))).toMatchObject({ ok: true, revision: 2 });
});

test('changes are made one after another, in the order given', async () => {
  const stage = await setStage();
  const weights = [1, 2, 3, 4, 5];
  const outcomes = await Promise.all(weights.map((weight) => publishText(stage, textOf({ v1: 100, v2: weight }))));
  expect(outcomes.map((outcome) => outcome.ok && outcome.generation)).toEqual(weights);
  expect(stage.installed.map(({ config }) => config.routes[0]?.split[1]?.weight)).toEqual(weights);
});

test('live weights lie over the file, are stored, and go when the file changes that split', async () => {
  const stage = await setStage();
  await publishText(stage, textOf({ v1: 100, v2: 0 }));
  const edit = (live: LiveState): LiveState => ({ ...live, weights: { web: { v1: 30, v2: 70 } } });
  expect(await steer(stage, edit)).toMatchObject({ generation: 2, revision: 1 });
  expect((await stage.store.loadStanding()).live).toEqual({ weights: { web: { v1: 30, v2: 70 } }, switches: {} });
  expect(statusOfStage(stage).routes[0]).toMatchObject({
    split: { v1: 30, v2: 70 },
    source: 'live',
    drift: true,
    revision: 2,
  });

  await publishText(stage, textOf({ v1: 100, v2: 0 }, 'switches: { beta: on }\n'));
  expect(statusOfStage(stage)).toMatchObject({
    routes: [{ source: 'live', revision: 2 }],
    switches: { beta: { on: true, revision: 3 } },
  });

  await publishText(stage, textOf({ v1: 99, v2: 1 }));
  expect(statusOfStage(stage).routes[0]).toMatchObject({
    split: { v1: 99, v2: 1 },
    source: 'file',
    drift: false,
    revision: 4,
  });
  expect((await stage.store.loadStanding()).live).toEqual(NO_LIVE);
});

test('a refused live change is not stored', async () => {
  const stage = await setStage();
  await publishText(stage, textOf({ v1: 100, v2: 0 }));
  stage.refusal = new Error('no');
  const edit = (live: LiveState): LiveState => ({ ...live, switches: { beta: true } });
  await expect(steer(stage, edit)).rejects.toThrow('no');
  expect((await stage.store.loadStanding()).live).toEqual(NO_LIVE);
  expect(stage.publisher.inForce?.live).toEqual(NO_LIVE);
  expect(stage.publisher.error).toBeNull();
});

test('the last good configuration stands in without hiding what is wrong with the file', async () => {
  const stage = await setStage();
  await publishText(stage, 'version: 1\nnonsense: 1\n');
  const good = loadText(textOf({ v1: 1 }));
  expect(await stage.publisher.publish({ kind: 'configuration', load: good, isLastGood: true })).toMatchObject({
    ok: true,
  });
  expect(stage.publisher.error).toMatch(/nonsense/);
});

function statusOfStage({ publisher }: Stage, endpoints: readonly EndpointReport[] = []) {
  return statusOf({
    file: 'graygate.yaml',
    error: publisher.error,
    inForce: publisher.inForce,
    workers: [{ id: 1, pid: 2, generation: 1 }],
    listeners: [],
    endpoints,
    observed: (route) => (route === 'web' ? { v2: { requests: 3, share: 1 } } : {}),
  });
}

const EJECTED: EndpointReport = { service: 'app', version: 'v2', url: VERSIONS.v2, usable: false, reason: 'ejected' };

test('the status shows every version, observed or not, and every endpoint as the workers see it', async () => {
  const stage = await setStage();
  await publishText(stage, textOf({ v1: 95, v2: 5 }));
  expect(statusOfStage(stage, [EJECTED])).toEqual({
    generation: 1,
    revision: 1,
    config: { file: 'graygate.yaml', error: null, rollback: null, drift: false },
    workers: [{ id: 1, pid: 2, generation: 1 }],
    listeners: [],
    routes: [
      {
        name: 'web',
        service: 'app',
        stable: 'v1',
        split: { v1: 95, v2: 5 },
        source: 'file',
        drift: false,
        revision: 1,
        observed: { v1: { requests: 0, share: 0 }, v2: { requests: 3, share: 1 } },
      },
    ],
    services: {
      app: {
        versions: {
          v1: { endpoints: [{ url: VERSIONS.v1, usable: true, reason: '' }] },
          v2: { endpoints: [{ url: VERSIONS.v2, usable: false, reason: 'ejected' }] },
        },
      },
    },
    switches: { beta: { on: false, source: 'file', drift: false, revision: 1 } },
    releases: {},
    ...FRESH,
  });
});

test('explain names the fallback that answers while the version that is meant has no usable endpoint', async () => {
  const stage = await setStage();
  await publishText(stage, textOf({ v2: 1 }));
  const explainWith = (endpoints: readonly EndpointReport[]) =>
    explainSample(
      { method: 'GET', url: '/', headers: [], body: null, clientAddress: '127.0.0.1', timeMs: 0 },
      {
        snapshot: stage.publisher.inForce!.snapshot,
        endpoints,
        random: { next: () => 0, visitorId: () => '' },
        wire: { canonicalTarget, parseAuthority, canonicalAddress },
      },
    );
  expect(explainWith([])).toMatchObject({ route: 'web', intended: 'v2', version: 'v2', reason: 'single' });
  expect(explainWith([EJECTED])).toMatchObject({ route: 'web', intended: 'v2', version: 'v1' });
  const v1Down = { ...EJECTED, version: 'v1', url: VERSIONS.v1 };
  expect(explainWith([EJECTED, v1Down])).toMatchObject({ intended: 'v2', version: 'v2' });
});
