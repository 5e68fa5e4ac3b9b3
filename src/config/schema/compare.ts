import { z } from 'zod';
import { parseFieldPattern } from '../../core/comparing/field-name.ts';
import type { CompareConfig } from '../model.ts';
import { headerName } from './names.ts';
import { problem } from './problem.ts';
import { filledText, flag, scalar, sizeBytes } from './scalars.ts';
import { oneOrMore, refuse, section } from './shape.ts';

const fieldPattern = scalar({ type: 'string' }, (written) => {
  if (parseFieldPattern(written) !== null) return { value: written };
  return {
    refused: problem(
      'bad-answer-field',
      `"${written}" names no field of an answer`,
      'write /a/*/b, header:NAME, status or body',
    ),
  };
});

/** One comparison is never interrupted: more than this would be felt by requests. */
const MAX_ANSWER_BYTES = 1_048_576;

const answerBytes = sizeBytes(0).transform((bytes, context) => {
  if (bytes <= MAX_ANSWER_BYTES) return bytes;
  return refuse(context, problem('bad-size', 'answers of so many bytes cannot be compared', 'at most 1MiB'));
});

const settings = section('compare', {
  ignore: z
    .array(fieldPattern)
    .optional()
    .describe('Not compared: status, body, header:NAME, or JSON pointers with * for any step.'),
  headers: oneOrMore(headerName)
    .optional()
    .describe('The only headers compared. Default: all but those that always differ.'),
  baseline: filledText.optional().describe('A version that gets a second copy: what differs there, too, is noise.'),
  maxBody: answerBytes.prefault('64KiB').describe('Answers with a larger body are not compared.'),
}).transform(
  (given): CompareConfig => ({
    ignore: given.ignore ?? [],
    headers: given.headers ?? null,
    baseline: given.baseline ?? null,
    maxAnswerBytes: given.maxBody,
  }),
);

/** What `compare: true` stands for. */
const DEFAULTS: CompareConfig = { ignore: [], headers: null, baseline: null, maxAnswerBytes: 65_536 };

/** `true`, `false`, or how the answers are compared; null: not at all. */
export const compare = z
  .union([flag, settings])
  .transform((given): CompareConfig | null => (typeof given === 'boolean' ? (given ? DEFAULTS : null) : given));
