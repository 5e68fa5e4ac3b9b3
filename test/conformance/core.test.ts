import { describe, expect, test } from 'vitest';
import { toByteString } from '../../src/core/byte-string.ts';
import { explain } from '../../src/core/explain.ts';
import type { RequestView } from '../../src/core/request-view.ts';
import type { Snapshot } from '../../src/core/snapshot.ts';
import { DecisionRun, decide } from '../../src/core/splitting/decide.ts';
import { snapshotOf } from '../support/config-text.ts';
import { drawsOf, sampleRequest } from '../unit/core/sample-request.ts';
import { type CaseRequest, type ConformanceCase, configurationText, loadCaseFiles } from './case-file.ts';

for (const file of loadCaseFiles()) {
  describe(file.name, () => {
    const snapshot = snapshotOf(
      configurationText(file, (service, version) => `http://${version}.${service}.test`),
      { named: file.lists },
    );
    test.each(file.cases.map((each) => [each.name, each] as const))('%s', (_, each) => {
      expectDecision(snapshot, each);
    });
  });
}

function expectDecision(snapshot: Snapshot, { request, draw, expect: expected }: ConformanceCase): void {
  const run = new DecisionRun(drawsOf(draw));
  const view = viewOf(request);
  run.begin(view);
  const result = decide(snapshot, run);
  const { arm, reason } = run.decision;
  const decided = {
    route: arm?.route.name ?? null,
    rule: arm?.rule?.name ?? null,
    version: arm?.version.name ?? null,
    reason,
  };
  const { route, rule, version, mirrors } = expected;
  expect(decided).toEqual({ route, rule, version, reason: expected.reason });
  expect(result).toBe(route === null ? 'no-route' : 'decided');
  const explained = explain(snapshot, new DecisionRun(drawsOf(draw)), view);
  expect(explained).toMatchObject({ ...decided, mirrors });
}

function viewOf(request: CaseRequest): RequestView {
  const headers: Record<string, string[]> = {};
  for (const [name, value] of request.headers) {
    const lines = headers[name.toLowerCase()] ?? [];
    lines.push(toByteString(value));
    headers[name.toLowerCase()] = lines;
  }
  const { method, host, path, query, clientAddress, trusted, timeMs } = request;
  const body = {
    bytes: request.body ?? new Uint8Array(0),
    contentType: headers['content-type']?.[0] ?? '',
    contentEncoding: headers['content-encoding']?.[0] ?? '',
  };
  const nowMs = timeMs ?? 0;
  return sampleRequest({ method, host, path, query, clientAddress, fromTrustedPeer: trusted, nowMs, body, headers });
}
