import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HeldBody, MAX_HELD_BYTES } from '../../../src/proxy/held-body.ts';

const piece = (length: number): Buffer => Buffer.alloc(length, 120);

function sent(held: HeldBody): string {
  return Buffer.concat(held.takeUnsent()).toString();
}

describe('a body that may be sent twice', () => {
  test('comes whole again after each rewind, whatever was held, sent or passed by in between', () => {
    const step = fc.oneof(fc.constantFrom('take', 'rewind'), fc.string({ maxLength: 20 }));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const held = new HeldBody();
        held.begin(true);
        let whole = '';
        let isConnected = false;
        let got = '';
        for (const one of steps) {
          if (one === 'take') {
            got += sent(held);
            isConnected = true;
          } else if (one === 'rewind') {
            held.rewind();
            isConnected = false;
            got = '';
          } else {
            const bytes = Buffer.from(one);
            whole += one;
            if (isConnected) {
              held.pass(bytes, 0, bytes.length);
              got += one;
            } else {
              held.add(bytes, 0, bytes.length);
            }
          }
        }
        if (!isConnected) got += sent(held);
        expect(got).toBe(whole);
        expect(held.isWhole).toBe(true);
      }),
    );
  });

  test('is let go once it is larger than what may be held', () => {
    const held = new HeldBody();
    held.begin(true);
    held.pass(piece(MAX_HELD_BYTES), 0, MAX_HELD_BYTES);
    expect(held.isWhole).toBe(true);
    held.pass(piece(1), 0, 1);
    expect([held.isWhole, held.bytes]).toEqual([false, 0]);
  });

  test('is the request after the next one no more', () => {
    const held = new HeldBody();
    held.begin(true);
    held.add(piece(9), 0, 9);
    held.begin(true);
    expect([held.bytes, held.takeUnsent()]).toEqual([0, []]);
  });
});

describe('a body that is sent once', () => {
  test('is held only until it can be sent', () => {
    const held = new HeldBody();
    held.begin(false);
    held.add(Buffer.from('hello'), 0, 5);
    expect(held.isWhole).toBe(true);
    expect(sent(held)).toBe('hello');
    expect([held.bytes, held.isWhole]).toEqual([0, false]);
    held.pass(Buffer.from(' world'), 0, 6);
    expect([held.bytes, held.isWhole]).toEqual([0, false]);
  });

  test('is full at the limit, so that its client can be paused', () => {
    const held = new HeldBody();
    held.begin(false);
    held.add(piece(MAX_HELD_BYTES - 1), 0, MAX_HELD_BYTES - 1);
    expect(held.isFull).toBe(false);
    held.add(piece(1), 0, 1);
    expect(held.isFull).toBe(true);
  });
});
