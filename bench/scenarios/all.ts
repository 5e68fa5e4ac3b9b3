import type { Skipped } from '../report/findings.ts';
import type { Scenario } from './scenario.ts';
import { smallGet } from './small-get.ts';

export const allScenarios: readonly Scenario[] = [smallGet];

/** Scenarios for what the gateway does not do yet. */
export const toCome: readonly Skipped[] = [
  { name: 'tls-small-get', why: 'listeners have no TLS yet' },
  { name: 'h2-small-get', why: 'listeners speak no HTTP/2 yet' },
];
