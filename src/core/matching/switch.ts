import type { Condition } from './condition.ts';
import type { Truth } from './truth.ts';

/** `switch:`. Holds while the named switch is on; flipping a switch makes a new snapshot. */
export function switchCondition(name: string, isOn: boolean): Condition {
  const result: Truth = isOn ? 'true' : 'false';
  const shown = isOn ? 'on' : 'off';
  return { text: `switch ${name}`, cost: 0, headerNames: [], test: () => result, seen: () => shown, parts: [] };
}
