import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { NameAnswer } from '../../../src/core/ports.ts';
import { NameWatch } from '../../../src/proxy/name-watch.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

interface Stage {
  readonly watch: NameWatch;
  readonly changed: string[];
  /** What is answered next; null: nobody does. */
  answer: Partial<NameAnswer> | null;
  asked: number;
}

function setStage(): Stage {
  const changed: string[] = [];
  const resolver = {
    resolve: async (): Promise<NameAnswer> => {
      stage.asked++;
      if (stage.answer === null) throw new Error('SERVFAIL');
      return { addresses: [], ttlMs: 10_000, unanswered: null, ...stage.answer };
    },
  };
  const watch = new NameWatch(resolver, (host) => changed.push(host));
  const stage: Stage = { watch, changed, answer: null, asked: 0 };
  return stage;
}

describe('a name that is watched', () => {
  test('is asked for again when its answer has run out, and told of when it is another', async () => {
    const stage = setStage();
    stage.answer = { addresses: ['10.0.0.2', '10.0.0.1'] };
    await stage.watch.add(['a.test'], 1_000);
    expect(stage.watch.addressesOf('a.test')).toEqual(['10.0.0.1', '10.0.0.2']);
    stage.answer = { addresses: ['10.0.0.1', '10.0.0.2'] };
    await vi.advanceTimersByTimeAsync(9_999);
    expect(stage.asked).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect([stage.asked, stage.changed]).toEqual([2, ['a.test']]);
    stage.answer = { addresses: ['10.0.0.3'] };
    await vi.advanceTimersByTimeAsync(10_000);
    expect([stage.changed, stage.watch.addressesOf('a.test')]).toEqual([['a.test', 'a.test'], ['10.0.0.3']]);
    stage.watch.close();
  });

  test('keeps its last answer while none comes, and is asked for ever more seldom', async () => {
    const stage = setStage();
    stage.answer = { addresses: ['10.0.0.1'] };
    await stage.watch.add(['a.test'], 1_000);
    stage.answer = null;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(stage.watch.addressesOf('a.test')).toEqual(['10.0.0.1']);
    expect(stage.asked).toBeLessThan(10);
    stage.answer = { addresses: ['10.0.0.2'] };
    await vi.advanceTimersByTimeAsync(15_000);
    expect(stage.watch.addressesOf('a.test')).toEqual(['10.0.0.2']);
    stage.watch.close();
  });

  test('keeps the addresses of the kind that nobody answered for', async () => {
    const stage = setStage();
    stage.answer = { addresses: ['10.0.0.1', 'fd00::1'] };
    await stage.watch.add(['a.test'], 1_000);
    stage.answer = { addresses: ['10.0.0.2'], unanswered: 6 };
    await vi.advanceTimersByTimeAsync(10_000);
    expect(stage.watch.addressesOf('a.test')).toEqual(['10.0.0.2', 'fd00::1']);
    stage.watch.close();
  });

  test('is waited for at first, but not for long', async () => {
    const watch = new NameWatch({ resolve: () => new Promise(() => {}) }, () => {});
    const added = watch.add(['a.test'], 1_000);
    await vi.advanceTimersByTimeAsync(1_000);
    await added;
    expect(watch.addressesOf('a.test')).toBeNull();
    watch.close();
  });

  test('is left alone once nobody wants it', async () => {
    const stage = setStage();
    stage.answer = { addresses: ['10.0.0.1'] };
    await stage.watch.add(['a.test', 'b.test'], 1_000);
    stage.watch.keep(new Set(['b.test']));
    await vi.advanceTimersByTimeAsync(10_000);
    expect([stage.asked, stage.watch.addressesOf('a.test')]).toEqual([3, null]);
    stage.watch.close();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(stage.asked).toBe(3);
  });
});
