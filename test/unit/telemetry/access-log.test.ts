import { expect, test } from 'vitest';
import { AccessLog, type AccessLogSettings } from '../../../src/telemetry/access-log.ts';

async function wantedBy(only: AccessLogSettings['only'], draw = () => 0.5) {
  const log = new AccessLog({ to: 'stdout', only }, { draw, notify: () => undefined, isHeld: true });
  const wanted = {
    ok: log.wants(200, false),
    redirect: log.wants(302, false),
    notFound: log.wants(404, false),
    failed: log.wants(502, false),
    cut: log.wants(200, true),
  };
  await log.close();
  return wanted;
}

test('all: every request', async () => {
  expect(Object.values(await wantedBy('all'))).toEqual([true, true, true, true, true]);
});

test('errors: from status 400, and what went wrong without showing it there', async () => {
  expect(await wantedBy('errors')).toEqual({ ok: false, redirect: false, notFound: true, failed: true, cut: true });
});

test('a sample: that part of the requests', async () => {
  let drawn = 0;
  const everyHundredth = () => (drawn++ % 100) / 100;
  const log = new AccessLog(
    { to: 'stdout', only: { samplePercent: 1 } },
    { draw: everyHundredth, notify: () => undefined, isHeld: true },
  );
  expect(Array.from({ length: 1000 }, () => log.wants(200, false)).filter(Boolean)).toHaveLength(10);
  log.only = 'all';
  expect(log.wants(200, false)).toBe(true);
  await log.close();
});
