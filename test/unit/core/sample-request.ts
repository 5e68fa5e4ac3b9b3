import type { Condition, Trial } from '../../../src/core/matching/condition.ts';
import type { Truth } from '../../../src/core/matching/truth.ts';
import type { RandomSource } from '../../../src/core/ports.ts';
import type { RequestView } from '../../../src/core/request-view.ts';
import { newDecision } from '../../../src/core/splitting/decision.ts';

export interface SampleRequest extends Partial<Omit<RequestView, 'header' | 'firstHeader'>> {
  /** By lower-case name, values as byte strings; several lines as a list. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
}

/** A request as the wire would show it. */
export function sampleRequest(sample: SampleRequest = {}): RequestView {
  const { headers = {}, ...rest } = sample;
  const fields = new Map<string, readonly string[]>();
  for (const [name, value] of Object.entries(headers)) fields.set(name, typeof value === 'string' ? [value] : value);
  return {
    method: 'GET',
    host: 'shop.example',
    path: '/',
    query: '',
    clientAddress: '192.0.2.1',
    fromTrustedPeer: false,
    nowMs: 0,
    body: null,
    ...rest,
    header: (name) => fields.get(name)?.join(name === 'cookie' ? '; ' : ', '),
    firstHeader: (name) => fields.get(name)?.[0],
  };
}

/** Draws that repeat in this order; visitor ids visitor-1, visitor-2 ... */
export function drawsOf(...draws: readonly number[]): RandomSource & { drawn: number; minted: number } {
  const source = {
    drawn: 0,
    minted: 0,
    next: () => draws[source.drawn++ % draws.length] ?? 0.5,
    visitorId: () => `visitor-${++source.minted}`,
  };
  return source;
}

/** A repeatable stream of draws (mulberry32). */
export function seededDraws(seed: number): RandomSource {
  let state = seed;
  let minted = 0;
  return {
    next: () => {
      state = (state + 0x6d2b79f5) | 0;
      let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
    },
    visitorId: () => `visitor-${++minted}`,
  };
}

/** A trial outside a decision. `key` undefined: it lies in an unread body. */
export function sampleTrial(
  sample: SampleRequest = {},
  key?: string | null,
  random: RandomSource = drawsOf(0.5),
): Trial {
  const decision = newDecision();
  const isUnread = key === undefined;
  decision.key = key;
  return { request: sampleRequest(sample), random, decision, key: () => (isUnread ? 'unread' : key) };
}

/** A condition of a fixed value that counts how often it was asked. */
export function fixedCondition(truth: Truth, cost: Condition['cost'] = 0): Condition & { asked: number } {
  const condition = {
    asked: 0,
    text: truth,
    cost,
    headerNames: [],
    test: () => {
      condition.asked++;
      return truth;
    },
    seen: () => null,
    parts: [],
  };
  return condition;
}
