import type { Skipped } from '../report/findings.ts';
import { answers, uploads } from './bodies.ts';
import { connections } from './connections.ts';
import { mirror } from './mirror.ts';
import { mirrorMoods } from './mirror-moods.ts';
import { mirrorUploads } from './mirror-uploads.ts';
import { reload } from './reload.ts';
import { bodyMatch, headers30, post1k } from './requests.ts';
import { routes } from './routes.ts';
import type { Scenario } from './scenario.ts';
import { smallGet } from './small-get.ts';
import { start } from './start.ts';
import { workers } from './workers.ts';

export const allScenarios: readonly Scenario[] = [
  smallGet,
  headers30,
  post1k,
  bodyMatch,
  answers,
  uploads,
  routes,
  mirror,
  mirrorMoods,
  mirrorUploads,
  reload,
  connections,
  workers,
  start,
];

/** Scenarios for what the gateway does not do yet. */
export const toCome: readonly Skipped[] = [
  { name: 'tls-small-get', why: 'listeners have no TLS yet' },
  { name: 'h2-small-get', why: 'listeners speak no HTTP/2 yet' },
];
