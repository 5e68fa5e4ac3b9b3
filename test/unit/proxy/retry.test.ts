import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Retry } from '../../../src/core/snapshot.ts';
import { RetryBudget, Tries } from '../../../src/proxy/retry.ts';

const policy: Retry = {
  attempts: 2,
  onConnectFailure: true,
  onReset: true,
  onStatus: new Set([503]),
  methods: new Set(['GET']),
  perTryMs: null,
  to: null,
};

function tries(changes: Partial<Retry>, method = 'GET', budget = new RetryBudget()): Tries {
  const made = new Tries(budget);
  made.begin({ policy: { ...policy, ...changes }, to: null }, method);
  return made;
}

describe('the budget', () => {
  test('is a fifth of the requests under way, and never less than three', () => {
    fc.assert(
      fc.property(fc.nat(2_000), (active) => {
        const budget = new RetryBudget();
        budget.active = active;
        let taken = 0;
        while (budget.take()) taken++;
        expect(taken).toBe(Math.max(3, Math.floor(active / 5)));
      }),
    );
  });

  test('is taken once by a request, however often it tries, and given back at its end', () => {
    const budget = new RetryBudget();
    const one = tries({ attempts: 9 }, 'GET', budget);
    for (let attempt = 0; attempt < 9; attempt++) expect(one.take(503)).toBe(true);
    expect(budget.retrying).toBe(1);
    one.end();
    one.end();
    expect(budget.retrying).toBe(0);
  });

  test('that is used up leaves a request without another try', () => {
    const budget = new RetryBudget();
    for (let other = 0; other < 3; other++) budget.take();
    expect(tries({}, 'GET', budget).take(503)).toBe(false);
  });
});

describe('tries', () => {
  test('are as many as the route says', () => {
    const some = tries({ attempts: 2 });
    expect([some.take(503), some.take('connect-failure'), some.take(503)]).toEqual([true, true, false]);
  });

  test('are of what the route names', () => {
    expect(tries({ onConnectFailure: false }).take('connect-failure')).toBe(false);
    expect(tries({ onReset: false }).take('reset-before-response')).toBe(false);
    expect(tries({}).take(502)).toBe(false);
  });

  test('of a method that may not be sent twice are only of connections that did not come about', () => {
    expect(tries({}, 'POST').take('connect-failure')).toBe(true);
    expect(tries({}, 'POST').take('reset-before-response')).toBe(false);
    expect(tries({}, 'POST').take(503)).toBe(false);
  });

  test('bound in time are tried again when the time is up', () => {
    const some = tries({ onReset: false, perTryMs: 50 });
    expect([some.perTryMs, some.take('reset-before-response')]).toEqual([50, true]);
    expect(tries({ perTryMs: 50 }, 'POST').perTryMs).toBe(Number.POSITIVE_INFINITY);
  });

  test('leave nothing for the next request', () => {
    const some = tries({ perTryMs: 50 });
    some.end();
    expect([some.take(503), some.perTryMs, some.to]).toEqual([false, Number.POSITIVE_INFINITY, null]);
  });
});
