import type { BodyReader } from '../body/body-reads.ts';
import { type BodyReading, TOO_LARGE } from '../body/reading.ts';
import type { RequestView } from '../request-view.ts';
import type { Condition } from './condition.ts';
import type { ValueMatcher } from './value-matcher.ts';

export interface BodyConditionParts {
  readonly reader: BodyReader;
  readonly matcher: ValueMatcher;
  /** A larger body is not looked at: the route's maxMatchBody. */
  readonly maxBytes: number;
}

/** `body:`. A value in the body; unknown while the body cannot be read for sure. */
export function bodyCondition({ reader, matcher, maxBytes }: BodyConditionParts): Condition {
  return {
    text: `body ${reader.text} ${matcher.text}`,
    cost: 3,
    headerNames: [],
    test: (trial) => {
      const reading = readBody(reader, trial.request, maxBytes);
      if (reading === 'unread') return 'unread';
      if (reading.kind === 'unreadable') {
        trial.decision.unknown |= reading.bit;
        return 'unknown';
      }
      return matcher.test(reading.kind === 'found' ? reading.text : undefined) ? 'true' : 'false';
    },
    seen: (trial) => {
      const reading = readBody(reader, trial.request, maxBytes);
      return reading === 'unread' || reading.kind !== 'found' ? null : reading.text;
    },
    parts: [],
  };
}

/** What `reader` finds in the body of this request, if that may be looked at. */
export function readBody(reader: BodyReader, { body }: RequestView, maxBytes: number): BodyReading | 'unread' {
  if (body === 'unread') return 'unread';
  return body === null || body.bytes.length > maxBytes ? TOO_LARGE : reader.read(body);
}
