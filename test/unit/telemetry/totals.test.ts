import { describe, expect, it } from 'vitest';
import { FallbackCells } from '../../../src/telemetry/fallback-cells.ts';
import { MirrorCells } from '../../../src/telemetry/mirror-cells.ts';
import { RequestCells } from '../../../src/telemetry/request-cells.ts';
import { Totals } from '../../../src/telemetry/totals.ts';

/** One worker's cells. */
class Worker {
  readonly requests = new RequestCells();
  readonly mirrors = new MirrorCells();
  readonly fallbacks = new FallbackCells();

  report() {
    return {
      requests: this.requests.takeDelta(),
      mirrors: this.mirrors.takeDelta(),
      fallbacks: this.fallbacks.takeDelta(),
      pools: [{ service: 's', version: 'v1', active: 1, idle: 2, pending: 3 }],
      endpoints: [],
    };
  }
}

const labels = { route: 'r', rule: '', version: 'v1' };

describe('totals', () => {
  it('add up what the workers count and what they have in flight', () => {
    const totals = new Totals();
    const workers = [new Worker(), new Worker()];
    for (let round = 0; round < 3; round++) {
      for (const [id, { requests }] of workers.entries()) {
        const cell = requests.cellOf(labels);
        requests.begin(cell);
        requests.begin(cell);
        requests.end(cell, 1, 1000);
        totals.add(id, workers[id]!.report());
      }
    }
    expect(totals.requests).toEqual([{ ...labels, counts: [0, 6, 0, 0, 0, 0, 0] }]);
    expect(totals.arms[0]).toMatchObject({ route: 'r', version: 'v1', inFlight: 6, durationMicros: 6000 });
    expect(totals.pools()).toEqual([{ service: 's', version: 'v1', active: 2, idle: 4, pending: 6 }]);
  });

  it('keep the counts of a worker that is gone, and drop its gauges', () => {
    const totals = new Totals();
    const [gone, left] = [new Worker(), new Worker()];
    for (const [id, { requests }] of [gone, left].entries()) {
      const cell = requests.cellOf(labels);
      requests.begin(cell);
      requests.begin(cell);
      requests.end(cell, 4, 1000);
      totals.add(id, [gone, left][id]!.report());
    }
    totals.forgetWorker(0);
    expect(totals.requests[0]!.counts[4]).toBe(2);
    expect(totals.arms[0]!.inFlight).toBe(1);
    expect(totals.pools()[0]!.active).toBe(1);
    totals.forgetWorker(0);
    expect(totals.arms[0]!.inFlight).toBe(1);
  });

  it('hold both identities of a mirror when a worker dies with copies under way', () => {
    const totals = new Totals();
    const worker = new Worker();
    const cell = worker.mirrors.cellOf({ route: 'r', rule: '', mirror: 'v3' });
    for (let at = 0; at < 5; at++) worker.mirrors.eligible(cell);
    worker.mirrors.sent(cell);
    worker.mirrors.sent(cell);
    worker.mirrors.answered(cell, 200);
    totals.add(7, worker.report());
    totals.forgetWorker(7);
    expect(totals.mirrors[0]).toMatchObject({ eligible: 5, sent: 2, answered: 1, failed: 1, pending: 0, inFlight: 0 });
    expect(totals.mirrors[0]!.dropped).toEqual({ shutdown: 3 });
  });

  it('show an endpoint as unusable while any worker has set it aside', () => {
    const totals = new Totals();
    const endpoint = { service: 's', version: 'v1', url: 'http://a', usable: true, reason: '' };
    const report = (usable: boolean) => ({
      ...new Worker().report(),
      endpoints: [usable ? endpoint : { ...endpoint, usable, reason: 'ejected' }],
    });
    totals.add(0, report(true));
    totals.add(1, report(false));
    totals.add(2, report(true));
    expect(totals.endpoints()).toEqual([{ ...endpoint, usable: false, reason: 'ejected' }]);
    totals.add(1, report(true));
    expect(totals.endpoints()).toEqual([endpoint]);
  });

  it('count fallbacks by who was meant and who answered', () => {
    const totals = new Totals();
    const worker = new Worker();
    const cell = worker.fallbacks.cellOf({ route: 'r', from: 'v2', to: 'v1' });
    totals.add(0, worker.report());
    expect(totals.fallbacks).toEqual([{ route: 'r', from: 'v2', to: 'v1', count: 0 }]);
    worker.fallbacks.count(cell);
    totals.add(0, worker.report());
    totals.add(0, worker.report());
    expect(totals.fallbacks[0]!.count).toBe(1);
  });
});
