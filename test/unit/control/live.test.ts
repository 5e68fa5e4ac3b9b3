import { describe, expect, test } from 'vitest';
import type { Config, LiveState } from '../../../src/config/model.ts';
import { carryLive } from '../../../src/control/live.ts';
import {
  NO_REVISIONS,
  nextRevisions,
  restoreRevisions,
  storeRevisions,
} from '../../../src/control/object-revisions.ts';
import { NO_STANDING, parseStanding, standingText } from '../../../src/control/standing.ts';

interface Sketch {
  readonly split?: Readonly<Record<string, number>>;
  readonly versions?: readonly string[];
  readonly beta?: boolean;
  /** What the mirror to v2 ignores; undefined: there is none. */
  readonly ignore?: readonly string[];
}

function config({ split = { v1: 100 }, versions = ['v1', 'v2'], beta = false, ignore }: Sketch = {}): Config {
  const sketch = {
    routes: [
      {
        name: 'web',
        service: 'app',
        split: Object.entries(split).map(([version, weight]) => ({ version, weight })),
        mirrors: ignore === undefined ? [] : [{ to: 'v2', compare: { ignore, headers: null, baseline: null } }],
        rules: [],
      },
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

describe('fields called noise at run time', () => {
  const noisy: LiveState = { weights: {}, switches: {}, ignored: { web: { v2: ['/at', '/id'] } } };

  test('outlive other changes, until the file names them itself', () => {
    expect(carryLive(noisy, config({ ignore: [] }), config({ ignore: ['/x'] })).live).toEqual(noisy);
    expect(carryLive(noisy, null, config({ ignore: ['/at'] })).live.ignored).toEqual({ web: { v2: ['/id'] } });
    expect(carryLive(noisy, null, config({ ignore: ['/id', '/at'] }))).toEqual({
      live: { weights: {}, switches: {} },
      dropped: [],
    });
  });

  test('leave with what they are about', () => {
    expect(carryLive(noisy, config({ ignore: [] }), config())).toEqual({
      live: { weights: {}, switches: {} },
      dropped: ['what the comparison of web -> v2 ignored is dropped: nothing is compared there'],
    });
  });

  test('have a revision of their own, which outlives a restart', () => {
    const first = nextRevisions(NO_REVISIONS, 1, config({ ignore: [] }));
    const second = nextRevisions(first, 2, config({ ignore: ['/at'] }));
    const third = nextRevisions(second, 3, config({ ignore: ['/at'], beta: true }));
    expect([first, second, third].map(({ mirrors }) => mirrors.get('web -> v2'))).toEqual([1, 2, 2]);
    const effective = config({ ignore: ['/at'], beta: true });
    expect(restoreRevisions(storeRevisions(third), effective)).toEqual(third);
  });

  test('are kept in the state directory; what is damaged is not taken', () => {
    const standing = { ...NO_STANDING, live: noisy };
    expect(parseStanding(standingText(standing))).toEqual(standing);
    for (const ignored of ['x', { web: ['/at'] }, { web: { v2: '/at' } }, { web: { v2: [1] } }])
      expect(parseStanding(JSON.stringify({ ...standing.live, ignored }))).toBeNull();
  });
});
