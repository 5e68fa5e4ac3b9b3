import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Circuit } from '../../../../src/core/resilience/circuit.ts';

const settings = { failures: 3, restMs: 1_000, maxRestMs: 5_000 };

function opened(): Circuit {
  const circuit = new Circuit(settings);
  for (let i = 0; i < 3; i++) circuit.onFailure(0);
  return circuit;
}

describe('circuit', () => {
  test('opens after so many failures in a row', () => {
    const circuit = new Circuit(settings);
    circuit.onFailure(0);
    circuit.onFailure(0);
    circuit.onSuccess();
    circuit.onFailure(0);
    circuit.onFailure(0);
    expect(circuit.mayPass(0)).toBe(true);
    circuit.onFailure(0);
    expect(circuit.mayPass(0)).toBe(false);
    expect(circuit.isOpen).toBe(true);
  });

  test('after the rest one probe passes, and its success lets everything pass', () => {
    const circuit = opened();
    expect(circuit.mayPass(999)).toBe(false);
    expect([circuit.mayPass(1_000), circuit.mayPass(1_000), circuit.mayPass(9_000)]).toEqual([true, false, false]);
    circuit.onSuccess();
    expect([circuit.mayPass(1_001), circuit.mayPass(1_001)]).toEqual([true, true]);
    expect(circuit.isOpen).toBe(false);
  });

  test('each failed probe doubles the rest, up to the longest', () => {
    const circuit = opened();
    let nowMs = 0;
    for (const rest of [1_000, 2_000, 4_000, 5_000, 5_000]) {
      expect(circuit.mayPass(nowMs + rest - 1)).toBe(false);
      nowMs += rest;
      expect(circuit.mayPass(nowMs)).toBe(true);
      circuit.onFailure(nowMs);
    }
  });

  test('a success forgets how long the rests were', () => {
    const circuit = opened();
    circuit.mayPass(1_000);
    circuit.onFailure(1_000);
    circuit.mayPass(3_000);
    circuit.onSuccess();
    for (let i = 0; i < 3; i++) circuit.onFailure(4_000);
    expect(circuit.mayPass(5_000)).toBe(true);
  });

  test('failures that arrive during the rest do not lengthen it', () => {
    const circuit = opened();
    for (let i = 0; i < 10; i++) circuit.onFailure(900);
    expect(circuit.mayPass(1_000)).toBe(true);
  });

  test('an abandoned probe leaves its place to the next', () => {
    const circuit = opened();
    expect(circuit.mayPass(1_000)).toBe(true);
    circuit.onAbandoned();
    expect([circuit.mayPass(1_000), circuit.mayPass(1_000)]).toEqual([true, false]);
  });

  test('abandoning means nothing while it is closed', () => {
    const circuit = new Circuit(settings);
    circuit.onAbandoned();
    expect(circuit.mayPass(0)).toBe(true);
  });

  test('whatever happens, it lets something pass again within the longest rest', () => {
    const event = fc.record({
      kind: fc.constantFrom('pass', 'success', 'failure', 'abandoned'),
      afterMs: fc.nat(3_000),
    });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (events) => {
        const circuit = new Circuit(settings);
        let nowMs = 0;
        let isProbing = false;
        for (const { kind, afterMs } of events) {
          nowMs += afterMs;
          if (kind === 'pass') isProbing = circuit.mayPass(nowMs) && circuit.isOpen ? true : isProbing;
          else isProbing = false;
          if (kind === 'success') circuit.onSuccess();
          if (kind === 'failure') circuit.onFailure(nowMs);
          if (kind === 'abandoned') circuit.onAbandoned();
        }
        if (isProbing) circuit.onAbandoned();
        expect(circuit.mayPass(nowMs + settings.maxRestMs)).toBe(true);
      }),
    );
  });
});
