import { expect, test } from 'vitest';
import type { Config, LiveState } from '../../../src/config/model.ts';
import { carryLive } from '../../../src/control/live.ts';
import { NO_REVISIONS, nextRevisions } from '../../../src/control/object-revisions.ts';

interface Sketch {
  readonly split?: Readonly<Record<string, number>>;
  readonly versions?: readonly string[];
  readonly beta?: boolean;
}

function config({ split = { v1: 100 }, versions = ['v1', 'v2'], beta = false }: Sketch = {}): Config {
  const sketch = {
    routes: [
      { name: 'web', service: 'app', split: Object.entries(split).map(([version, weight]) => ({ version, weight })) },
    ],
    services: [{ name: 'app', versions: versions.map((name) => ({ name })) }],
    switches: [{ name: 'beta', on: beta }],
  };
  return sketch as unknown as Config;
}

const live: LiveState = { weights: { web: { v1: 90, v2: 10 } }, switches: { beta: true } };

test('live values outlive a change of something else', () => {
  expect(carryLive(live, config(), config({ versions: ['v1', 'v2', 'v3'] }))).toEqual({ live, dropped: [] });
});

test('live values outlive a restart without a known earlier file', () => {
  expect(carryLive(live, null, config())).toEqual({ live, dropped: [] });
});

test('a changed split, or switch, replaces its live value and no other', () => {
  expect(carryLive(live, config(), config({ split: { v1: 1, v2: 1 } }))).toEqual({
    live: { ...live, weights: {} },
    dropped: ['the live weights of route web are dropped: the file changed its split'],
  });
  expect(carryLive(live, config(), config({ beta: true }))).toEqual({
    live: { ...live, switches: {} },
    dropped: ['the live state of switch beta is dropped: the file changed it'],
  });
});

test('live weights leave with a version that they name', () => {
  expect(carryLive(live, config(), config({ versions: ['v1'] })).dropped).toEqual([
    'the live weights of route web are dropped: version v2 is gone',
  ]);
});

test('a revision moves only with the value it stands for', () => {
  const first = nextRevisions(NO_REVISIONS, 1, config());
  const second = nextRevisions(first, 2, config({ versions: ['v1'] }));
  const third = nextRevisions(second, 3, config({ split: { v1: 90, v2: 10 }, beta: true }));
  const fourth = nextRevisions(third, 4, config({ split: { v1: 90, v2: 10 } }));
  const revisions = [first, second, third, fourth].map(({ routes, switches }) => [
    routes.get('web'),
    switches.get('beta'),
  ]);
  expect(revisions).toEqual([
    [1, 1],
    [1, 1],
    [3, 3],
    [3, 4],
  ]);
});
