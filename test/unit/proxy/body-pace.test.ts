import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BodyPace } from '../../../src/proxy/body-pace.ts';

const GAP_MS = 30_000;

describe('the pace of a body', () => {
  it('allows the longest gap, first and after every octet, while there is credit', () => {
    const pace = new BodyPace();
    expect(pace.begin(1_000, GAP_MS)).toBe(31_000);
    expect(pace.came(1, 20_000, GAP_MS)).toBe(50_000);
  });

  it('ends one octet a gap after ten gaps', () => {
    const pace = new BodyPace();
    let nowMs = 0;
    let deadline = pace.begin(nowMs, GAP_MS);
    while (deadline > nowMs) {
      nowMs += GAP_MS - 1;
      if (nowMs >= deadline) break;
      deadline = pace.came(1, nowMs, GAP_MS);
    }
    expect(nowMs).toBeGreaterThan(9 * GAP_MS);
    expect(nowMs).toBeLessThan(11 * GAP_MS);
  });

  it('never ends a body of 128 octets a second or more, however they are spread within the gaps', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: GAP_MS - 1 }), { maxLength: 100 }), (gaps) => {
        const pace = new BodyPace();
        let nowMs = 0;
        let deadline = pace.begin(nowMs, GAP_MS);
        for (const gap of gaps) {
          nowMs += gap;
          expect(deadline).toBeGreaterThan(nowMs);
          deadline = pace.came(Math.ceil((gap * 128) / 1_000), nowMs, GAP_MS);
        }
      }),
    );
  });

  it('saves up no more than ten gaps from a fast beginning', () => {
    const pace = new BodyPace();
    pace.begin(0, GAP_MS);
    pace.came(1e9, 1_000, GAP_MS);
    expect(pace.came(0, 1_000 + 10 * GAP_MS, GAP_MS)).toBe(1_000 + 10 * GAP_MS);
  });
});
