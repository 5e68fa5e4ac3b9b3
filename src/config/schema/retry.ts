import type { RetryConfig } from '../model.ts';
import { methodName } from './names.ts';
import { problem } from './problem.ts';
import { durationMs, filledText, scalar, wholeNumber } from './scalars.ts';
import { oneOrMore, section } from './shape.ts';

/** RFC 9110 9.2.2: asking twice means the same as asking once. */
const IDEMPOTENT_METHODS = ['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'TRACE'];
const MAX_ATTEMPTS = 10;

const occasion = scalar(
  {
    anyOf: [
      { enum: ['connect-failure', 'reset-before-response'] },
      { type: ['string', 'integer'], pattern: '^[45]\\d\\d$' },
    ],
  },
  (written) => {
    if (written === 'connect-failure' || written === 'reset-before-response' || /^[45]\d\d$/.test(written))
      return { value: written };
    const hint = 'write connect-failure, reset-before-response, or a status from 400 to 599';
    return { refused: problem('bad-value', `"${written}" is nothing to retry on`, hint) };
  },
);

/** Further tries of a request that failed before the client got a byte of an answer. */
export const retry = section('retry', {
  attempts: wholeNumber(1, MAX_ATTEMPTS).prefault('1').describe('Tries after the first.'),
  on: oneOrMore(occasion)
    .prefault(['connect-failure', 'reset-before-response'])
    .describe('connect-failure (any method), reset-before-response, or a status, as "503".'),
  methods: oneOrMore(methodName)
    .prefault(IDEMPOTENT_METHODS)
    .describe('Methods that may be sent twice; their bodies are held, at most 64 KiB.'),
  perTry: durationMs().optional().describe('How long one try may take to begin its answer. Off unless written.'),
  to: filledText.optional().describe('The version that gets the further tries. Default: the same one.'),
}).transform(
  ({ attempts, on, methods, perTry, to }): RetryConfig => ({
    attempts,
    on,
    methods,
    perTryMs: perTry ?? null,
    to: to ?? null,
  }),
);
