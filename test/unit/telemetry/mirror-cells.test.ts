import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MIRROR_DROP_REASONS, type MirrorCellDelta, MirrorCells } from '../../../src/telemetry/mirror-cells.ts';

/** Sums of deltas, as a reader of reports would keep them. */
class Account {
  eligible = 0;
  notSampled = 0;
  dropped = 0;
  sent = 0;
  answered = 0;
  timedOut = 0;
  failed = 0;
  statuses = 0;
  pending = 0;
  inFlight = 0;

  add(delta: MirrorCellDelta): void {
    for (const name of ['eligible', 'notSampled', 'sent', 'answered', 'timedOut', 'failed'] as const)
      this[name] += delta[name];
    for (const count of Object.values(delta.dropped)) this.dropped += count;
    for (const count of delta.statuses) this.statuses += count;
    this.pending = delta.pending;
    this.inFlight = delta.inFlight;
  }
}

const step = fc.oneof(
  fc.constant({ kind: 'eligible' } as const),
  fc.constant({ kind: 'notSampled' } as const),
  fc.record({ kind: fc.constant('dropped' as const), reason: fc.constantFrom(...MIRROR_DROP_REASONS) }),
  fc.constant({ kind: 'sent' } as const),
  fc.record({ kind: fc.constant('answered' as const), status: fc.integer({ min: 100, max: 599 }) }),
  fc.constant({ kind: 'timedOut' } as const),
  fc.constant({ kind: 'failed' } as const),
);

describe('mirror cells', () => {
  it('keep both identities of the account after every step', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const cells = new MirrorCells();
        const cell = cells.cellOf({ route: 'r', rule: '', mirror: 'v3' });
        const account = new Account();
        for (const one of steps) {
          apply(cells, cell, account, one);
          for (const delta of cells.takeDelta().cells) account.add(delta);
          expect(account.eligible).toBe(account.notSampled + account.dropped + account.sent + account.pending);
          expect(account.sent).toBe(account.answered + account.timedOut + account.failed + account.inFlight);
          expect(account.statuses).toBe(account.answered);
        }
      }),
    );
  });

  it('report a new cell once with zeros, then only what changed', () => {
    const cells = new MirrorCells();
    const cell = cells.cellOf({ route: 'r', rule: '', mirror: 'v3' });
    for (let at = 0; at < 100; at++) cells.cellOf({ route: 'r', rule: '', mirror: `idle-${at}` });
    expect(cells.takeDelta().cells).toHaveLength(101);
    expect(cells.takeDelta().cells).toHaveLength(0);
    cells.eligible(cell);
    cells.dropped(cell, 'breaker');
    expect(cells.takeDelta().cells).toEqual([
      {
        route: 'r',
        rule: '',
        mirror: 'v3',
        eligible: 1,
        notSampled: 0,
        sent: 0,
        answered: 0,
        timedOut: 0,
        failed: 0,
        dropped: { breaker: 1 },
        statuses: [0, 0, 0, 0, 0],
        pending: 0,
        inFlight: 0,
      },
    ]);
  });

  it('count answers by the class of their status', () => {
    const cells = new MirrorCells();
    const cell = cells.cellOf({ route: 'r', rule: '', mirror: 'v3' });
    for (const status of [200, 204, 302, 404, 599]) {
      cells.eligible(cell);
      cells.sent(cell);
      cells.answered(cell, status);
    }
    expect(cells.takeDelta().cells[0]!.statuses).toEqual([0, 2, 1, 1, 1]);
  });
});

/** Takes the step only where the life of a copy allows it. */
function apply(
  cells: MirrorCells,
  cell: number,
  account: Account,
  one: { kind: string; reason?: (typeof MIRROR_DROP_REASONS)[number]; status?: number },
): void {
  const isWaiting = account.pending > 0;
  const isUnderWay = account.inFlight > 0;
  if (one.kind === 'eligible') cells.eligible(cell);
  else if (one.kind === 'notSampled' && isWaiting) cells.notSampled(cell);
  else if (one.kind === 'dropped' && isWaiting) cells.dropped(cell, one.reason!);
  else if (one.kind === 'sent' && isWaiting) cells.sent(cell);
  else if (one.kind === 'answered' && isUnderWay) cells.answered(cell, one.status!);
  else if (one.kind === 'timedOut' && isUnderWay) cells.timedOut(cell);
  else if (one.kind === 'failed' && isUnderWay) cells.failed(cell);
}
