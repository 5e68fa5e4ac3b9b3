import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { RandomSource } from '../../src/core/ports.ts';
import { eventually } from '../support/eventually.ts';
import { type Gateway, startGateway } from '../support/gateway.ts';
import { answeringOrigin, okAnswer, rawClient, type ScriptedOrigin } from '../support/raw-peer.ts';
import {
  type CaseRequest,
  type ConformanceCase,
  configurationText,
  loadCaseFiles,
  PLAIN_LISTENER,
  TRUSTING_LISTENER,
} from './case-file.ts';

/** Draws what the case under test says. */
const dice = { value: 0.5 };
const random: RandomSource = { next: () => dice.value, visitorId: () => 'visitor' };

for (const file of loadCaseFiles()) {
  describe(`${file.name}, through a listener`, () => {
    const origins = new Map<string, ScriptedOrigin>();
    /** Versions that got a copy of the case under test. */
    const copied: string[] = [];
    let gateway: Gateway;

    beforeAll(async () => {
      for (const [service, versions] of Object.entries(file.services)) {
        for (const version of versions) origins.set(`${service}/${version}`, await versionOrigin(version, copied));
      }
      const text = configurationText(file, (service, version) => origins.get(`${service}/${version}`)?.url ?? '');
      gateway = await startGateway(text, { lists: file.lists, random });
    });

    afterAll(async () => {
      await gateway[Symbol.asyncDispose]();
      for (const origin of origins.values()) await origin[Symbol.asyncDispose]();
    });

    afterEach(() => void vi.useRealTimers());

    test.each(file.cases.map((each) => [each.name, each] as const))('%s', async (_, each) => {
      copied.length = 0;
      await expectAnswer(gateway, each, copied);
    });
  });
}

/** Takes any method, as the gateway does, and answers with the version's name. */
function versionOrigin(version: string, copied: string[]): Promise<ScriptedOrigin> {
  return answeringOrigin((request) => {
    if (request.fields.some(([name]) => name.toLowerCase() === 'x-gray-mirror')) copied.push(version);
    return okAnswer(request.method === 'HEAD' ? '' : version);
  });
}

async function expectAnswer(gateway: Gateway, each: ConformanceCase, copied: string[]): Promise<void> {
  const { request, expect: expected } = each;
  dice.value = each.draw;
  if (request.timeMs !== null) vi.useFakeTimers({ toFake: ['Date'], now: request.timeMs });
  const before = new Map(gateway.counts());
  await using client = await rawClient(gateway.port(request.trusted ? TRUSTING_LISTENER : PLAIN_LISTENER));
  client.request(startLineOf(request), linesOf(request), request.body ?? '');
  const answer = await client.answer();
  expect(answer.status).toBe(expected.status);
  if (expected.status === 200 && expected.version !== null && request.method !== 'HEAD') {
    expect(answer.body.toString()).toBe(expected.version);
  }
  const { route, rule, version } = expected;
  const label = `${route ?? ''}/${rule ?? ''}/${version ?? ''}/${Math.floor(expected.status / 100)}xx`;
  const grown = [...gateway.counts()].filter(([key, count]) => count > (before.get(key) ?? 0)).map(([key]) => key);
  expect(grown).toEqual([label]);
  await eventually(() => expect([...copied].sort()).toEqual([...expected.mirrors].sort()));
}

function startLineOf({ method, path, query }: CaseRequest): string {
  return `${method} ${path}${query === '' ? '' : `?${query}`}`;
}

/** Values travel as UTF-8; the client writes one byte a character. */
function linesOf({ host, headers, body, clientAddress, trusted }: CaseRequest): string[] {
  const lines = headers.map(([name, value]) => `${name}: ${Buffer.from(value).toString('latin1')}`);
  if (body !== null) lines.push(`Content-Length: ${body.length}`);
  if (trusted) lines.unshift(`X-Forwarded-For: ${clientAddress}`);
  return [`Host: ${host}`, ...lines];
}
